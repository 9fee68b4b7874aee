//! From spike times to counts in bins.

use ndarray::ArrayViewMut1;
use statenet_core::TimeBin;

use crate::preprocess::Resampling;

/// How spike times become counts.
///
/// The default is bins of 5 ms (of the source, if it has bins already), no shift, and every spike counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Binning {
    /// The width of a bin; `None` for that of the source's own bins or, if it has none, 5 ms.
    pub dt: Option<TimeBin>,
    /// How much later spikes are moved relative to the sound, in ms; negative for earlier. For bins of the source, to the nearest bin.
    pub shift_ms: f64,
    /// Which spikes count.
    pub rule: SpikeRule,
    /// How sounds are brought to a rate at which a bin is a whole number of samples.
    pub resampling: Resampling,
}

/// Which spikes count, and in which bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpikeRule {
    /// Every spike, in the bin that holds it: `floor(t / dt)`.
    #[default]
    Every,
    /// Times are rounded to whole milliseconds, halves to even ones, and at most one spike counts in each: as the NS1 release is used in
    /// publications.
    OnePerMillisecond,
}

impl Binning {
    /// Bins of spikes without bins of their own.
    pub(crate) const DEFAULT_DT: TimeBin = TimeBin::whole_millis::<5>();

    /// Adds one repeat's spikes, in seconds, to `counts`, whose length is the number of bins of width `dt`. Returns where they lie.
    pub(crate) fn count(&self, spikes: &[f64], dt: TimeBin, counts: ArrayViewMut1<'_, f32>) -> Placed {
        match self.rule {
            SpikeRule::Every => {
                let bins = spikes.iter().map(|t| bin_of(1e3 * t + self.shift_ms, dt.ms()));
                add(bins, counts)
            }
            SpikeRule::OnePerMillisecond => {
                let mut ms: Vec<f64> =
                    spikes.iter().map(|t| (1e3 * t + self.shift_ms).round_ties_even()).collect();
                ms.sort_by(f64::total_cmp);
                ms.dedup();
                add(ms.into_iter().map(|ms| bin_of(ms, dt.ms())), counts)
            }
        }
    }
}

/// The bin that holds a time. A time within a billionth of a bin's start is in that bin: times in files are rounded.
pub(super) fn bin_of(ms: f64, dt_ms: f64) -> f64 {
    let bins = ms / dt_ms;
    (bins + 1e-9 * bins.abs().max(1.0)).floor()
}

/// How many spikes lie where in a sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Placed {
    /// In one of its bins.
    pub(super) inside: u64,
    /// In the first hundredth of its bins; none where that is less than one.
    pub(super) early: u64,
    /// Before or after it.
    pub(super) outside: u64,
}

impl std::ops::AddAssign for Placed {
    fn add_assign(&mut self, other: Self) {
        self.inside += other.inside;
        self.early += other.early;
        self.outside += other.outside;
    }
}

/// Adds 1 to each of the bins.
fn add(bins: impl Iterator<Item = f64>, mut counts: ArrayViewMut1<'_, f32>) -> Placed {
    let mut placed = Placed::default();
    let early = counts.len() / 100;
    for bin in bins {
        // Infinite and NaN times are outside.
        let inside = (bin >= 0.0 && bin < counts.len() as f64).then_some(bin as usize);
        match inside.and_then(|bin| Some((bin, counts.get_mut(bin)?))) {
            Some((bin, count)) => {
                *count += 1.0;
                placed.inside += 1;
                placed.early += u64::from(bin < early);
            }
            None => placed.outside += 1,
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;

    use super::*;

    fn counts(binning: Binning, spikes: &[f64]) -> (Vec<f32>, u64) {
        let mut counts = Array1::zeros(4);
        let placed = binning.count(spikes, Binning::DEFAULT_DT, counts.view_mut());
        assert_eq!(placed.inside as f32, counts.sum());
        (counts.to_vec(), placed.outside)
    }

    #[test]
    fn a_spike_is_in_the_bin_that_begins_at_its_time() {
        let spikes = [0.0, 0.005, 0.015, 0.014_999_999_9, 0.02, -0.001, f64::NAN, 1e300];
        assert_eq!(counts(Binning::default(), &spikes), (vec![1.0, 1.0, 1.0, 1.0], 4));
    }

    #[test]
    fn one_per_millisecond_rounds_halves_to_even() {
        let rule = Binning { rule: SpikeRule::OnePerMillisecond, ..Binning::default() };
        // 4.5 is 4, 5.5 is 6, and 1.2 and 0.9 are the same spike.
        assert_eq!(counts(rule, &[0.0045, 0.0055, 0.0012, 0.0009]), (vec![2.0, 1.0, 0.0, 0.0], 0));
    }

    #[test]
    fn a_shift_moves_spikes_later() {
        let shift = Binning { shift_ms: 10.0, ..Binning::default() };
        assert_eq!(counts(shift, &[-0.008, 0.001, 0.012]), (vec![1.0, 0.0, 1.0, 0.0], 1));
    }

    proptest::proptest! {
        #[test]
        fn every_spike_is_counted_or_outside(spikes in proptest::collection::vec(-0.01..0.03f64, 0..50)) {
            let (counts, outside) = counts(Binning::default(), &spikes);
            proptest::prop_assert_eq!(counts.iter().sum::<f32>() as u64 + outside, spikes.len() as u64);
        }
    }
}
