//! Which repeats of a membrane potential are kept.

use super::filters::{correlation, median, running_median};

/// When a repeat is left out: each rule can be changed, or switched off by an infinite threshold.
///
/// The default is that of the published analysis: beyond 150 mV; more than 0.5 % of the samples further than 30 mV from the median, once a
/// running median of 5 ms has removed spikes; a correlation below 0.05 with the median of the other repeats, of three or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RepeatGating {
    /// The largest potential, of either sign, in mV.
    pub most_mv: f64,
    /// The width of the median that removes spikes, in ms.
    pub median_ms: f64,
    /// How far from its median a potential lies rarely, in mV.
    pub far_mv: f64,
    /// The largest fraction of the samples that lie further.
    pub most_far: f64,
    /// The smallest correlation with the median of the other repeats; negative infinity for any.
    pub least_correlation: f64,
    /// How many repeats there must be for correlations to count, three at least.
    pub least_repeats: usize,
}

impl Default for RepeatGating {
    fn default() -> Self {
        Self {
            most_mv: 150.0,
            median_ms: 5.0,
            far_mv: 30.0,
            most_far: 0.005,
            least_correlation: 0.05,
            least_repeats: 3,
        }
    }
}

impl RepeatGating {
    /// Keeps every repeat.
    pub const NONE: Self = Self {
        most_mv: f64::INFINITY,
        median_ms: 5.0,
        far_mv: f64::INFINITY,
        most_far: 1.0,
        least_correlation: f64::NEG_INFINITY,
        least_repeats: usize::MAX,
    };
}

/// One repeat as recorded and as it is used.
pub(super) struct Repeat {
    /// In mV, as recorded.
    pub(super) recorded: Vec<f32>,
    /// In mV, without its slow baseline.
    pub(super) used: Vec<f32>,
}

/// How many repeats were left out by each rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub(super) beyond: usize,
    pub(super) far: usize,
    pub(super) uncorrelated: usize,
}

impl RepeatGating {
    /// The repeats of a stimulus that are kept, in their order. `rate` is in samples per second.
    pub(super) fn keep(&self, repeats: Vec<Repeat>, rate: f64, left_out: &mut LeftOut) -> Vec<Vec<f32>> {
        let half = (0.5e-3 * self.median_ms * rate).round().max(0.0) as usize;
        let mut kept: Vec<Vec<f32>> = Vec::new();
        for repeat in repeats {
            // A missing sample is none that could be trusted.
            let beyond = |&x: &f32| x.is_nan() || f64::from(x).abs() > self.most_mv;
            if self.most_mv.is_finite() && repeat.recorded.iter().any(beyond) {
                left_out.beyond += 1;
            } else if self.is_far(&repeat.recorded, half) {
                left_out.far += 1;
            } else {
                kept.push(repeat.used);
            }
        }
        if kept.len() < self.least_repeats.max(3) {
            return kept;
        }
        let trusted: Vec<bool> = (0..kept.len())
            .map(|index| {
                let others = of_others(&kept, index);
                let one = kept.get(index).map_or(&[][..], Vec::as_slice);
                // A constant repeat has no correlation, and tells nothing.
                correlation(one, &others).unwrap_or(f64::MIN) >= self.least_correlation
            })
            .collect();
        left_out.uncorrelated += trusted.iter().filter(|&&trusted| !trusted).count();
        kept.into_iter().zip(trusted).filter_map(|(repeat, trusted)| trusted.then_some(repeat)).collect()
    }

    fn is_far(&self, recorded: &[f32], half: usize) -> bool {
        if !self.far_mv.is_finite() {
            return false;
        }
        let smooth = running_median(recorded, half);
        let middle = f64::from(median(&smooth));
        let far = smooth.iter().filter(|&&x| (f64::from(x) - middle).abs() > self.far_mv).count();
        far as f64 > self.most_far * smooth.len() as f64
    }
}

/// The median over all repeats but one, sample by sample, as long as the shortest.
fn of_others(repeats: &[Vec<f32>], index: usize) -> Vec<f32> {
    let n = repeats.iter().map(Vec::len).min().unwrap_or(0);
    let others: Vec<&Vec<f32>> =
        repeats.iter().enumerate().filter_map(|(i, repeat)| (i != index).then_some(repeat)).collect();
    (0..n)
        .map(|t| median(&others.iter().filter_map(|repeat| repeat.get(t).copied()).collect::<Vec<_>>()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At 1 kHz; used as recorded.
    fn repeat(values: impl Fn(usize) -> f32) -> Repeat {
        let recorded: Vec<f32> = (0..1000).map(values).collect();
        Repeat { used: recorded.clone(), recorded }
    }

    fn wave(t: usize) -> f32 {
        -70.0 + 5.0 * (t as f32 / 50.0).sin()
    }

    fn kept(gating: &RepeatGating, repeats: Vec<Repeat>) -> (usize, LeftOut) {
        let mut left_out = LeftOut::default();
        (gating.keep(repeats, 1000.0, &mut left_out).len(), left_out)
    }

    #[test]
    fn each_rule_leaves_out_what_it_should() {
        let gating = RepeatGating::default();
        let plain = || repeat(wave);
        // An artefact of one sample; a spike of 2 ms, which stays; a jump of the baseline; one that answers the other way.
        let artefact = repeat(|t| if t == 500 { 151.0 } else { wave(t) });
        let spike = repeat(|t| if t == 500 || t == 501 { 20.0 } else { wave(t) });
        let jump = repeat(|t| if t < 20 { -20.0 } else { wave(t) });
        let inverse = repeat(|t| -140.0 - wave(t));
        let (n, left_out) = kept(&gating, vec![plain(), artefact, spike, jump, plain(), inverse]);
        assert_eq!((n, left_out), (3, LeftOut { beyond: 1, far: 1, uncorrelated: 1 }));
        // Of two, none can be trusted more than the other.
        assert_eq!(kept(&gating, vec![plain(), repeat(|t| -140.0 - wave(t))]).0, 2);
        let all = vec![plain(), plain(), plain(), repeat(|_| 300.0), repeat(|t| -140.0 - wave(t))];
        assert_eq!(kept(&RepeatGating::NONE, all).0, 5);
    }

    #[test]
    fn thresholds_can_be_changed() {
        let jump = || repeat(|t| if t < 20 { -20.0 } else { wave(t) });
        for (gating, n) in [
            (RepeatGating { most_far: 0.05, ..RepeatGating::default() }, 1),
            (RepeatGating { far_mv: 60.0, ..RepeatGating::default() }, 1),
            (RepeatGating { most_mv: 50.0, ..RepeatGating::default() }, 0),
        ] {
            assert_eq!(kept(&gating, vec![jump()]).0, n);
        }
    }
}
