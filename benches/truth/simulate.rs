//! Recordings of simulated neurons whose signal, noise and scores are known.
//!
//! ```text
//! g[t] = a g[t-1] + sqrt(1 - a^2) e[t]                   a = .7: neighbouring bins are alike
//! rate[t] = m exp(s g[t] - s^2 / 2)                       mean m, variance m^2 / 2 over stimuli
//! prediction[t] = m exp(s (q g[t] + sqrt(1 - q^2) h[t]) - s^2 / 2),    h another such series, q = .8
//! ```
//! The mean rate is what gives the signal-to-noise ratio SP / NP of a single repeat its value. Stimuli are drawn anew for every recording.

use ndarray::{Array2, Array3};
use statenet::{
    core::{RandomStream, ResponseMask, Seed},
    metrics::{Observation, Recorded},
};

/// Bins of a stimulus.
pub(crate) const N_BINS: usize = 20;
/// Correlation of neighbouring bins of the series g.
const MEMORY: f64 = 0.7;
/// s^2: the rate's variance is half the square of its mean.
const LOG_VARIANCE: f64 = 0.405_465_108_108_164_4;
/// q: how much of the series g the prediction has.
const SHARED: f64 = 0.8;
/// Variance over the mean of overdispersed counts.
const FANO: f64 = 2.0;
/// Variance of the gain of a repeat, of mean 1.
const GAIN_VARIANCE: f64 = 0.1;

/// The noise of the counts, given the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noise {
    /// Poisson.
    Poisson,
    /// Twice the variance of Poisson counts in every bin, independent between bins.
    Overdispersed,
    /// Poisson, of a rate that is multiplied by a gain of the repeat and stimulus: noise that lasts.
    Gain,
}

impl Noise {
    /// All kinds.
    pub(crate) const ALL: [Self; 3] = [Self::Poisson, Self::Overdispersed, Self::Gain];

    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Poisson => "Poisson",
            Self::Overdispersed => "overdispersed",
            Self::Gain => "gain",
        }
    }

    /// The mean rate at which SP / NP has a value, over many stimuli.
    fn mean_rate(self, snr: f64) -> f64 {
        match self {
            Self::Poisson => 2.0 * snr,
            Self::Overdispersed => 2.0 * snr * FANO,
            // NP = v SP + m, so that SP / NP stays below 1 / v = 10: where 10 is asked for it is 6.7.
            Self::Gain => 2.0 * snr / (1.0 - (GAIN_VARIANCE * snr).min(0.5)),
        }
    }

    fn counts(self, rates: &[f64], stream: &mut RandomStream, counts: &mut [f64]) {
        let gain = match self {
            Self::Gain => gamma(1.0 / GAIN_VARIANCE, stream) * GAIN_VARIANCE,
            _ => 1.0,
        };
        for (count, rate) in counts.iter_mut().zip(rates) {
            let rate = match self {
                Self::Overdispersed => (FANO - 1.0) * gamma(rate / (FANO - 1.0), stream),
                _ => gain * rate,
            };
            *count = f64::from(stream.poisson(rate));
        }
    }
}

