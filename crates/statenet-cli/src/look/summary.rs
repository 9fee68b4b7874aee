//! What `look.json` says. Scripts rely on the names of the fields: do not rename them.

use serde::Serialize;
use statenet::{
    core::{ResponseUnit, Warning},
    data::{Alignment, NeuronQuality, Stimulus},
    metrics::{Ceiling, Score, ceilings},
    prelude::*,
    train::{RecordedResponses, groups_of_neurons},
};

use crate::shared::seconds;

/// What a recording looks like.
#[derive(Clone, Debug, Serialize)]
pub struct LookedAt {
    /// Name of the recording.
    pub name: String,
    /// Number of stimuli.
    pub stimuli: usize,
    /// Seconds of all stimuli together.
    pub seconds: f64,
    /// Width of a bin, ms.
    pub dt_ms: f64,
    /// Unit of the responses.
    pub response_unit: ResponseUnit,
    /// Whether there are sounds; without them responses are shown alone.
    pub has_sounds: bool,
    /// How responses lie to the sound; null without sounds.
    pub alignment: Option<Alignment>,
    /// Lag at which the autocorrelation of the sounds' bands has fallen to 1/e, ms; null if it has not within 500 ms, and without
    /// sounds.
    pub stimulus_memory_ms: Option<f64>,
    /// The autocorrelation itself, from lag 0 in steps of dt, averaged over bands; empty without sounds.
    pub stimulus_autocorrelation: Vec<f64>,
    /// Mean response of all neurons in each repeat over that of all repeats; null for continuous responses.
    pub response_by_repeat: Vec<Option<f64>>,
    /// Each neuron.
    pub neurons: Vec<LookedNeuron>,
    /// What is doubtful.
    pub warnings: Vec<Warning>,
}

/// What a neuron's responses look like.
#[derive(Clone, Debug, Serialize)]
pub struct LookedNeuron {
    /// Rates, repeats, drift and faults.
    #[serde(flatten)]
    pub quality: NeuronQuality,
    /// Mean rate, spikes per second; null for continuous responses, and if nothing was recorded.
    pub rate_hz: Option<f64>,
    /// Ratio of signal power to noise power of a single repeat; null where it cannot be measured.
    pub snr: Option<f64>,
    /// The correlation that a perfect prediction has with the mean over repeats, at most.
    pub ccmax: Option<f64>,
    /// Why there is none.
    pub no_ccmax: Option<String>,
}

/// The longest lag of the autocorrelation.
const LONGEST_MS: f64 = 500.0;

impl LookedAt {
    pub(super) fn of(
        recording: &Recording,
        alignment: Option<Alignment>,
        neurons: Vec<NeuronQuality>,
        warnings: &[Warning],
    ) -> anyhow::Result<Self> {
        let all: Vec<usize> = (0..recording.n_stimuli()).collect();
        let (mut snr, mut ccmax) = (Vec::new(), Vec::new());
        for neurons in groups_of_neurons(recording, &all)? {
            let recorded = RecordedResponses::of_neurons(recording, &all, neurons)?;
            let recorded = recorded.views()?;
            snr.extend(ceilings::snr(&recorded)?);
            ccmax.extend(ceilings::cc_max_signal_power(&recorded)?);
        }
        let bin_seconds = recording.response_unit().is_spikes().then(|| recording.dt().seconds());
        let of_neurons = neurons.into_iter().zip(snr).zip(ccmax).map(
            |((quality, snr), ccmax): ((NeuronQuality, Score), Score<Ceiling>)| LookedNeuron {
                rate_hz: quality.mean.zip(bin_seconds).map(|(mean, seconds)| mean / seconds),
                quality,
                snr: snr.ok(),
                no_ccmax: ccmax.as_ref().err().map(ToString::to_string),
                ccmax: ccmax.ok().map(Ceiling::value),
            },
        );
        let stimulus_autocorrelation =
            if alignment.is_some() { autocorrelation(recording) } else { Vec::new() };
        let fallen = stimulus_autocorrelation.iter().position(|&r| r < (-1.0_f64).exp());
        Ok(Self {
            name: recording.name().to_owned(),
            stimuli: recording.n_stimuli(),
            seconds: seconds(recording),
            dt_ms: recording.dt().ms(),
            response_unit: recording.response_unit().clone(),
            has_sounds: alignment.is_some(),
            alignment,
            stimulus_memory_ms: fallen.map(|bins| bins as f64 * recording.dt().ms()),
            stimulus_autocorrelation,
            response_by_repeat: by_repeat(recording)?,
            neurons: of_neurons.collect(),
            warnings: warnings.to_vec(),
        })
    }

