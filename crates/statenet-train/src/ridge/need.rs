//! The memory and multiplications of a ridge regression.

use statenet_core::{Need, TooLarge, available_memory};

use super::{group::n_primal, scored::MOST_HELD, training::Group};

/// What can be changed where memory lacks.
const CHANGE: &str = "use fewer bands, neurons, shorter windows (lags in a config file) or coarser bins, or a machine with more memory";

/// The sizes of a ridge regression.
#[derive(Clone, Debug)]
pub(super) struct Sizes {
    pub(super) n_neurons: usize,
    /// Columns of each window, in increasing order.
    pub(super) windows: Vec<usize>,
    pub(super) n_penalties: usize,
    /// Bins of training stimuli.
    pub(super) n_rows: usize,
    /// Bins of validation stimuli.
    pub(super) n_scored: usize,
    /// Bytes of the validation responses that are scored at once.
    pub(super) scored_bytes: u64,
    /// Training bins whose responses are held at once: all, or those that are read at once.
    pub(super) n_held: usize,
}

impl Sizes {
    fn longest(&self) -> usize {
        self.windows.last().copied().unwrap_or(0)
    }

    /// Columns of the largest window that is solved as it is and, if there is one that is not, of the largest of all.
    fn forms(&self, n_rows: usize) -> (usize, usize) {
        let (primal, dual) = self.windows.split_at(n_primal(&self.windows, n_rows));
        (primal.last().copied().unwrap_or(0), dual.last().copied().unwrap_or(0))
    }

    /// What does not depend on how neurons are grouped: responses, products with them, and the weights and coefficients of every
    /// window.
    pub(super) fn of_neurons(&self) -> Need {
        let Self { n_neurons, n_rows, n_scored, .. } = *self;
        let (primal, _) = self.forms(n_rows);
        let coefficients = self.windows.iter().map(|&columns| columns.min(n_rows)).sum::<usize>();
        Need::of_values(&[n_neurons, self.n_held], 4 + 1)
            .and(Need { bytes: self.scored_bytes, multiplications: 0 })
            .and(Need::of_values(&[n_neurons, n_scored], 8))
            .and(Need::of_values(&[n_neurons, primal + coefficients], 8))
            // The model's weights, those that are handed to it, and a copy while they are.
            .and(Need::of_values(&[n_neurons, self.longest()], 3 * 4))
            .and(Need::of_values(&[n_scored.saturating_mul(self.longest()).min(MOST_HELD)], 8))
            .and(Need::of_multiplications(&[n_rows, n_neurons, primal]))
    }

    /// What a group of neurons takes besides, with as many factors at once.
    fn of_group(&self, n_neurons: usize, n_rows: usize, n_factors: usize) -> Need {
        let (primal, dual) = self.forms(n_rows);
        let n_penalties = self.n_penalties;
        // The moments, those of other rows, and the factors; the moments of scored bins if they are used.
        let scored = usize::from(self.n_scored > primal && 2 * n_neurons * n_penalties > primal);
        let mut need = Need::of_values(&[primal, primal, 1 + n_factors + scored], 8)
            .and(Need::of_values(&[n_neurons, self.n_scored, scored], 8))
            .and(Need::of_multiplications(&[n_rows, primal, primal]))
            .and(Need::of_multiplications(&[n_penalties, primal, primal, primal / 6 + n_neurons]));
        if dual > 0 {
            need = need
                .and(Need::of_values(&[n_rows, n_rows, 1 + n_factors], 8))
                .and(Need::of_values(&[n_rows, self.n_scored], 8))
                .and(Need::of_multiplications(&[n_rows, n_rows / 2 + self.n_scored, dual]))
                .and(Need::of_multiplications(&[n_penalties, n_rows, n_rows, n_rows / 6 + n_neurons]));
        }
        need
    }

