//! Sums from which the scores of a Poisson likelihood are made, over all recorded (repeat, bin) of one neuron.

use statrs::function::gamma::ln_gamma;

use crate::{
    responses::StimulusRecorded,
    scores::Neuron,
    undefined::{Score, Undefined, finite},
};

/// The sums; y is a response, p the rate at its bin. They add up over bins, repeats and stimuli.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PoissonSums {
    /// Number of recorded (repeat, bin).
    pub(crate) n: f64,
    /// sum y.
    pub(crate) spikes: f64,
    /// sum p.
    pub(crate) rate: f64,
    /// sum y ln p, with 0 ln 0 = 0.
    pub(crate) y_ln_p: f64,
    /// sum y ln y, with 0 ln 0 = 0.
    pub(crate) y_ln_y: f64,
    /// sum ln y!
    pub(crate) ln_factorial: f64,
}

impl PoissonSums {
    /// # Errors
    /// [`Undefined::NegativeResponse`], [`Undefined::ImpossibleRate`].
    pub(crate) fn of(neuron: &Neuron) -> Result<Self, Undefined> {
        neuron.stimuli().try_fold(Self::default(), |sums, (stimulus, rate)| {
            Ok(sums.with(&Self::of_stimulus(stimulus, rate)?))
        })
    }

    /// The sums of one stimulus.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(crate) fn of_stimulus(stimulus: &StimulusRecorded, rate: &[f64]) -> Result<Self, Undefined> {
        let mut sums = Self::default();
        for y in stimulus.repeats.values() {
            sums.add_responses(y)?;
        }
        let counts = stimulus.counts_of_repeats();
        for ((&p, &mean), n) in rate.iter().zip(stimulus.psth.mean()).zip(counts) {
            sums.add_bin(p, mean, n)?;
        }
        Ok(sums)
    }

    /// The sums of responses that are counts.
    ///
    /// # Errors
    /// As [`of`](Self::of); [`Undefined::NotCounts`].
    pub(crate) fn of_counts(neuron: &Neuron) -> Result<Self, Undefined> {
        let sums = Self::of(neuron)?;
        neuron.recorded().expect_counts()?;
        Ok(sums)
    }

    /// Adds the terms of the responses alone. Responses of 0, of which nothing is left out, add nothing.
    fn add_responses(&mut self, responses: &[f64]) -> Result<(), Undefined> {
        for &y in responses.iter().filter(|y| **y != 0.0) {
            if y < 0.0 {
                return Err(Undefined::NegativeResponse { response: y });
            }
            if y != 1.0 {
                self.y_ln_y += y * y.ln();
                self.ln_factorial += ln_gamma(y + 1.0);
            }
        }
        Ok(())
    }

    /// Adds a bin with the mean response of n repeats.
    fn add_bin(&mut self, p: f64, mean: f64, n: f64) -> Result<(), Undefined> {
        if p < 0.0 || (p == 0.0 && mean > 0.0) {
            return Err(Undefined::ImpossibleRate { rate: p, response: mean });
        }
        self.n += n;
        self.spikes += n * mean;
        self.rate += n * p;
        if mean > 0.0 {
            self.y_ln_p += n * mean * p.ln();
        }
        Ok(())
    }

    /// The sums of both.
    pub(crate) fn with(&self, other: &Self) -> Self {
        Self {
            n: self.n + other.n,
            spikes: self.spikes + other.spikes,
            rate: self.rate + other.rate,
            y_ln_p: self.y_ln_p + other.y_ln_p,
            y_ln_y: self.y_ln_y + other.y_ln_y,
            ln_factorial: self.ln_factorial + other.ln_factorial,
        }
    }

    /// ln likelihood of the rate.
    pub(crate) fn log_likelihood(&self) -> f64 {
        self.y_ln_p - self.rate - self.ln_factorial
    }

    /// ln likelihood of the constant rate with the mean of these responses, less that of the rate.
    pub(crate) fn constant_less_rate(&self) -> Score {
        if self.spikes <= 0.0 {
            return Err(Undefined::NoSpikes);
        }
        finite(self.spikes * (self.spikes / self.n).ln() - self.spikes - (self.y_ln_p - self.rate))
    }
}