    /// The medians over neurons.
    pub(super) fn in_a_line(&self) -> String {
        let measured = self.neurons.iter().filter(|neuron| neuron.ccmax.is_some()).count();
        let n_neurons = self.neurons.len();
        let lag = match &self.alignment {
            None => "there are no sounds".to_owned(),
            Some(alignment) => match alignment.lag_ms {
                None => "how responses follow the sound is not measurable".to_owned(),
                Some(lag) if alignment.clear => format!("responses follow the sound by {lag} ms"),
                Some(lag) => {
                    format!("responses follow the sound by {lag} ms (not clear: other lags fit as well)")
                }
            },
        };
        format!("{measured} of {n_neurons} neurons have a ceiling; {lag}")
    }
}

/// The autocorrelation of the bands over time, each about its mean in its stimulus, averaged over bands and stimuli by their power.
fn autocorrelation(recording: &Recording) -> Vec<f64> {
    let longest = (LONGEST_MS / recording.dt().ms()).round() as usize;
    let mut sums = vec![0.0; longest + 1];
    let mut powers = vec![0.0; longest + 1];
    for stimulus in recording.stimuli() {
        for band in stimulus.cochleagram().outer_iter() {
            let mean = band.iter().map(|&x| f64::from(x)).sum::<f64>() / band.len().max(1) as f64;
            let band: Vec<f64> = band.iter().map(|&x| f64::from(x) - mean).collect();
            let power = band.iter().map(|x| x * x).sum::<f64>() / band.len().max(1) as f64;
            for (lag, (sum, powers)) in sums.iter_mut().zip(&mut powers).enumerate() {
                let n = band.len().saturating_sub(lag) as f64;
                *sum += band.iter().zip(band.iter().skip(lag)).map(|(x, y)| x * y).sum::<f64>();
                *powers += power * n;
            }
        }
    }
    sums.iter().zip(&powers).take_while(|(_, power)| **power > 0.0).map(|(sum, power)| sum / power).collect()
}

/// The mean response in each repeat over that of all.
fn by_repeat(recording: &Recording) -> anyhow::Result<Vec<Option<f64>>> {
    let n_repeats = recording.stimuli().iter().map(Stimulus::n_repeats).max().unwrap_or(0);
    let mut sums = vec![(0.0, 0.0); n_repeats];
    for stimulus in recording.stimuli() {
        let responses = stimulus.responses()?;
        let mask = responses.mask().view();
        let of_repeats = responses.values();
        for ((values, mask), (sum, n)) in
            of_repeats.axis_iter(ndarray::Axis(1)).zip(mask.axis_iter(ndarray::Axis(1))).zip(&mut sums)
        {
            *sum += values.iter().map(|&x| f64::from(x)).sum::<f64>();
            *n += mask.iter().filter(|&&valid| valid).count() as f64;
        }
    }
    let is_spikes = recording.response_unit().is_spikes();
    let (sum, n) = sums.iter().fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
    let relative = |(of_one, bins): &(f64, f64)| {
        (is_spikes && *bins > 0.0 && sum > 0.0).then(|| of_one / bins / (sum / n))
    };
    Ok(sums.iter().map(relative).collect())
}
