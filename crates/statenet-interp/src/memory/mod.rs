//! Effective memory: how far back in time sound still affects a fitted neuron's rate, measured in three ways.
//!
//! ```text
//! U(k)  =  share of the response's variance that is due to the sound at lags k and more           U(0) = 1
//! memory  =  the lag at which sqrt(U) has fallen to 1/10: nine tenths of the effect lie within it
//! ```
//! | measure | change of the response, squared and averaged over windows | relative to |
//! |---|---|---|
//! | gradient | gradient halfway to another sound times the difference of the sounds, over lags k and more | the same over all lags |
//! | forgetting | the past replaced by another sound's, before a present of k bins | the difference between two responses |
//! | truncation | the past replaced by the model's initial state, before a present of k bins | the variance of the response |
//!
//! All three estimate the same quantity. For a linear neuron and pasts of mean 0 their U is the same; for a leaky
//! integrator with time constant tau and white sound, U(k) = exp(-2 k dt / tau) and the memory is 2.3 tau. They differ
//! where the neuron is nonlinear (the gradient is a local estimate, replacing the past a large change) and where the
//! initial state is unlike the states that sounds lead to. For truncation, `1 - U(k)` is the share of the full response's
//! variance that k bins of history explain.
//!
//! U depends on the sounds: with slow modulations distant sound matters more, and a weak slow effect is hidden by a strong
//! effect of recent sound. A memory, with its interval, is therefore a property of a neuron together with a class of
//! sounds.
//!
//! Forgetting measures the fading memory of Jaeger (2001) and Maass, Natschläger & Markram (2002); asking how much
//! history a model needs follows Asari & Zador (2009, J Neurophysiol 102:2638).

mod gradient;
mod history;
mod history_substitution;
mod isotonic;
mod lag_effects;
mod time_constants;

use serde::{Deserialize, Serialize};
use statenet_core::{Dim, Millis, TimeBin, expect_shape};
use statenet_metrics::resampling::Resampling;
use statenet_models::ResponseModel;

pub use self::history::with_history;
pub use self::time_constants::{TimeConstants, time_constants, time_constants_of};
use self::{isotonic::falls_to, lag_effects::LagEffects};
use crate::{
    error::{Error, Result, out_of_range},
    estimate::{Estimate, estimates},
    probes::{Probes, sounds_of},
};

/// The level of U at which memory ends: sqrt(U) = 1/10. A higher level would miss slow gain control, whose effect is small
/// beside that of a fast receptive field.
const FORGOTTEN: f64 = 0.01;

/// The memory of one neuron.
#[derive(Clone, Debug, PartialEq)]
pub struct NeuronMemory {
    /// The neuron.
    pub neuron: usize,
    /// The memory by each measure.
    pub memory: MemoryMillis,
    /// How well the three measures agree.
    pub agreement: Agreement,
    /// The curves U(k) from which the memories are read.
    pub curves: MemoryCurves,
}

/// Memory by each of the three measures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryMillis {
    /// By the decay of the gradient.
    pub gradient: Estimate<Millis>,
    /// By the forgetting curve.
    pub forgetting: Estimate<Millis>,
    /// By truncation.
    pub truncation: Estimate<Millis>,
}

/// Agreement of the three measures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The shortest memory divided by the longest: 1 if all three are equal.
    pub value: Option<f64>,
    /// Its 95 % interval.
    pub ci95: Option<[f64; 2]>,
    /// Whether every two of the three intervals overlap or lie at most one bin apart.
    pub within_intervals: bool,
}

/// U(k) at k = 0 to K bins; empty where the response does not vary. Values above 1 occur where parts of a sound cancel.
///
/// Made non-increasing by isotonic regression.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryCurves {
    /// Width of a bin.
    pub dt: TimeBin,
    /// By the gradient.
    pub gradient: Vec<f64>,
    /// By the forgetting curve.
    pub forgetting: Vec<f64>,
    /// By truncation.
    pub truncation: Vec<f64>,
}

/// The memory of neurons by three measures, with intervals over sounds.
///
/// The last two thirds of each window, K bins, are the present; the first third is the past, which also lets the state
/// settle. A memory longer than the present is reported as K dt: use longer windows if values come near it.
///
/// `resampling` resamples sounds, each with all of its windows. The cost is one gradient per window and neuron, and three
/// runs over the windows.
///
/// # Errors
/// [`Error::OutOfRange`] for a neuron that the model does not have; [`Error::Setting`] for windows of less than two bins;
/// [`Error::Shape`] if the windows do not fit the model; [`Error::Model`] if its config has no axes.
pub fn memory(
    model: &dyn ResponseModel,
    probes: &Probes,
    neurons: &[usize],
    resampling: &Resampling,
) -> Result<Vec<NeuronMemory>> {
    let dims = probes.windows().dims();
    expect_shape("windows", dims, &[Dim::Any("B"), 1.into(), model.n_bands().into(), Dim::Any("L")])?;
    if let Some(&got) = neurons.iter().find(|&&n| n >= model.n_neurons()) {
        return Err(Error::OutOfRange { what: "neuron", got, n: model.n_neurons() });
    }
    let n_bins = dims.last().copied().unwrap_or(0);
    let n_lags = 2 * n_bins / 3;
    if n_lags == 0 {
        return Err(out_of_range("length of the windows in bins", n_bins, "2 or more"));
    }
    let dt = model.config().axes()?.dt;
    let gradient = gradient::lag_effects(model, probes, neurons, n_lags)?;
    let substitution = history_substitution::lag_effects(model, probes, neurons, n_lags)?;
    let n_sounds = sounds_of(probes.sounds()).len();
    let effects = gradient.iter().zip(&substitution.forgetting).zip(&substitution.truncation);
    let of_neuron = |(&neuron, ((gradient, forgetting), truncation))| {
        neuron_memory(neuron, [gradient, forgetting, truncation], n_sounds, dt, resampling)
    };
    Ok(neurons.iter().zip(effects).map(of_neuron).collect())
}

fn neuron_memory(
    neuron: usize,
    effects: [&LagEffects; 3],
    n_sounds: usize,
    dt: TimeBin,
    resampling: &Resampling,
) -> NeuronMemory {
    let all: Vec<usize> = (0..n_sounds).collect();
    let lag = |share: &Vec<f64>| falls_to(share, FORGOTTEN).unwrap_or((share.len() - 1) as f64);
    let statistics = |drawn: &[usize]| {
        let lags = effects.map(|effects| effects.share(drawn).as_ref().map(lag).map(|bins| bins * dt.ms()));
        let ratio = match lags {
            [Some(a), Some(b), Some(c)] => Some(a.min(b).min(c) / a.max(b).max(c)),
            _ => None,
        };
        [lags[0], lags[1], lags[2], ratio]
    };
    let [gradient, forgetting, truncation, ratio] = estimates(n_sounds, statistics, resampling);
    let within_intervals = [(gradient, forgetting), (gradient, truncation), (forgetting, truncation)]
        .iter()
        .all(|(a, b)| a.overlaps(b, dt.ms()));
    let millis = |estimate: Estimate| estimate.in_unit(|ms| Millis::new(ms).ok());
    let [first, second, third] = effects.map(|effects| effects.share(&all).unwrap_or_default());
    NeuronMemory {
        neuron,
        memory: MemoryMillis {
            gradient: millis(gradient),
            forgetting: millis(forgetting),
            truncation: millis(truncation),
        },
        agreement: Agreement { value: ratio.value, ci95: ratio.ci95, within_intervals },
        curves: MemoryCurves { dt, gradient: first, forgetting: second, truncation: third },
    }
}
