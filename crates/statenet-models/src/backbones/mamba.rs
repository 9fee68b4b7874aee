//! Mamba (Gu & Dao 2023): a causal filter over a few bins, then leaky states whose decay, input and output weights
//! depend on the sound, and a gate.
//!
//! ```text
//! [v, z] = W_in x                                             (E each, E = expand I)
//! u[t] = silu(b + sum_k w[., k] v[t-(K-1)+k])                 own filter of K bins per channel
//! [q, B, C] = W_x u                                           (R, N, N)
//! d = sp(W_dt q + b_dt)      A = -exp(A_log)      sp(x) = ln(1 + e^x)
//! h[t] = exp(d A) h[t-1] + d B u[t]      y[t] = sum_n C h[t] + D u[t]
//! out = W_out (y silu(z))
//! ```
//! In and out (B, I, T). Memory: unbounded. Before t = 0: v = 0, h = 0. No normalisation and no path around the block.
//! Parameters: E N (A_log) + E (D) + 2 E I + E (K + 1) + (R + 2 N) E + E (R + 1) + I E, with R = I / 16, rounded up.
//! Starts at A = -1 .. -N, D = 1, d log-uniform on [0.001, 0.1]; W_dt uniform within 1 / sqrt(R).
//!
//! Gu A, Dao T (2023). Mamba: linear-time sequence modeling with selective state spaces. arXiv:2312.00752.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Stream;
use statenet_kernels::{Layout, SelectiveScan, Step, selective_scan, steps};

use crate::{
    error::{During, Result, config_error},
    frames::{expect_lengths, silu, values},
    init::Init,
    params::Scope,
    response_model::Memory,
    stage::{Stage, as_it_lies},
    state::State,
};

/// Mamba.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MambaConfig {
    /// States N per channel, at least 1. Default 16.
    pub states: usize,
    /// Bins K of the filter before the states, at least 1. Default 4.
    pub kernel: usize,
    /// Channels per input, at least 1. Default 2.
    pub expand: usize,
}

impl Default for MambaConfig {
    fn default() -> Self {
        Self { states: 16, kernel: 4, expand: 2 }
    }
}

impl MambaConfig {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        for (name, n) in [("states", self.states), ("kernel", self.kernel), ("expand", self.expand)] {
            if n == 0 {
                return Err(config_error(&format!("{field}.{name}"), n, "1 or more"));
            }
        }
        Ok(())
    }
}

pub(crate) struct Mamba {
    a_log: Tensor,
    d: Tensor,
    in_proj: Tensor,
    conv_weight: Tensor,
    conv_bias: Tensor,
    x_proj: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    out_proj: Tensor,
    channels: usize,
    states: usize,
    kernel: usize,
    rank: usize,
    conv_name: String,
    h_name: String,
}

