//! ICNet: from samples to units by strided convolutions (Drakopoulos et al. 2025, Nature Machine Intelligence).
//!
//! ```text
//! x1 = symlog(sincs * samples)                                 symlog(y) = sign(y) ln(1 + |y|)
//! x(i+1)[o,t] = prelu_o(bias[o] + sum_{c,k} W[o,c,k] xi[c, (t+1) s_i - K + k])        strides s_i, product dt fs
//! ```
//! In (B, 1, hop, T), bins of sound; out (B, H, T). `layers` convolutions, then one of stride 1 to H = `bottleneck` channels. Memory: the windows of
//! all layers one behind the other. Before the first sample, every layer has seen zeros.
//!
//! Behind it stands a linear readout with a softplus without parameters.
//!
//! This is the published port: one branch, a rate for every bin. The paper has 1.31 ms bins, classes of spike counts, and sounds of
//! 10,240 samples whose first bins are left out.

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Sampling};

use crate::{
    error::{During, Result, config_error},
    front_ends::{BandPasses, Sincs, Squash, in_samples},
    layers::filter_bank::Bank,
    model::{memory::Memory, stage::Stage, state::State},
    params::{init::Init, store::Scope},
};

/// A stack of strided convolutions over filtered sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IcnetConfig {
    /// Band-passes with learned cut-offs. Default 48.
    pub filters: usize,
    /// Where the lowest band begins. Default 300 Hz.
    pub low_hz: Hertz,
    /// Where the highest band ends, at most 1 Hz below half the sample rate. Default there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_hz: Option<Hertz>,
    /// Channels of the convolutions. Default 128.
    pub channels: usize,
    /// Samples K of each filter, 2 to 65,536. Default 64.
    pub taps: usize,
    /// Convolutions before the bottleneck, 1 or more. Default 5.
    pub layers: usize,
    /// Stride of each, whose product is the samples of a bin. Default: 2 while the rest is even, the rest in the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strides: Option<Vec<usize>>,
    /// Channels of the bottleneck. Default 64.
    pub bottleneck: usize,
}

impl Default for IcnetConfig {
    fn default() -> Self {
        Self {
            filters: 48,
            low_hz: Hertz::whole::<300>(),
            high_hz: None,
            channels: 128,
            taps: 64,
            layers: 5,
            strides: None,
            bottleneck: 64,
        }
    }
}

impl IcnetConfig {
    fn sincs(&self) -> Sincs {
        Sincs { n_bands: self.filters, low_hz: self.low_hz, high_hz: self.high_hz, taps: self.taps }
    }

    /// Stride of each layer.
    fn strides(&self, hop: usize) -> Vec<usize> {
        self.strides.clone().unwrap_or_else(|| {
            let mut rest = hop;
            let mut strides = vec![1; self.layers];
            if let Some((last, others)) = strides.split_last_mut() {
                for stride in others.iter_mut() {
                    if rest % 2 == 1 {
                        break;
                    }
                    *stride = 2;
                    rest /= 2;
                }
                *last = rest;
            }
            strides
        })
    }

    pub(super) fn validate(&self, sampling: &Sampling, field: &str) -> Result<()> {
        let (hop, most) = (sampling.hop(), 65_536);
        let counts = [
            ("filters", self.filters, 4096),
            ("channels", self.channels, most),
            ("layers", self.layers, 64),
            ("bottleneck", self.bottleneck, most),
        ];
        for (name, n, most) in counts {
            if !(1..=most).contains(&n) {
                return Err(config_error(&format!("{field}.{name}"), n, format!("1 to {most}")));
            }
        }
        let strides = self.strides(hop);
        let product = strides.iter().try_fold(1usize, |product, s| product.checked_mul(*s));
        if strides.len() != self.layers || product != Some(hop) {
            let got = strides.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
            let expected = format!("{} strides whose product is {hop}, the samples of a bin", self.layers);
            return Err(config_error(&format!("{field}.strides"), got, expected));
        }
        self.sincs().validate(sampling, field)
    }
}

/// One convolution and its rectifier.
struct Layer {
    bank: Bank,
    weight: Tensor,
    bias: Tensor,
    slope: Tensor,
}

impl Layer {
    fn new(
        (inputs, outputs): (usize, usize),
        taps: usize,
        stride: usize,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        const SLOPE: f64 = 0.25;
        let init = Init::fan_in(inputs * taps);
        let bank = Bank::new(inputs, taps, stride, like, scope.name("context"));
        let mut conv = scope.enter("conv");
        let weight = conv.parameter("weight", (outputs, inputs, taps), init)?;
        let bias = conv.parameter("bias", outputs, init)?;
        let slope = scope.enter("prelu").parameter("weight", outputs, Init::Constant(SLOPE))?;
        Ok(Self { bank, weight, bias, slope })
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let y = self.bank.chunk(x, &self.weight, Some(&self.bias), state)?;
        let rectify = || -> candle_core::Result<Tensor> {
            let slope = self.slope.reshape((1, (), 1))?;
            y.relu()? - y.neg()?.relu()?.broadcast_mul(&slope)?
        };
        rectify().during("rectifying")
    }
}

pub(crate) struct Icnet {
    band_passes: BandPasses,
    sincs: Bank,
    layers: Vec<Layer>,
    memory: Memory,
}

impl Icnet {
    pub(super) fn new(
        config: &IcnetConfig,
        sampling: &Sampling,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (hop, taps) = (sampling.hop(), config.taps);
        let mut sincnet = scope.enter("sincnet");
        let band_passes = config.sincs().build(sampling, like, &mut sincnet)?;
        let sincs = Bank::new(1, taps, 1, like, sincnet.name("context"));
        let (mut layers, mut inputs) = (Vec::new(), config.filters);
        // Samples that a frame of a layer reaches over, and samples from one to the next.
        let (mut reach, mut spacing) = (sincs.reach(), 1);
        for (i, stride) in config.strides(hop).into_iter().enumerate() {
            let mut scope = scope.enter("encoder");
            let sizes = (inputs, config.channels);
            let layer = Layer::new(sizes, taps, stride, like, &mut scope.enter(&i.to_string()))?;
            reach += (layer.bank.reach() - 1) * spacing;
            spacing *= stride;
            layers.push(layer);
            inputs = config.channels;
        }
        let bottleneck = (inputs, config.bottleneck);
        let layer = Layer::new(bottleneck, taps, 1, like, &mut scope.enter("bottleneck"))?;
        reach += (layer.bank.reach() - 1) * spacing;
        layers.push(layer);
        let memory = Memory::of_samples(reach, hop);
        Ok(Self { band_passes, sincs, layers, memory })
    }
}

impl Stage for Icnet {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.sincs.init_state(batch, state)?;
        self.layers.iter().try_for_each(|layer| layer.bank.init_state(batch, state))
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let filtered = self.sincs.chunk(&in_samples(x)?, &self.band_passes.filters()?, None, state)?;
        let mut units = Squash::SignedLog.apply(&filtered)?;
        for layer in &self.layers {
            units = layer.chunk(&units, state)?;
        }
        Ok(units)
    }

    fn memory(&self) -> Memory {
        self.memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_multiply_to_a_bin() {
        let strides = |hop| IcnetConfig::default().strides(hop);
        assert_eq!(strides(240), [2, 2, 2, 2, 15]);
        assert_eq!(strides(32), [2, 2, 2, 2, 2]);
        assert_eq!(strides(12), [2, 2, 1, 1, 3]);
        assert_eq!(strides(7), [1, 1, 1, 1, 7]);
    }
}