    /// All of a fit in which every neuron was recorded in every bin: the least that a fit of these sizes takes.
    pub(super) fn least(&self) -> Need {
        self.of_neurons().and(self.of_group(self.n_neurons, self.n_rows, 1))
    }

    /// What is said of a fit that is too large.
    fn refused(&self, need: Need) -> Result<(), TooLarge> {
        let (_, dual) = self.forms(self.n_rows);
        let form = if dual > 0 { ", in its dual form," } else { "" };
        let what = format!(
            "a ridge regression of {} weights for each of {} neurons on {} training bins{form}",
            self.longest(),
            self.n_neurons,
            self.n_rows
        );
        need.ensure(what, CHANGE)
    }

    /// Refuses what cannot be fitted however neurons are grouped.
    pub(super) fn expect_memory(&self) -> Result<(), TooLarge> {
        self.refused(self.least())
    }

    /// How many groups to fit at once, and how many factors each may hold, on so many threads: as many as there is memory for.
    ///
    /// # Errors
    /// If there is not enough for one of each.
    pub(super) fn plan(&self, groups: &[Group], n_threads: usize) -> Result<(usize, usize), TooLarge> {
        let need = |n_factors: usize| {
            let of = |group: &Group| self.of_group(group.neurons.len(), group.n_rows, n_factors);
            groups.iter().map(of).max_by_key(|need| need.bytes).unwrap_or_default()
        };
        self.refused(need(1))?;
        // Few groups share the threads, many have one each.
        let fits = |need: Need| available_memory().is_none_or(|available| need.bytes <= available / 2);
        if groups.len() < n_threads {
            return Ok((1, (1..=n_threads).rev().find(|&n| fits(need(n))).unwrap_or(1)));
        }
        Ok(((1..=n_threads).rev().find(|&n| fits(need(1).times(n))).unwrap_or(1), 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(n_neurons: usize, columns: usize, n_rows: usize) -> Sizes {
        let windows = vec![columns / 4, columns];
        let (n_scored, scored_bytes) = (n_rows / 5, (8 * n_neurons * n_rows) as u64);
        Sizes { n_neurons, windows, n_penalties: 11, n_rows, n_scored, scored_bytes, n_held: n_rows }
    }

    #[test]
    fn the_need_is_linear_in_neurons_and_quadratic_in_the_smaller_of_bins_and_weights() {
        let one = sizes(1000, 400, 10_000).of_neurons();
        let two = sizes(2000, 400, 10_000).of_neurons();
        assert!(two.bytes < 2 * one.bytes && two.multiplications == 2 * one.multiplications);
        // 41000 weights per neuron on 500 bins: the matrix has 500 rows, not 41000.
        let dual = sizes(20, 41_000, 500).least();
        assert!(dual.bytes < 400_000_000, "{dual}");
        let primal = sizes(20, 41_000, 100_000).least();
        assert!(primal.bytes > 2 * 8 * 41_000 * 41_000, "{primal}");
    }

    #[test]
    fn what_no_machine_has_is_refused_with_sizes_and_numbers() {
        let error = sizes(10, 40_000_000, 50_000_000).expect_memory();
        if cfg!(target_os = "linux") {
            let message = error.unwrap_err().to_string();
            let expected = "a ridge regression of 40000000 weights for each of 10 neurons on 50000000 training bins needs ";
            assert!(message.starts_with(expected), "{message}");
            assert!(message.ends_with(CHANGE), "{message}");
        }
    }

    #[test]
    fn the_number_of_groups_does_not_change_what_is_held_at_once() {
        let sizes = sizes(200, 1360, 9000);
        let group = |n: usize| Group { neurons: vec![n], n_rows: 8000 };
        for n_threads in [1, 2] {
            let plan = |n_groups: usize| {
                sizes.plan(&(0..n_groups).map(group).collect::<Vec<_>>(), n_threads).unwrap()
            };
            assert_eq!(plan(20), plan(200));
            assert_eq!(plan(200), (n_threads, 1));
        }
    }
}