impl Mamba {
    pub(crate) fn new(config: &MambaConfig, inputs: usize, scope: &mut Scope<'_>) -> Result<Self> {
        const INPUTS_PER_RANK: usize = 16;
        let &MambaConfig { states, kernel, expand } = config;
        let (channels, rank) = (expand * inputs, inputs.div_ceil(INPUTS_PER_RANK));
        let rates = |_: &mut Stream| {
            (0..channels * states).map(|k| libm::log((k % states + 1) as f64)).collect::<Vec<_>>()
        };
        let linear = |scope: &mut Scope<'_>, name: &str, outputs: usize, inputs: usize| {
            scope.enter(name).parameter("weight", (outputs, inputs), Init::fan_in(inputs))
        };
        let a_log = scope.parameter_with("A_log", (channels, states), rates)?;
        let d = scope.parameter("D", channels, Init::ONES)?;
        let in_proj = linear(scope, "in_proj", 2 * channels, inputs)?;
        let mut conv = scope.enter("conv1d");
        let conv_weight = conv.parameter("weight", (channels, 1, kernel), Init::fan_in(kernel))?;
        let conv_bias = conv.parameter("bias", channels, Init::fan_in(kernel))?;
        let x_proj = linear(scope, "x_proj", rank + 2 * states, channels)?;
        let dt_weight = linear(scope, "dt_proj", channels, rank)?;
        let dt_bias =
            scope.enter("dt_proj").parameter_with("bias", channels, steps_before_softplus(channels))?;
        let out_proj = linear(scope, "out_proj", inputs, channels)?;
        let (conv_name, h_name) = (scope.name("conv"), scope.name("h"));
        Ok(Self {
            a_log,
            d,
            in_proj,
            conv_weight,
            conv_bias,
            x_proj,
            dt_weight,
            dt_bias,
            out_proj,
            channels,
            states,
            kernel,
            rank,
            conv_name,
            h_name,
        })
    }

    /// A = -exp(A_log), (E, N).
    fn rates(&self) -> Result<Tensor> {
        self.a_log.exp().and_then(|a| a.neg()).during("making rates")
    }

    /// u from v with the K - 1 bins before it, (B, K - 1 + T, E) to (B, T, E).
    fn filter(&self, v: &Tensor) -> candle_core::Result<Tensor> {
        let n_bins = v.dim(1)? + 1 - self.kernel;
        let mut sum = None;
        for k in 0..self.kernel {
            let weight = self.conv_weight.narrow(2, k, 1)?.flatten_all()?;
            let part = v.narrow(1, k, n_bins)?.broadcast_mul(&weight)?;
            sum = Some(match sum {
                None => part.broadcast_add(&self.conv_bias)?,
                Some(sum) => (sum + part)?,
            });
        }
        sum.map_or_else(|| v.zeros_like(), |sum: Tensor| sum.silu())
    }
}

/// b_dt: what a softplus turns into steps that are log-uniform on [0.001, 0.1].
fn steps_before_softplus(channels: usize) -> impl FnOnce(&mut Stream) -> Vec<f64> {
    let (low, high) = (libm::log(0.001), libm::log(0.1));
    let raw = move |stream: &mut Stream| {
        let step = libm::exp(stream.uniform(low, high)).max(1e-4);
        step + libm::log(-libm::expm1(-step))
    };
    move |stream| (0..channels).map(|_| raw(stream)).collect()
}

impl Stage for Mamba {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        let (dtype, device) = (self.d.dtype(), self.d.device());
        if self.kernel > 1 {
            state.set_zeros(&self.conv_name, &[batch, self.kernel - 1, self.channels], dtype, device)?;
        }
        state.set_zeros(&self.h_name, &[batch, self.channels, self.states], dtype, device)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let (batch, _, n_bins) = x.dims3().during("reading units")?;
        let (e, window) = (self.channels, self.kernel - 1);
        let (x, from) = as_it_lies(x)?;
        let vz = statenet_kernels::affine(&x, from, &self.in_proj, None, Layout::TimeFirst)?;
        let part = |of: &Tensor, from, n| of.narrow(2, from, n).during("cutting channels");
        let (mut v, z) = (part(&vz, 0, e)?, part(&vz, e, e)?);
        if window > 0 {
            let context = state.get(&self.conv_name, &[batch, window, e])?;
            v = Tensor::cat(&[context, &v], 1).during("joining chunks")?;
            let last = v.narrow(1, n_bins, window).and_then(|last| last.force_contiguous());
            state.set(&self.conv_name, &last.during("advancing a window")?);
        }
        let u = self.filter(&v).during("filtering channels")?;

