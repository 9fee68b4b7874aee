//! Parts of a list of jobs, for several machines.

use std::{fmt, str::FromStr};

use super::error::SweepError;
use crate::error::Error;

/// Part I of N: every N-th job, from the I-th on, counted from 0. Seeds of one model lie side by side in a plan's jobs, so that shards
/// take about equally long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self { index: 0, count: 1 }
    }
}

impl Shard {
    /// The jobs of this part.
    pub fn of<'a, T>(&self, jobs: &'a [T]) -> impl Iterator<Item = &'a T> + use<'a, T> {
        jobs.iter().skip(self.index).step_by(self.count.max(1))
    }

    /// Whether it is all of the jobs.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.count == 1
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || SweepError::Shard { text: text.to_owned() };
        let (index, count) = text.split_once('/').ok_or_else(wrong)?;
        let index: usize = index.parse().map_err(|_| wrong())?;
        let count: usize = count.parse().map_err(|_| wrong())?;
        if index < count { Ok(Self { index, count }) } else { Err(wrong().into()) }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_is_no_part_is_refused() {
        for text in ["", "1", "4/4", "0/0", "-1/2", "1/2/3", "a/b"] {
            let message = text.parse::<Shard>().unwrap_err().to_string();
            assert!(message.contains("expected I/N") && message.contains(text), "{message}");
        }
    }

    proptest! {
        #[test]
        fn every_job_is_in_one_part(n in 0usize..50, count in 1usize..9) {
            let jobs: Vec<usize> = (0..n).collect();
            let mut all = Vec::new();
            for index in 0..count {
                let shard: Shard = format!("{index}/{count}").parse().unwrap();
                all.extend(shard.of(&jobs).copied());
            }
            all.sort_unstable();
            prop_assert_eq!(all, jobs);
        }
    }
}
