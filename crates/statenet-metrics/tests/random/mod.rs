//! Random predictions and responses of a few stimuli with different lengths and masks.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test stops where its helpers fail, and takes what it needs"
)]

use ndarray::{Array2, Array3, Axis};
use proptest::prelude::*;
use statenet_core::{RandomStream, ResponseMask};
use statenet_metrics::Observation;

/// Predictions and recorded responses of a few stimuli.
#[derive(Clone, Debug, Default)]
pub(crate) struct Data {
    pub(crate) rates: Vec<Array2<f64>>,
    pub(crate) responses: Vec<Array3<f64>>,
    pub(crate) masks: Vec<ResponseMask>,
}

/// Which responses are missing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Missing {
    Nothing,
    WholeRepeats,
    Anything,
}

/// Any of them.
pub(crate) fn missing() -> impl Strategy<Value = Missing> {
    prop_oneof![Just(Missing::Nothing), Just(Missing::WholeRepeats), Just(Missing::Anything)]
}

/// A mask in which single bins are there with this probability, where anything is missing; whole repeats with .7.
pub(crate) fn mask(
    stream: &mut RandomStream,
    shape: (usize, usize, usize),
    missing: Missing,
    kept: f64,
) -> ResponseMask {
    let mut mask = Array3::from_elem(shape, true);
    match missing {
        Missing::Nothing => {}
        Missing::WholeRepeats => {
            for mut neuron in mask.outer_iter_mut() {
                neuron.outer_iter_mut().for_each(|mut repeat| repeat.fill(stream.unit() < 0.7));
            }
        }
        Missing::Anything => mask.mapv_inplace(|_| stream.unit() < kept),
    }
    ResponseMask::new(mask)
}

impl Data {
    pub(crate) fn observations(&self) -> Vec<Observation<'_>> {
        let parts = self.rates.iter().zip(&self.responses).zip(&self.masks);
        parts.map(|((rate, y), mask)| Observation::new(rate.view(), y.view(), mask).unwrap()).collect()
    }

    /// With each rate changed, by stimulus.
    pub(crate) fn with_rates(&self, change: impl Fn(usize, f64) -> f64) -> Self {
        let rates = self.rates.iter().enumerate().map(|(b, rate)| rate.mapv(|p| change(b, p))).collect();
        Self { rates, ..self.clone() }
    }

    /// The same data with neurons and repeats in another order.
    pub(crate) fn reordered(&self, neurons: &[usize], repeats: &[usize]) -> Self {
        let mask = |m: &ResponseMask| m.view().select(Axis(0), neurons).select(Axis(1), repeats);
        let responses = |y: &Array3<f64>| y.select(Axis(0), neurons).select(Axis(1), repeats);
        Self {
            rates: self.rates.iter().map(|x| x.select(Axis(0), neurons)).collect(),
            responses: self.responses.iter().map(responses).collect(),
            masks: self.masks.iter().map(|m| ResponseMask::new(mask(m))).collect(),
        }
    }
}
