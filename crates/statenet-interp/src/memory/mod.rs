//! Effective memory: how far back a sound still shows in a fitted neuron's rate, found in three ways.
//!
//! ```text
//! U(k)  =  share of the response's variance that is due to the sound at lags k and more           U(0) = 1
//! memory  =  the lag at which sqrt(U) has fallen to 1/10: nine tenths of the effect lie within it
//! ```
//! | way | change of the response, squared and averaged over windows | relative to |
//! |---|---|---|
//! | gradient | d r / d x halfway to another sound, times the difference, over lags k and more | the sum over all lags |
//! | forgetting | another sound's past before a present of k bins | the difference between two responses |
//! | truncation | no past, the model's initial state, before a present of k bins | the variance of the response |
//!
//! One quantity, so that the three can agree: for a linear neuron and pasts of mean 0 they estimate the same U, for a
//! leaky integrator of time constant tau that hears white sound U(k) = exp(-2 k dt / tau) and the memory is 2.3 tau.
//! They part where the neuron is not linear (a gradient is local, even halfway, and another past is a large change) and
//! where the initial state is no likely state. `1 - U` of the truncation is the share of the full response's variance
//! that k bins of history explain.
//!
//! U depends on the sounds: slow modulations make distant sound count, and recent sound that is loud beside a weak slow
//! effect hides it. It is a property of a neuron and a kind of sound, as are its intervals, over sounds.
//!
//! The fading of two pasts is that of Jaeger (2001) and Maass, Natschläger & Markram (2002), measured; asking how
//! much history a model needs follows Asari & Zador (2009, J Neurophysiol 102:2638).

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
use self::{isotonic::falls_to, lag_effects::Effects};
use crate::{
    error::{Error, Result},
    estimate::{Estimate, estimates},
    probes::{Probes, sounds_of},
};

/// The level of U at which memory ends: sqrt(U) = 1/10. A higher level misses slow gain control, which is a small part
/// of what a fast receptive field does.
const FORGOTTEN: f64 = 0.01;

/// The memory of one neuron.
#[derive(Clone, Debug, PartialEq)]
pub struct NeuronMemory {
    /// The neuron.
    pub neuron: usize,
    /// The memory in each way.
    pub memory: MemoryMillis,
    /// How far the three ways agree.
    pub agreement: Agreement,
    /// The curves that the memories are read off.
    pub curves: MemoryCurves,
}

/// Memory in each of the three ways.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryMillis {
    /// By the decay of the gradient.
    pub gradient: Estimate<Millis>,
    /// By the forgetting curve.
    pub forgetting: Estimate<Millis>,
    /// By truncation.
    pub truncation: Estimate<Millis>,
}

/// Agreement of the three ways.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The shortest memory over the longest, 1 where all are equal.
    pub value: Option<f64>,
    /// Its 95 % interval.
    pub ci95: Option<[f64; 2]>,
    /// True if each two of the intervals overlap or lie less than a bin apart.
    pub within_intervals: bool,
}

/// U(k) at k = 0 to K bins; empty where the response does not vary. Above 1 where parts of a sound cancel each other.
///
/// Made non-increasing, by the least change that does it.
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

/// The memory of neurons in three ways, with intervals over sounds.
///
/// The last two thirds of every window are the present, of K bins, the first third the past, in which the model settles.
/// A memory longer than the present reads as its length K dt: take longer windows where a value comes near it.
///
/// `resampling` draws sounds; the windows of a sound are drawn together. Costs one gradient per window and neuron, and
/// three runs over the windows.
///
/// # Errors
/// [`Error::OutOfRange`] for a neuron that the model does not have; [`Error::Setting`] for windows of one bin;
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
        let (setting, expected) = ("length of the windows in bins", "2 or more");
        return Err(Error::Setting { setting, got: n_bins.to_string(), expected });
    }
    let dt = model.config().axes()?.dt;
    let gradient = gradient::effects(model, probes, neurons, n_lags)?;
    let pasts = history_substitution::effects(model, probes, neurons, n_lags)?;
    let n_sounds = sounds_of(probes.sounds()).len();
    let ways = gradient.iter().zip(&pasts.forgetting).zip(&pasts.truncation);
    let of = |(&neuron, ((gradient, forgetting), truncation)): (&usize, ((&Effects, &Effects), &Effects))| {
        neuron_memory(neuron, [gradient, forgetting, truncation], n_sounds, dt, resampling)
    };
    Ok(neurons.iter().zip(ways).map(of).collect())
}

fn neuron_memory(
    neuron: usize,
    ways: [&Effects; 3],
    n_sounds: usize,
    dt: TimeBin,
    resampling: &Resampling,
) -> NeuronMemory {
    let all: Vec<usize> = (0..n_sounds).collect();
    let lag = |share: &Vec<f64>| falls_to(share, FORGOTTEN).unwrap_or((share.len() - 1) as f64);
    let statistics = |drawn: &[usize]| {
        let lags = ways.map(|way| way.share(drawn).as_ref().map(lag).map(|bins| bins * dt.ms()));
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
    let [first, second, third] = ways.map(|way| way.share(&all).unwrap_or_default());
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
