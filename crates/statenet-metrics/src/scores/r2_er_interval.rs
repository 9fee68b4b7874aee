//! Interval of r2_ER: the true values under which an estimate such as the one found is not extreme, in closed form.
//!
//! In units of the noise variance of the PSTH, s^2 = NP / R, with m - 1 = sum_b (T_b - 1) and q the estimate found:
//!
//! ```text
//! N ~ k chi2(1, L q0 / k)             part of the PSTH's sum of squares along the rate
//! E ~ f chi2(v, L (1 - q0) / f)       the rest of it;  v = (m - 1) / f - 1
//! S ~ chi2(w) / w                     the estimate of s^2;  w = (m - 1)(R - 1) / f
//! estimate >= q   iff   (1 - q) N - q E + (q (m - 1) - 1) S >= 0
//! ```
//!
//! q0 is the true value, L = (m - 1) SP / s^2 the strength of the signal. The left side of the last line is a weighted sum of
//! chi-squares, whose tail is computed by the saddlepoint formula of Lugannani and Rice (1980). The ends of the interval are the q0 where
//! the two tails have probability (1 - confidence) / 2: the idea of the estimate-centered credible interval (ECCI) of Pospisil
//! and Bair (2021), which finds them by simulation. Like theirs it averages over what is not known of L, here by quadrature.
//!
//! The paper's stimuli are independent and their noise is alike: f = k = 1. Noise of neighbouring bins is not independent, and that of spike
//! counts grows with the rate. With rho_n and rho_p the autocorrelations of noise and of rate, v the noise variance of a bin and p the rate
//! less its mean,
//!
//! ```text
//! f = sum_lag rho_n(lag)^2 mean(v^2) / mean(v)^2            k = sum_lag rho_n(lag) rho_p(lag) sum(p^2 v) / (sum(p^2) mean(v))
//! ```
//!
//! so that the sums of squares have the variance that they have for a Gaussian noise with this autocorrelation and these variances.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use crate::{
    error::{Error, Result},
    moments::{centred, dot, mean},
    observation::Observation,
    resampling::ConfidenceInterval,
    responses::StimulusRecorded,
    scores::{Neuron, per_neuron, r2_er},
    undefined::Undefined,
};

