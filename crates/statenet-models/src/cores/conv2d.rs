//! 2D-CNN core (Pennington & David 2023, in the form of Rançon et al. 2025): convolutions over frequency and time, then
//! a layer of hidden units.
//!
//! ```text
//! x_0 = x      a_l[o,f,t] = c_l[o] + sum_{i,k,j} W_l[o,i,k,j] x_{l-1}[i, f+k, t-(Kt-1)+j]      l = 1 .. L
//! x_l = lrelu(gain_l[o] (a_l - mean_o a_l) / sqrt(var_o a_l + 1e-5) + bias_l[o])      lrelu(x) = max(x, x/10)
//! u[h,t] = lrelu(sum_{o,f} V[h,o,f] x_L[o,f,t] + b[h])
//! ```
//! In (B, C, F, T), out (B, H, T). Memory: L (Kt - 1) + 1 frames. Before t = 0: what silence (zeros) leads to in every
//! layer.
//! Parameters with n channels: n (C Kf Kt + 1) + (L-1) n (n Kf Kt + 1) + 2 L n + H (n (F - L (Kf - 1)) + 1).
//!
//! Pennington JR, David SV (2023). A convolutional neural network provides a generalizable model of natural sound
//! coding by neural populations in auditory cortex. PLoS Computational Biology 19:e1011110.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::{Layout, Step, affine_then, normed_conv2d, steps};

use crate::{
    config::limits::expect_size,
    error::{During, Result, config_error},
    layers::{
        channel_norm::ChannelNorm,
        leaky_relu::{self, LEAKY_RELU},
        window::Window,
    },
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::{init::Init, store::Scope},
};

/// Convolutions over frequency and time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conv2dConfig {
    /// Convolutions L, at least 1. Default 3.
    pub layers: usize,
    /// Channels of each, at least 2. Default 10.
    pub channels: usize,
    /// Bands Kf that a filter sees, at least 1; all layers together F at most. Default 3.
    pub kernel_bands: usize,
    /// Bins Kt that a filter sees, at least 1. Default 9.
    pub kernel_bins: usize,
    /// Hidden units, at least 1. Default 20.
    pub hidden: usize,
}

impl Default for Conv2dConfig {
    fn default() -> Self {
        Self { layers: 3, channels: 10, kernel_bands: 3, kernel_bins: 9, hidden: 20 }
    }
}

impl Conv2dConfig {
    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        let least = [
            ("layers", self.layers, 1),
            ("channels", self.channels, 2),
            ("kernel_bins", self.kernel_bins, 1),
            ("hidden", self.hidden, 1),
        ];
        for (name, n, least) in least {
            expect_size(&format!("{field}.{name}"), n, least)?;
        }
        let most = (axes.n_bands - 1) / self.layers + 1;
        if !(1..=most).contains(&self.kernel_bands) {
            let expected = format!("1 to {most}, for {} layers over {} bands", self.layers, axes.n_bands);
            return Err(config_error(&format!("{field}.kernel_bands"), self.kernel_bands, expected));
        }
        Ok(())
    }

    pub(crate) fn slug(&self) -> String {
        format!("cnn2d-c{}-h{}", self.channels, self.hidden)
    }

    fn bands_after(&self, layers: usize, n_bands: usize) -> usize {
        n_bands - layers * (self.kernel_bands - 1)
    }
}

struct Layer {
    weight: Tensor,
    bias: Tensor,
    norm: ChannelNorm,
    n_bands: usize,
    /// The bins before a chunk.
    window: Window,
}

pub(crate) struct Conv2d {
    layers: Vec<Layer>,
    hidden_weight: Tensor,
    hidden_bias: Tensor,
    /// Bins of each layer's window, Kt - 1.
    n_before: usize,
}

