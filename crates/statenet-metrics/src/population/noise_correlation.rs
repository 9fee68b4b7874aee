//! Noise correlations.
//!
//! ```text
//! d_i[b,r,t] = y_i[b,r,t] - mean over r of y_i[b,r,t]            repeats r in which both neurons have bin t
//! r_noise(i, j) = sum d_i d_j / sqrt(sum d_i^2 sum d_j^2)         over all b, r, t
//! ```

use ndarray::Axis;

use crate::{
    error::{Error, Result},
    moments::{centred, dot},
    observation::{Recorded, n_neurons},
    population::PairScores,
    undefined::{Score, Source, Undefined, finite},
};

/// Correlation of the deviations of two neurons from their means over repeats, for every pair recorded simultaneously.
///
/// The deviation is taken bin by bin (Cohen & Kohn 2011), so that fluctuations slower than a bin count, also those that last for
/// a whole repeat. Its time scale is that of a bin: sum responses over longer bins for spike count correlations. Bins with
/// much noise weigh more than others; no deviation is scaled by the bin's own.
///
/// - `sites`: one entry per neuron; neurons of one site were recorded simultaneously, so that the r-th repeats of both are the same
///   presentation. Other pairs are undefined ([`Undefined::NotSimultaneous`]).
/// - Bias: towards 0, -r (1 - r^2) / (2 n) for n independent deviations. Drift over the session that both neurons have raises
///   it: it is a correlation between repeats like any other.
/// - Between -1 and 1. Undefined if there is no bin of which both have two repeats, or if one does not vary.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus, the stimuli differ in N, or `sites` has another length.
///
/// # Examples
/// ```
/// use ndarray::arr3;
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Recorded, population};
///
/// // The rates differ from bin to bin, the deviations have opposite signs.
/// let y = arr3(&[[[1., 7.], [3., 5.]], [[9., 1.], [7., 3.]]]);
/// let mask = ResponseMask::all(2, 2, 2);
/// let pairs = population::noise_correlation(&[Recorded::new(y.view(), &mask)?], &["a", "a"])?;
/// assert!(pairs.pair(0, 1).is_some_and(|r| r.is_ok_and(|r| (r + 1.0).abs() < 1e-12)));
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn noise_correlation<S: PartialEq + Sync>(recorded: &[Recorded<'_>], sites: &[S]) -> Result<PairScores> {
    let n = n_neurons(recorded)?;
    if sites.len() != n {
        return Err(Error::Count { list: "sites", got: sites.len(), expected: n, per: "neuron" });
    }
    let complete: Vec<Complete> = recorded.iter().map(Complete::of).collect();
    Ok(PairScores::of(n, |i, j| {
        if sites[i] != sites[j] {
            return Err(Undefined::NotSimultaneous);
        }
        let mut sums = Sums::default();
        for (stimulus, complete) in recorded.iter().zip(&complete) {
            match (&complete.deviations[i], &complete.deviations[j]) {
                (Some(a), Some(b)) => sums.add(a, b, complete.n_repeats, complete.n_bins),
                _ => sums.add_joint(stimulus, i, j)?,
            }
        }
        sums.correlation()
    }))
}

/// Deviations of the neurons that have all repeats and bins of a stimulus, `(R T)`.
struct Complete {
    deviations: Vec<Option<Vec<f64>>>,
    n_repeats: usize,
    n_bins: usize,
}

impl Complete {
    fn of(stimulus: &Recorded<'_>) -> Self {
        let (n, n_repeats, n_bins) = stimulus.responses().dim();
        let of_neuron = |neuron: usize| {
            let responses = stimulus.responses().index_axis_move(Axis(0), neuron);
            let is_complete = stimulus.mask().view().index_axis(Axis(0), neuron).iter().all(|&v| v);
            // Numbers that are not finite are found, and named, in the joint way.
            if !is_complete || !responses.iter().all(|y| y.is_finite()) {
                return None;
            }
            let mean = responses.mean_axis(Axis(0))?;
            Some((&responses - &mean).into_iter().collect())
        };
        Self { deviations: (0..n).map(of_neuron).collect(), n_repeats, n_bins }
    }
}

/// Sums over the deviations of two neurons.
#[derive(Default)]
struct Sums {
    xx: f64,
    yy: f64,
    xy: f64,
    dof: usize,
    most_repeats: usize,
}

impl Sums {
    /// Adds the deviations of some bins, all of which have this many repeats.
    fn add(&mut self, x: &[f64], y: &[f64], n_repeats: usize, n_bins: usize) {
        self.most_repeats = self.most_repeats.max(n_repeats);
        if n_repeats > 1 {
            self.xx += dot(x, x);
            self.yy += dot(y, y);
            self.xy += dot(x, y);
            self.dof += (n_repeats - 1) * n_bins;
        }
    }

    /// Adds the bins of which both neurons have two repeats or more.
    fn add_joint(&mut self, stimulus: &Recorded<'_>, i: usize, j: usize) -> Result<(), Undefined> {
        let (responses, mask) = (stimulus.responses(), stimulus.mask().view());
        let (_, n_repeats, n_bins) = responses.dim();
        for t in 0..n_bins {
            let joint = (0..n_repeats).filter(|&r| mask[[i, r, t]] && mask[[j, r, t]]);
            let (x, y): (Vec<f64>, Vec<f64>) =
                joint.map(|r| (responses[[i, r, t]], responses[[j, r, t]])).unzip();
            if !x.iter().chain(&y).all(|v| v.is_finite()) {
                return Err(Undefined::NotFinite(Source::Response));
            }
            self.add(&centred(&x), &centred(&y), x.len(), 1);
        }
        Ok(())
    }

    fn correlation(&self) -> Score {
        match (self.dof, self.most_repeats) {
            (0, 0) => return Err(Undefined::NoData),
            (0, repeats) => return Err(Undefined::TooFewRepeats { repeats }),
            _ => {}
        }
        let dof = self.dof as f64;
        for squares in [self.xx, self.yy] {
            // Only exact zeros: deviations of equal numbers are.
            if squares <= 0.0 {
                return Err(Undefined::NoNoise { noise_power: squares / dof });
            }
        }
        finite(self.xy / (self.xx.sqrt() * self.yy.sqrt())).map(|r| r.clamp(-1.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    /// Rates that differ, and noise of which a share is common to all neurons.
    fn simulated(n_repeats: usize, n_bins: usize, shared: f64, seed: u64) -> Array3<f64> {
        let mut stream = Seed::new(seed).stream("noise");
        let common: Vec<f64> = (0..n_repeats * n_bins).map(|_| stream.normal()).collect();
        Array3::from_shape_fn((3, n_repeats, n_bins), |(n, r, t)| {
            let rate = 3.0 * (0.3 * t as f64 + n as f64).sin();
            rate + shared.sqrt() * common[r * n_bins + t] + (1.0 - shared).sqrt() * stream.normal()
        })
    }

    #[test]
    fn shared_noise_is_found_whatever_the_rates() {
        for shared in [0.0, 0.4] {
            let (n_draws, mut sum) = (100, 0.0);
            for seed in 0..n_draws {
                let y = simulated(5, 40, shared, seed);
                let mask = ResponseMask::all(3, 5, 40);
                let pairs =
                    noise_correlation(&[Recorded::new(y.view(), &mask).unwrap()], &[0, 0, 0]).unwrap();
                sum += pairs.mean().unwrap();
            }
            // 160 deviations a pair, three pairs, 100 draws: a standard error of .006 at most, and a bias of -.001.
            assert!((sum / n_draws as f64 - shared).abs() < 0.02, "{} for {shared}", sum / n_draws as f64);
        }
    }

    #[test]
    fn only_bins_and_repeats_that_both_have_count() {
        let y = simulated(4, 9, 0.5, 3);
        let mut valid = Array3::from_elem((3, 4, 9), true);
        valid[[1, 3, 4]] = false;
        for t in 0..9 {
            valid[[1, 2, t]] = false;
        }
        let mask = ResponseMask::new(valid.clone());
        let mut dirty = y.clone();
        dirty.iter_mut().zip(&valid).filter(|(_, valid)| !**valid).for_each(|(y, _)| *y = f64::NAN);
        let score = |y: &Array3<f64>, mask: &ResponseMask, pair: (usize, usize)| {
            let pairs = noise_correlation(&[Recorded::new(y.view(), mask).unwrap()], &[0; 3]).unwrap();
            pairs.pair(pair.0, pair.1).unwrap().unwrap()
        };
        assert_eq!(score(&y, &mask, (0, 1)), score(&dirty, &mask, (0, 1)));
        // Neurons that lack nothing have the score that they have among complete ones.
        assert_eq!(score(&y, &mask, (0, 2)), score(&y, &ResponseMask::all(3, 4, 9), (0, 2)));
        // Leaving out the repeat altogether, and the bin of the other, by hand.
        let kept: Vec<(f64, f64)> = (0..9)
            .flat_map(|t| {
                let repeats: Vec<usize> = [0, 1, 3].into_iter().filter(|&r| valid[[1, r, t]]).collect();
                let mean =
                    |n: usize| repeats.iter().map(|&r| y[[n, r, t]]).sum::<f64>() / repeats.len() as f64;
                let means = (mean(0), mean(1));
                let y = &y;
                repeats.clone().into_iter().map(move |r| (y[[0, r, t]] - means.0, y[[1, r, t]] - means.1))
            })
            .collect();
        let sum = |f: fn(&(f64, f64)) -> f64| kept.iter().map(f).sum::<f64>();
        let expected = sum(|d| d.0 * d.1) / (sum(|d| d.0 * d.0) * sum(|d| d.1 * d.1)).sqrt();
        assert!((score(&y, &mask, (0, 1)) - expected).abs() < 1e-12);
    }

    #[test]
    fn reasons_say_what_is_missing() {
        let y = simulated(1, 9, 0.5, 3);
        let mask = ResponseMask::all(3, 1, 9);
        let recorded = [Recorded::new(y.view(), &mask).unwrap()];
        let pairs = noise_correlation(&recorded, &["a", "b", "a"]).unwrap();
        assert_eq!(pairs.pair(0, 1), Some(Err(Undefined::NotSimultaneous)));
        assert_eq!(pairs.pair(0, 2), Some(Err(Undefined::TooFewRepeats { repeats: 1 })));
        let constant = Array3::from_elem((2, 3, 4), 2.0);
        let mask = ResponseMask::all(2, 3, 4);
        let pairs = noise_correlation(&[Recorded::new(constant.view(), &mask).unwrap()], &[0, 0]).unwrap();
        assert_eq!(pairs.pair(0, 1), Some(Err(Undefined::NoNoise { noise_power: 0.0 })));
        let error = noise_correlation(&recorded, &[0]).unwrap_err();
        assert_eq!(error.to_string(), "sites has 1 entries, expected 3, one per neuron");
    }
}