/// A number of the Gamma distribution of scale 1 (Marsaglia & Tsang 2000).
fn gamma(shape: f64, stream: &mut RandomStream) -> f64 {
    if shape < 1.0 {
        let power = stream.unit().powf(1.0 / shape.max(1e-12));
        return gamma(shape + 1.0, stream) * power;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = stream.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - stream.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// What is simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    /// Kind of noise.
    pub(crate) noise: Noise,
    /// SP / NP of a single repeat.
    pub(crate) snr: f64,
    /// Repeats of every stimulus.
    pub(crate) n_repeats: usize,
    /// Number of stimuli.
    pub(crate) n_stimuli: usize,
}

impl Cell {
    /// Its name, which is the seed of its numbers too.
    pub(crate) fn name(&self) -> String {
        let Self { noise, snr, n_repeats, n_stimuli } = *self;
        format!("{}, SNR {snr}, {n_repeats} repeats, {n_stimuli} stimuli", noise.name())
    }
}

/// Recordings of one cell: each neuron is one recording.
pub(crate) struct Recordings {
    cell: Cell,
    mean_rate: f64,
    /// The rates of each stimulus, `(N, T)`.
    pub(crate) rates: Vec<Array2<f64>>,
    /// The predictions, `(N, T)`.
    pub(crate) predictions: Vec<Array2<f64>>,
    /// The counts, `(N, R, T)`.
    pub(crate) counts: Vec<Array3<f64>>,
    mask: ResponseMask,
}

impl Recordings {
    /// Draws `n` recordings.
    pub(crate) fn draw(cell: Cell, n: usize, seed: Seed) -> Self {
        let mean_rate = cell.noise.mean_rate(cell.snr);
        let (n_repeats, n_stimuli) = (cell.n_repeats, cell.n_stimuli);
        let empty = || vec![Array2::zeros((n, N_BINS)); n_stimuli];
        let (mut rates, mut predictions) = (empty(), empty());
        let mut counts = vec![Array3::zeros((n, n_repeats, N_BINS)); n_stimuli];
        for neuron in 0..n {
            let stream = &mut seed.stream(&format!("{}/{neuron}", cell.name()));
            for b in 0..n_stimuli {
                let (signal, other) = (series(stream), series(stream));
                let rate: Vec<f64> = signal.iter().map(|g| of_series(mean_rate, *g)).collect();
                for t in 0..N_BINS {
                    rates[b][[neuron, t]] = rate[t];
                    let mixed = SHARED * signal[t] + (1.0 - SHARED * SHARED).sqrt() * other[t];
                    predictions[b][[neuron, t]] = of_series(mean_rate, mixed);
                }
                for r in 0..n_repeats {
                    let mut drawn = [0.0; N_BINS];
                    cell.noise.counts(&rate, stream, &mut drawn);
                    (0..N_BINS).for_each(|t| counts[b][[neuron, r, t]] = drawn[t]);
                }
            }
        }
        let mask = ResponseMask::all(n, n_repeats, N_BINS);
        Self { cell, mean_rate, rates, predictions, counts, mask }
    }

    /// Number of recordings.
    pub(crate) fn n(&self) -> usize {
        self.rates.first().map_or(0, Array2::nrows)
    }

    /// What was recorded.
    pub(crate) fn recorded(&self) -> anyhow::Result<Vec<Recorded<'_>>> {
        self.counts.iter().map(|counts| Ok(Recorded::new(counts.view(), &self.mask)?)).collect()
    }

    /// With the predictions.
    pub(crate) fn observations(&self) -> anyhow::Result<Vec<Observation<'_>>> {
        let pairs = self.predictions.iter().zip(&self.counts);
        pairs.map(|(p, counts)| Ok(Observation::new(p.view(), counts.view(), &self.mask)?)).collect()
    }

    /// What is true of a recording.
    pub(crate) fn truth(&self, neuron: usize) -> Truth {
        let mut sums = Sums::default();
        for (rates, predictions) in self.rates.iter().zip(&self.predictions) {
            sums.add(&rates.row(neuron).to_vec(), &predictions.row(neuron).to_vec());
        }
        let dof = (self.cell.n_stimuli * (N_BINS - 1)) as f64;
        let n = (self.cell.n_stimuli * N_BINS) as f64;
        let (signal, mean) = (sums.rate / dof, sums.mean / n);
        let noise = match self.cell.noise {
            Noise::Poisson => mean,
            Noise::Overdispersed => FANO * mean,
            Noise::Gain => GAIN_VARIANCE * signal + mean,
        };
        // Of the counts of whole stimuli, which are one window.
        let (fano, overdispersion) = match self.cell.noise {
            Noise::Poisson => (1.0, 0.0),
            Noise::Overdispersed => (FANO, (FANO - 1.0) * sums.counts / sums.squared_counts),
            Noise::Gain => (1.0 + GAIN_VARIANCE * sums.squared_counts / sums.counts, GAIN_VARIANCE),
        };
        let whole = sums.rate_squares - n * mean * mean;
        Truth {
            signal,
            noise,
            n_repeats: self.cell.n_repeats as f64,
            correlation: sums.product / (sums.rate * sums.prediction).sqrt(),
            explained: 1.0 - sums.residual / sums.rate,
            fve: 1.0 - sums.whole_residual / whole,
            bits_per_spike: (sums.log_ratio - (sums.prediction_mean - sums.mean) - sums.mean * mean.ln())
                / sums.mean
                / std::f64::consts::LN_2,
            fano,
            overdispersion,
        }
    }

    /// The correlation of prediction and rate within stimuli, over all that could be played.
    pub(crate) fn correlation() -> f64 {
        within(SHARED * LOG_VARIANCE) / within(LOG_VARIANCE)
    }

    /// The signal power within stimuli, over all that could be played.
    pub(crate) fn signal_power(&self) -> f64 {
        self.mean_rate * self.mean_rate * within(LOG_VARIANCE)
    }
}

/// Expected covariance within stimuli of exponentials of two series whose covariance is `log`, in squares of their mean rate.
fn within(log: f64) -> f64 {
    let at_lag = |lag: usize| (log * MEMORY.powi(lag as i32)).exp_m1();
    let n = N_BINS as f64;
    let others: f64 = (1..N_BINS).map(|lag| (n - lag as f64) * at_lag(lag)).sum();
    at_lag(0) - 2.0 * others / (n * (n - 1.0))
}