impl Conv2d {
    pub(crate) fn new(
        config: &Conv2dConfig,
        (channels, n_bands): (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (kf, kt) = (config.kernel_bands, config.kernel_bins);
        let mut layers = Vec::with_capacity(config.layers);
        for l in 0..config.layers {
            let inputs = if l == 0 { channels } else { config.channels };
            let init = Init::fan_in(inputs * kf * kt);
            let mut conv = scope.enter(&format!("conv.{l}"));
            let weight = conv.parameter("weight", (config.channels, inputs, kf, kt), init)?;
            let bias = conv.parameter("bias", config.channels, init)?;
            let n_bands = config.bands_after(l, n_bands);
            let window = Window::new(conv.name("context"), &[inputs, n_bands, kt - 1], 3);
            let norm = ChannelNorm::new(config.channels, &mut scope.enter(&format!("norm.{l}")))?;
            layers.push(Layer { weight, bias, norm, n_bands, window });
        }
        let inputs = config.channels * config.bands_after(config.layers, n_bands);
        let mut hidden = scope.enter("hidden");
        let hidden_weight = hidden.parameter("weight", (config.hidden, inputs), Init::fan_in(inputs))?;
        let hidden_bias = hidden.parameter("bias", config.hidden, Init::fan_in(inputs))?;
        Ok(Self { layers, hidden_weight, hidden_bias, n_before: kt - 1 })
    }

    /// What each layer sees before the sound, (B, C, F, Kt - 1): silence is the same in all bands and bins.
    fn silence(&self, batch: usize) -> Result<Vec<Tensor>> {
        let Some(first) = self.layers.first() else { return Ok(Vec::new()) };
        let run = || -> candle_core::Result<Vec<Tensor>> {
            let n_inputs = first.weight.dim(1)?;
            let mut level = Tensor::zeros(n_inputs, first.weight.dtype(), first.weight.device())?;
            let mut contexts = Vec::with_capacity(self.layers.len());
            for layer in &self.layers {
                let n = level.dim(0)?;
                let shape = (batch, n, layer.n_bands, self.n_before);
                contexts.push(level.reshape((1, n, 1, 1))?.broadcast_as(shape)?.contiguous()?);
                let drive = layer.weight.sum((2, 3))?.matmul(&level.unsqueeze(1)?)?.squeeze(1)?;
                let column = (drive + &layer.bias)?.reshape((1, (), 1, 1))?;
                let normed = layer.norm.apply(&column, LEAKY_RELU).map_err(candle_core::Error::wrap)?;
                level = normed.flatten_all()?;
            }
            Ok(contexts)
        };
        if self.n_before == 0 { Ok(Vec::new()) } else { run().during("finding what silence leads to") }
    }

    /// Hidden units, and what each layer saw.
    fn run(&self, x: &Tensor, contexts: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let mut seen = Vec::with_capacity(self.layers.len());
        let mut x = x.clone();
        for (l, layer) in self.layers.iter().enumerate() {
            let norm = layer.norm.then(LEAKY_RELU);
            let next = normed_conv2d(&x, &layer.weight, &layer.bias, contexts.get(l), norm)?;
            seen.push(std::mem::replace(&mut x, next));
        }
        let joined = x.flatten(1, 2).during("joining channels and bands")?;
        let (layout, bias) = (Layout::ChannelsFirst, Some(&self.hidden_bias));
        let units = affine_then(&joined, layout, &self.hidden_weight, bias, layout, LEAKY_RELU)?;
        Ok((units, seen))
    }
}

impl Stage for Conv2d {
    fn forward(&self, x: &Tensor, _mode: Mode<'_>) -> Result<Tensor> {
        let batch = x.dim(0).during("reading a batch")?;
        Ok(self.run(x, &self.silence(batch)?)?.0)
    }

    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        for (layer, context) in self.layers.iter().zip(self.silence(batch)?) {
            layer.window.begin(&context, state);
        }
        Ok(())
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let batch = x.dim(0).during("reading a batch")?;
        let contexts = self.layers.iter().filter_map(|layer| layer.window.bins(batch, state).transpose());
        let contexts = contexts.collect::<Result<Vec<_>>>()?;
        let (units, seen) = self.run(x, &contexts)?;
        for ((layer, context), seen) in self.layers.iter().zip(&contexts).zip(&seen) {
            layer.window.advance(Some(context), seen, state)?;
        }
        Ok(units)
    }

    fn memory(&self) -> Memory {
        Memory::Frames(self.layers.len() * self.n_before + 1)
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let mut all: Vec<Box<dyn Step>> = Vec::new();
        for Layer { weight, bias, norm, n_bands, .. } in &self.layers {
            let convolve = steps::CausalConv2d::new(weight, bias, *n_bands)?;
            let n = convolve.n_outputs();
            let n_channels = bias.elem_count();
            all.push(Box::new(convolve));
            all.push(norm.step(n / n_channels, LEAKY_RELU)?);
        }
        let hidden = steps::Affine::new(&self.hidden_weight, Some(&self.hidden_bias))?;
        let n = hidden.n_outputs();
        all.push(Box::new(hidden));
        all.push(leaky_relu::step(n));
        Ok(Some(all))
    }
}