        let time_first = |x: &Tensor, weight: &Tensor, bias: Option<&Tensor>| {
            statenet_kernels::affine(x, Layout::TimeFirst, weight, bias, Layout::TimeFirst)
        };
        let qbc = time_first(&u, &self.x_proj, None)?;
        let (b, c) = (part(&qbc, self.rank, self.states)?, part(&qbc, self.rank + self.states, self.states)?);
        let steps = time_first(&part(&qbc, 0, self.rank)?, &self.dt_weight, Some(&self.dt_bias))?;
        let (y, h) = selective_scan(SelectiveScan {
            x: &u,
            delta: &statenet_kernels::softplus(&steps)?,
            a: &self.rates()?,
            b: &b,
            c: &c,
            d: &self.d,
            h0: state.get(&self.h_name, &[batch, e, self.states])?,
        })?;
        state.set(&self.h_name, &h);
        let gated = z.silu().and_then(|gate| y * gate).during("gating channels")?;
        Ok(statenet_kernels::affine(&gated, Layout::TimeFirst, &self.out_proj, None, Layout::ChannelsFirst)?)
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let affine = |weight: &Tensor, bias| steps::Affine::new(weight, bias);
        Ok(Some(vec![Box::new(MambaStep {
            in_proj: affine(&self.in_proj, None)?,
            conv_weight: values(OP, &self.conv_weight)?,
            conv_bias: values(OP, &self.conv_bias)?,
            x_proj: affine(&self.x_proj, None)?,
            dt_proj: affine(&self.dt_weight, Some(&self.dt_bias))?,
            scan: steps::SelectiveScan::new(&self.rates()?, &self.d)?,
            out_proj: affine(&self.out_proj, None)?,
            rank: self.rank,
            vz: vec![0.0; 2 * self.channels],
            qbc: vec![0.0; self.rank + 2 * self.states],
            scanned: vec![0.0; 2 * (self.channels + self.states)],
            y: vec![0.0; self.channels],
        })]))
    }
}

const OP: &str = "mamba";

/// The block for a single bin; the state is the last K - 1 bins of v (K - 1, E), then h (E, N).
struct MambaStep {
    in_proj: steps::Affine,
    conv_weight: Vec<f32>,
    conv_bias: Vec<f32>,
    x_proj: steps::Affine,
    dt_proj: steps::Affine,
    scan: steps::SelectiveScan,
    out_proj: steps::Affine,
    rank: usize,
    vz: Vec<f32>,
    qbc: Vec<f32>,
    /// What the scan takes: u, d, B and C.
    scanned: Vec<f32>,
    y: Vec<f32>,
}

impl MambaStep {
    fn window(&self) -> usize {
        self.conv_weight.len() - self.conv_bias.len()
    }
}

impl Step for MambaStep {
    fn n_inputs(&self) -> usize {
        self.in_proj.n_inputs()
    }

    fn n_outputs(&self) -> usize {
        self.out_proj.n_outputs()
    }

    fn n_state(&self) -> usize {
        self.window() + self.scan.n_state()
    }

    fn step(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) -> statenet_kernels::Result<()> {
        expect_lengths(OP, self, (input, state, output))?;
        let (past, h) = state.split_at_mut(self.window());
        let channels = self.conv_bias.len();
        self.in_proj.step(input, &mut [], &mut self.vz)?;
        let (v, z) = self.vz.split_at(channels);
        let (u, rest) = self.scanned.split_at_mut(channels);
        let kernel = self.conv_weight.len() / channels;
        for (e, (u, weight)) in u.iter_mut().zip(self.conv_weight.chunks_exact(kernel)).enumerate() {
            let earlier = past.iter().skip(e).step_by(channels).zip(weight);
            let now = weight[kernel - 1] * v[e];
            *u = silu(earlier.fold(self.conv_bias[e] + now, |sum, (v, w)| sum + v * w));
        }
        if !past.is_empty() {
            past.copy_within(channels.., 0);
            let newest = past.len() - channels;
            past[newest..].copy_from_slice(v);
        }
        self.x_proj.step(u, &mut [], &mut self.qbc)?;
        let (q, bc) = self.qbc.split_at(self.rank);
        let (delta, place) = rest.split_at_mut(channels);
        self.dt_proj.step(q, &mut [], delta)?;
        delta.iter_mut().for_each(|d| *d = softplus(*d));
        place.copy_from_slice(bc);
        self.scan.step(&self.scanned, h, &mut self.y)?;
        self.y.iter_mut().zip(z).for_each(|(y, z)| *y *= silu(*z));
        self.out_proj.step(&self.y, &mut [], output)
    }
}

fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