/// Longest lag of the autocorrelations, in bins.
const MAX_LAG: usize = 60;
/// Nodes and weights of the Gauss-Hermite quadrature of order 5 for a standard normal variable.
const NODES: [(f64, f64); 5] = [
    (-2.856_970_013_872_806, 0.011_257_411_327_720_69),
    (-1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (0.0, 0.533_333_333_333_333_3),
    (1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (2.856_970_013_872_806, 0.011_257_411_327_720_69),
];

/// Interval of [`r2_er`](crate::scores::r2_er) of each neuron, within [0, 1], with a confidence above 0 and below 1.
///
/// Of a single neuron with these stimuli: it covers the noise of the responses, not other stimuli. It assumes noise that is Gaussian and
/// independent between repeats; its variance in each bin, and the time over which it is correlated (to 60 bins), are estimated. The
/// whole range [0, 1] says that the data cannot tell. An estimate outside [0, 1] can be outside its interval.
///
/// Coverage of simulated 95 % intervals with Gaussian noise (`tests/score_simulations.rs`): 93 to 98 % at true values between, 97 to 98 % at 0 and
/// 1, where one end cannot miss; for white and for smoothed noise, SNR .1 to 2, 3 to 20 repeats, 100 to 800 bins. Of Poisson counts whose rate
/// varies by 70 % of its mean (SNR .1 to 10, 2 to 20 repeats, 200 to 1,200 bins) it covers 93 to 98 %, most at SNR .1, where its upper end is
/// often 1.
///
/// # Errors
/// [`Error::OutOfRange`] for the confidence, else as [`r2_er`](crate::scores::r2_er).
///
/// # Examples
/// ```
/// use ndarray::{Array2, Array3};
/// use statenet_core::{ResponseMask, Seed};
/// use statenet_metrics::{Observation, scores};
///
/// let mut noise = Seed::new(0).stream("noise");
/// let rate = Array2::from_shape_fn((1, 362), |(_, t)| (0.1 * t as f64).sin());
/// let responses = Array3::from_shape_fn((1, 4, 362), |(_, _, t)| rate[[0, t]] + noise.normal());
/// let mask = ResponseMask::all(1, 4, 362);
/// let interval = scores::r2_er_interval(&[Observation::new(rate.view(), responses.view(), &mask)?], 0.95)?[0]?;
/// assert!(interval.lower > 0.8 && interval.upper == 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn r2_er_interval(
    observations: &[Observation<'_>],
    confidence: f64,
) -> Result<Vec<Result<ConfidenceInterval, Undefined>>> {
    check_confidence(confidence)?;
    per_neuron(observations, |neuron| of_neuron(&Neuron::of(observations, neuron)?, confidence))
}

/// Returns an error unless the confidence is above 0 and below 1.
pub(crate) fn check_confidence(confidence: f64) -> Result<()> {
    if confidence > 0.0 && confidence < 1.0 {
        return Ok(());
    }
    Err(Error::OutOfRange { option: "confidence", got: confidence, expected: "above 0 and below 1" })
}

/// The interval of one neuron.
pub(crate) fn of_neuron(neuron: &Neuron, confidence: f64) -> Result<ConfidenceInterval, Undefined> {
    let estimate = r2_er::of_neuron(neuron)?;
    let interval = |[lower, upper]: [f64; 2]| ConfidenceInterval { lower, upper, confidence };
    let Some(design) = Design::of(neuron)? else {
        // Without noise the estimate is the true value.
        return Ok(interval([estimate.clamp(0.0, 1.0); 2]));
    };
    let tail = (1.0 - confidence) / 2.0;
    let above = |truth: f64| design.above(estimate, truth);
    // Both tails are monotone in the true value: the probability of a larger estimate grows with it.
    Ok(interval([crossing(|truth| above(truth) - tail), crossing(|truth| above(truth) - (1.0 - tail))]))
}

/// Where an increasing function on [0, 1] is 0; the nearer end if it is 0 nowhere.
fn crossing(f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    if f(low) >= 0.0 {
        return low;
    }
    if f(high) <= 0.0 {
        return high;
    }
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if f(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The sizes that the distribution of the estimate depends on.
#[derive(Clone, Copy, Debug)]
struct Design {
    /// m - 1.
    dof: f64,
    /// Degrees of freedom w of the noise estimate.
    noise_dof: f64,
    /// Strength L of the signal.
    strength: f64,
    /// f and k: how much the noise's autocorrelation widens sums of squares, and the sum along the rate.
    spread: f64,
    along_rate: f64,
}

impl Design {
    /// `None` if the noise power is not above 0.
    fn of(neuron: &Neuron) -> Result<Option<Self>, Undefined> {
        let powers = neuron.recorded().powers()?;
        let signal_power = powers.positive_signal()?;
        let (mut dof, mut over_repeats, mut noise_dof) = (0.0, 0.0, 0.0);
        let mut lags = Lags::default();
        for (stimulus, rate) in neuron.stimuli().filter(|(stimulus, _)| stimulus.powers.is_some()) {
            let (n, r) = (stimulus.psth.n_bins() as f64 - 1.0, mean(&stimulus.counts_of_repeats()));
            dof += n;
            over_repeats += n / r;
            noise_dof += n * (r - 1.0);
            lags.add(stimulus, rate);
        }
        // Noise variance of the PSTH, s^2.
        let variance = powers.noise * over_repeats / dof;
        if variance <= 0.0 || noise_dof <= 0.0 {
            return Ok(None);
        }
        let (spread, along_rate) = lags.spread();
        let noise_dof = noise_dof / spread;
        Ok(Some(Self { dof, noise_dof, strength: dof * signal_power / variance, spread, along_rate }))
    }

    /// The probability of an estimate of `found` or more, if the true value is `truth`.
    fn above(&self, found: f64, truth: f64) -> f64 {
        // The strength was estimated, as the sum of squares in units of s^2, with this standard error.
        let m = self.dof;
        let variance = self.spread * (2.0 * m + 4.0 * self.strength)
            + 2.0 * (m + self.strength).powi(2) / self.noise_dof;
        let se = variance.sqrt();
        NODES
            .iter()
            .map(|&(z, weight)| {
                // An estimate near 0 says little of a true strength that cannot be negative.
                let strength = (self.strength + z * se).max(0.05 * self.strength);
                weight * self.with_strength(strength).tail(found, truth)
            })
            .sum()
    }

    fn with_strength(self, strength: f64) -> Self {
        Self { strength, ..self }
    }

    fn tail(&self, found: f64, truth: f64) -> f64 {
        let rest = (self.dof / self.spread - 1.0).max(1.0);
        WeightedChiSquares([
            Term::new((1.0 - found) * self.along_rate, 1.0, self.strength * truth / self.along_rate),
            Term::new(-found * self.spread, rest, self.strength * (1.0 - truth) / self.spread),
            Term::new((found * self.dof - 1.0) / self.noise_dof, self.noise_dof, 0.0),
        ])
        .above_zero()
    }
}

/// weight times a chi-square with `dof` degrees of freedom and a noncentrality.
#[derive(Clone, Copy, Debug)]
struct Term {
    weight: f64,
    dof: f64,
    noncentrality: f64,
}

impl Term {
    fn new(weight: f64, dof: f64, noncentrality: f64) -> Self {
        Self { weight, dof, noncentrality }
    }
}

/// A sum of independent chi-squares with weights of both signs.
#[derive(Clone, Copy, Debug)]
struct WeightedChiSquares([Term; 3]);

impl WeightedChiSquares {
    /// The cumulant generating function and its first three derivatives.
    fn cumulants(&self, s: f64) -> [f64; 4] {
        let mut k = [0.0; 4];
        for &Term { weight: a, dof: v, noncentrality: l } in &self.0 {
            let d = 1.0 - 2.0 * a * s;
            k[0] += l * a * s / d - 0.5 * v * d.ln();
            k[1] += a * (l / (d * d) + v / d);
            k[2] += 2.0 * a * a * (2.0 * l / d.powi(3) + v / (d * d));
            k[3] += 8.0 * a.powi(3) * (3.0 * l / d.powi(4) + v / d.powi(3));
        }
        k
    }

    /// The probability that the sum is above 0, by the formula of Lugannani and Rice.
    fn above_zero(&self) -> f64 {
        let ends = |sign: f64| {
            let largest = self.0.iter().map(|term| sign * term.weight).fold(0.0, f64::max);
            sign * 0.5 / largest // infinite if no weight has this sign
        };
        let (low, high) = (ends(-1.0), ends(1.0));
        if !low.is_finite() {
            return 1.0;
        }
        if !high.is_finite() {
            return 0.0;
        }
        // K' increases from minus to plus infinity between the ends.
        let (mut below, mut above) = (low, high);
        for _ in 0..80 {
            let s = 0.5 * (below + above);
            if self.cumulants(s)[1] < 0.0 { below = s } else { above = s }
        }
        let s = 0.5 * (below + above);
        let [k, _, k2, _] = self.cumulants(s);
        let Ok(normal) = Normal::new(0.0, 1.0) else {
            return f64::NAN; // a standard normal exists
        };
        let w = s.signum() * (-2.0 * k).max(0.0).sqrt();
        let v = s * k2.sqrt();
        if w.abs() < 1e-4 || v.abs() < 1e-4 {
            // The limit at the mean.
            let [_, _, k2, k3] = self.cumulants(0.0);
            return 0.5 - k3 / (6.0 * (2.0 * std::f64::consts::PI).sqrt() * k2.powf(1.5)) - normal.cdf(w)
                + 0.5;
        }
        (1.0 - normal.cdf(w) + normal.pdf(w) * (1.0 / v - 1.0 / w)).clamp(0.0, 1.0)
    }
}

/// Sums for the autocorrelations of noise and rate, and for the variance of the noise.
#[derive(Clone, Debug, Default)]
struct Lags {
    noise: Vec<f64>,
    rate: Vec<f64>,
    /// Number of products in `noise[0]`.
    n: f64,
    variances: Variances,
}

/// Sums over bins of the noise variance v of a bin, which is estimated from its repeats, and of the rate p less its mean.
#[derive(Clone, Copy, Debug, Default)]
struct Variances {
    n: f64,
    v: f64,
    /// v^2, without the part that is due to the error of v.
    vv: f64,
    /// p^2 of the same bins.
    pp: f64,
    ppv: f64,
}

impl Variances {
    fn add(&mut self, stimulus: &StimulusRecorded, residual_squares: &[f64], rate: &[f64]) {
        for ((squares, n), p) in residual_squares.iter().zip(stimulus.counts_of_repeats()).zip(rate) {
            if n > 1.0 {
                let v = squares / (n - 1.0);
                self.n += 1.0;
                self.v += v;
                // The square of a variance from n Gaussian numbers is too large by (n + 1) / (n - 1).
                self.vv += v * v * (n - 1.0) / (n + 1.0);
                self.pp += p * p;
                self.ppv += p * p * v;
            }
        }
    }

    /// mean(v^2) / mean(v)^2 and sum(p^2 v) / (sum(p^2) mean(v)), each 1 where all bins are alike.
    fn unevenness(&self) -> (f64, f64) {
        let mean = self.v / self.n;
        let (squares, along_rate) = (self.vv / self.n / (mean * mean), self.ppv / (self.pp * mean));
        if squares.is_finite() && along_rate.is_finite() {
            (squares.max(1.0), along_rate)
        } else {
            (1.0, 1.0)
        }
    }
}

impl Lags {
    fn add(&mut self, stimulus: &StimulusRecorded, rate: &[f64]) {
        let n_lags = MAX_LAG.min(rate.len() / 4) + 1;
        for sums in [&mut self.noise, &mut self.rate] {
            if sums.len() < n_lags {
                sums.resize(n_lags, 0.0);
            }
        }
        let psth = stimulus.psth.mean();
        let mut residual_squares = vec![0.0; psth.len()];
        for repeat in 0..stimulus.repeats.n_repeats() {
            let (y, valid) = stimulus.row(repeat);
            let is_valid = |i: usize| valid.as_ref().is_none_or(|valid| valid[i]);
            let residuals: Vec<f64> = y.iter().zip(psth).map(|(y, m)| y - m).collect();
            for (i, sum) in residual_squares.iter_mut().enumerate().filter(|(i, _)| is_valid(*i)) {
                *sum += residuals[i] * residuals[i];
            }
            let offset = (0..y.len()).filter(|&i| is_valid(i)).map(|i| residuals[i]).sum::<f64>()
                / (0..y.len()).filter(|&i| is_valid(i)).count().max(1) as f64;
            let residuals: Vec<f64> =
                (0..y.len()).map(|i| if is_valid(i) { residuals[i] - offset } else { 0.0 }).collect();
            self.n += residuals.len() as f64;
            add_products(&residuals, &mut self.noise[..n_lags]);
        }
        let rate = centred(rate);
        self.variances.add(stimulus, &residual_squares, &rate);
        add_products(&rate, &mut self.rate[..n_lags]);
    }

    /// f and k.
    fn spread(&self) -> (f64, f64) {
        let (Some(&noise), Some(&rate)) = (self.noise.first(), self.rate.first()) else {
            return (1.0, 1.0);
        };
        if noise <= 0.0 || rate <= 0.0 {
            return (1.0, 1.0);
        }
        let (mut spread, mut along_rate) = (1.0, 1.0);
        for (n, p) in self.noise.iter().zip(&self.rate).skip(1) {
            let (n, p) = (n / noise, p / rate);
            // The square of an estimated correlation of 0 is 1 / n on average.
            spread += 2.0 * (n * n - 1.0 / self.n);
            along_rate += 2.0 * n * p;
        }
        let (squares, variance_along_rate) = self.variances.unevenness();
        (f64::max(spread, 1.0) * squares, f64::max(along_rate * variance_along_rate, 0.1))
    }
}

/// Adds sum_t x(t) x(t + lag) for each lag.
fn add_products(x: &[f64], sums: &mut [f64]) {
    for (lag, sum) in sums.iter_mut().enumerate() {
        *sum += dot(&x[..x.len() - lag], &x[lag..]);
    }
}