fn of_series(mean_rate: f64, g: f64) -> f64 {
    mean_rate * (LOG_VARIANCE.sqrt() * g - LOG_VARIANCE / 2.0).exp()
}

fn series(stream: &mut RandomStream) -> [f64; N_BINS] {
    let mut last = stream.normal();
    std::array::from_fn(|t| {
        if t > 0 {
            last = MEMORY * last + (1.0 - MEMORY * MEMORY).sqrt() * stream.normal();
        }
        last
    })
}

/// What is true of the stimuli of one recording.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Truth {
    /// Signal power within stimuli.
    pub(crate) signal: f64,
    /// Noise power within a repeat.
    pub(crate) noise: f64,
    /// Number of repeats.
    pub(crate) n_repeats: f64,
    /// Correlation of prediction and rate within stimuli.
    pub(crate) correlation: f64,
    /// 1 - (variance of rate - prediction) / variance of the rate, within stimuli.
    pub(crate) explained: f64,
    /// 1 - sum (rate - prediction)^2 / sum (rate - mean)^2, over all bins.
    pub(crate) fve: f64,
    /// Information of the prediction about Poisson counts of the rate, beyond the mean rate.
    pub(crate) bits_per_spike: f64,
    /// Fano factor of the counts of whole stimuli.
    pub(crate) fano: f64,
    /// a in variance = mean + a mean^2, of the counts of whole stimuli.
    pub(crate) overdispersion: f64,
}

impl Truth {
    /// Correlation of the rate with the PSTH that the noise allows.
    pub(crate) fn ceiling(&self) -> f64 {
        (self.signal / (self.signal + self.noise / self.n_repeats)).sqrt()
    }
}

#[derive(Default)]
struct Sums {
    rate: f64,
    prediction: f64,
    product: f64,
    residual: f64,
    whole_residual: f64,
    rate_squares: f64,
    mean: f64,
    prediction_mean: f64,
    log_ratio: f64,
    counts: f64,
    squared_counts: f64,
}

impl Sums {
    fn add(&mut self, rate: &[f64], prediction: &[f64]) {
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let (r, p) = (mean(rate), mean(prediction));
        for (y, x) in rate.iter().zip(prediction) {
            self.rate += (y - r).powi(2);
            self.prediction += (x - p).powi(2);
            self.product += (y - r) * (x - p);
            self.residual += (y - x - (r - p)).powi(2);
            self.whole_residual += (y - x).powi(2);
            self.rate_squares += y * y;
            self.log_ratio += y * x.ln();
        }
        let count: f64 = rate.iter().sum();
        self.mean += count;
        self.prediction_mean += prediction.iter().sum::<f64>();
        self.counts += count;
        self.squared_counts += count * count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_numbers_have_their_mean_and_variance() {
        let mut stream = Seed::new(1).stream("gamma");
        for shape in [0.05, 0.7, 3.0] {
            let n = 200_000;
            let draws: Vec<f64> = (0..n).map(|_| gamma(shape, &mut stream)).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / f64::from(n);
            // Mean and variance of the Gamma distribution are both the shape.
            let error = (shape / f64::from(n)).sqrt();
            assert!((mean - shape).abs() < 4.0 * error, "{mean} for {shape}");
            let fourth = 3.0 * shape * shape + 6.0 * shape - shape * shape;
            assert!(
                (variance - shape).abs() < 4.0 * (fourth / f64::from(n)).sqrt(),
                "{variance} for {shape}"
            );
        }
    }

    #[test]
    fn a_cell_has_its_signal_to_noise_ratio() {
        for noise in Noise::ALL {
            let cell = Cell { noise, snr: 3.0, n_repeats: 2, n_stimuli: 30 };
            let recordings = Recordings::draw(cell, 200, Seed::new(0));
            let truths: Vec<Truth> = (0..200).map(|n| recordings.truth(n)).collect();
            let mean = |f: fn(&Truth) -> f64| truths.iter().map(f).sum::<f64>() / 200.0;
            // Signal power is that within stimuli of 20 bins, less than over all by a fifth.
            let snr = mean(|t| t.signal) / mean(|t| t.noise);
            assert!((2.2..2.8).contains(&snr), "{noise:?}: {snr}");
            assert!((mean(|t| t.signal) / recordings.signal_power() - 1.0).abs() < 0.05);
            assert!((mean(|t| t.correlation) - Recordings::correlation()).abs() < 0.02);
        }
    }
}
