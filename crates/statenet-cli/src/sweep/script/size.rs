//! How large the shards are: from the estimate.

use super::super::estimate::Estimate;

/// Seconds of work that a shard takes, if the number of shards is free.
const SHARD_SECONDS: f64 = 3600.0;
/// Without an estimate: shards, megabytes of a core, and minutes.
const GUESS: Size = Size { shards: 4, cores: 1, megabytes: 2000, minutes: 240 };
/// Added to twice the estimated minutes.
const MORE_MINUTES: f64 = 5.0;
/// Least memory, and the step in which memory is asked for.
const STEP_MEGABYTES: u64 = 250;

/// The size of each shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) shards: usize,
    pub(super) cores: usize,
    pub(super) megabytes: u64,
    pub(super) minutes: u64,
}

impl Size {
    /// Of shards of so many jobs. Memory is half as much again as the estimate, the time limit twice the estimate.
    pub(super) fn of(
        n_jobs: usize,
        estimate: Option<&Estimate>,
        shards: Option<usize>,
        cores: usize,
        minutes: Option<u64>,
    ) -> Self {
        let most = n_jobs.max(1);
        let guess = Self { cores, megabytes: GUESS.megabytes * cores as u64, ..GUESS };
        let Some(estimate) = estimate else {
            let shards = shards.unwrap_or(guess.shards).min(most);
            return Self { shards, minutes: minutes.unwrap_or(guess.minutes), ..guess };
        };
        let seconds = estimate.seconds_of_work / cores as f64;
        // Saturating: a float beyond the whole numbers is the largest.
        let wanted = (seconds / SHARD_SECONDS).ceil().max(1.0) as usize;
        let shards = shards.unwrap_or(wanted).min(most);
        let limit = (2.0 * seconds / shards as f64 / 60.0 + MORE_MINUTES).ceil() as u64;
        let megabytes = estimate.memory_of(cores).map_or(guess.megabytes, |bytes| {
            (bytes.saturating_mul(3) / 2).div_ceil(1_000_000).next_multiple_of(STEP_MEGABYTES)
        });
        Self { shards, cores, megabytes, minutes: minutes.unwrap_or(limit) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(seconds_of_work: f64) -> Estimate {
        Estimate {
            jobs: 100,
            workers: 2,
            seconds_of_work,
            seconds: seconds_of_work / 2.0,
            memory_bytes: Some(300_000_000),
            memory_bytes_of_a_worker: Some(100_000_000),
            kinds: Vec::new(),
        }
    }

    #[test]
    fn shards_take_about_an_hour_and_have_room() {
        let size = Size::of(100, Some(&estimate(36_000.0)), None, 2, None);
        // 5 hours with two cores; 2 h and 5 minutes; 1.5 times 500 MB.
        assert_eq!(size, Size { shards: 5, cores: 2, megabytes: 750, minutes: 125 });
        assert_eq!(Size::of(100, Some(&estimate(10.0)), None, 1, None).shards, 1);
        assert_eq!(
            Size::of(3, Some(&estimate(1e9)), None, 1, Some(7)),
            Size { shards: 3, cores: 1, megabytes: 750, minutes: 7 }
        );
    }

    #[test]
    fn there_are_never_more_shards_than_jobs() {
        assert_eq!(
            Size::of(2, None, Some(9), 4, None),
            Size { shards: 2, cores: 4, megabytes: 8000, minutes: 240 }
        );
    }
}
