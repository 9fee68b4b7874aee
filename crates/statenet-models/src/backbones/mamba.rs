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
//! In (B, I, T) or (B, T, I), out (B, I, T). Memory: unbounded. Before t = 0: v = 0, h = 0. No normalisation and no path around the block.
//! Parameters: E N (A_log) + E (D) + 2 E I + E (K + 1) + (R + 2 N) E + E (R + 1) + I E, with R = I / 16, rounded up.
//! Starts at A = -1 .. -N, D = 1, d log-uniform on [0.001, 0.1]; W_dt uniform within 1 / sqrt(R).
//!
//! Gu A, Dao T (2023). Mamba: linear-time sequence modeling with selective state spaces. arXiv:2312.00752.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::RandomStream;
use statenet_kernels::{
    Layout, SelectiveScan, Step, StepSizes, depthwise_conv1d, selective_scan, silu_gate, steps,
};

use crate::{
    config::limits::expect_size,
    error::{During, Error, Result},
    layers::window::Window,
    model::{
        memory::Memory,
        stage::{Stage, Units},
        state::State,
    },
    params::{init::Init, store::Scope},
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
            expect_size(&format!("{field}.{name}"), n, 1)?;
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
    rank: usize,
    /// How the input lies.
    layout: Layout,
    window: Window,
    h_name: String,
}

impl Mamba {
    pub(crate) fn new(config: &MambaConfig, input: Units, scope: &mut Scope<'_>) -> Result<Self> {
        let Units { n: inputs, layout } = input;
        const INPUTS_PER_RANK: usize = 16;
        let &MambaConfig { states, kernel, expand } = config;
        let (channels, rank) = (expand * inputs, inputs.div_ceil(INPUTS_PER_RANK));
        let rates = |_: &mut RandomStream| {
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
        let window = Window::new(scope.name("conv"), &[kernel - 1, channels], 1);
        let h_name = scope.name("h");
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
            rank,
            layout,
            window,
            h_name,
        })
    }

    /// A = -exp(A_log), (E, N).
    fn rates(&self) -> Result<Tensor> {
        self.a_log.exp().and_then(|a| a.neg()).during("computing decay rates")
    }
}

/// b_dt: what a softplus turns into steps that are log-uniform on [0.001, 0.1].
fn steps_before_softplus(channels: usize) -> impl FnOnce(&mut RandomStream) -> Vec<f64> {
    let (low, high) = (libm::log(0.001), libm::log(0.1));
    let raw = move |stream: &mut RandomStream| {
        let step = libm::exp(stream.uniform(low, high)).max(1e-4);
        step + libm::log(-libm::expm1(-step))
    };
    move |stream| (0..channels).map(|_| raw(stream)).collect()
}

impl Stage for Mamba {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        let (dtype, device) = (self.d.dtype(), self.d.device());
        self.window.init_state(batch, (dtype, device), state)?;
        state.set_zeros(&self.h_name, &[batch, self.channels, self.states], dtype, device)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let batch = x.dim(0).during("reading a batch")?;
        let e = self.channels;
        // Two products, each with half of the weights: slicing the channels of one product would copy all bins in the
        // backward pass.
        let half = |first: usize| {
            let weight = self.in_proj.narrow(0, first, e).during("slicing weights")?;
            Ok::<_, Error>(statenet_kernels::affine(x, self.layout, &weight, None, Layout::TimeFirst)?)
        };
        let (v, z) = (half(0)?, half(e)?);
        let part = |of: &Tensor, from, n| of.narrow(2, from, n).during("slicing channels");
        let filter = self.conv_weight.squeeze(1).during("reading a filter")?;
        let before = self.window.bins(batch, state)?;
        let u = depthwise_conv1d(&v, &filter, &self.conv_bias, before.as_ref())?;
        self.window.advance(before.as_ref(), &v, state)?;
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
        let gated = silu_gate(&y, &z)?;
        Ok(statenet_kernels::affine(&gated, Layout::TimeFirst, &self.out_proj, None, Layout::ChannelsFirst)?)
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let affine = |weight: &Tensor, bias| steps::Affine::new(weight, bias);
        let filter = self.conv_weight.squeeze(1).during("reading a filter")?;
        Ok(Some(vec![Box::new(MambaStep {
            in_proj: affine(&self.in_proj, None)?,
            filter: steps::DepthwiseConv1d::new(&filter, &self.conv_bias)?,
            x_proj: affine(&self.x_proj, None)?,
            dt_proj: affine(&self.dt_weight, Some(&self.dt_bias))?,
            positive: steps::Softplus::new(self.channels)?,
            scan: steps::SelectiveScan::new(&self.rates()?, &self.d)?,
            gate: steps::SiluGate::new(self.channels)?,
            out_proj: affine(&self.out_proj, None)?,
            channels: self.channels,
            rank: self.rank,
            vz: vec![0.0; 2 * self.channels],
            qbc: vec![0.0; self.rank + 2 * self.states],
            steps: vec![0.0; self.channels],
            scanned: vec![0.0; 2 * (self.channels + self.states)],
            yz: vec![0.0; 2 * self.channels],
            gated: vec![0.0; self.channels],
        })]))
    }
}

const OP: &str = "mamba";

/// The block for a single bin; the state is the last K - 1 bins of v (K - 1, E), then h (E, N).
struct MambaStep {
    in_proj: steps::Affine,
    filter: steps::DepthwiseConv1d,
    x_proj: steps::Affine,
    dt_proj: steps::Affine,
    positive: steps::Softplus,
    scan: steps::SelectiveScan,
    gate: steps::SiluGate,
    out_proj: steps::Affine,
    channels: usize,
    rank: usize,
    vz: Vec<f32>,
    qbc: Vec<f32>,
    /// Steps before softplus.
    steps: Vec<f32>,
    /// What the scan takes: u, d, B and C.
    scanned: Vec<f32>,
    /// What the gate takes: y and z.
    yz: Vec<f32>,
    gated: Vec<f32>,
}

impl Step for MambaStep {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.in_proj.n_inputs(),
            state: self.filter.n_state() + self.scan.n_state(),
            outputs: self.out_proj.n_outputs(),
        }
    }

    fn multiplications(&self) -> u64 {
        let projections = [&self.in_proj, &self.x_proj, &self.dt_proj, &self.out_proj];
        projections.into_iter().map(Step::multiplications).sum::<u64>()
            + self.filter.multiplications()
            + self.scan.multiplications()
            + self.gate.multiplications()
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let (past, h) = state.split_at_mut(self.filter.n_state());
        let none = &mut [];
        self.in_proj.bin(input, none, &mut self.vz);
        let (v, z) = self.vz.split_at(self.channels);
        let (u, rest) = self.scanned.split_at_mut(self.channels);
        let (delta, bc) = rest.split_at_mut(self.channels);
        let (y, gate) = self.yz.split_at_mut(self.channels);
        self.filter.bin(v, past, u);
        self.x_proj.bin(u, none, &mut self.qbc);
        self.dt_proj.bin(&self.qbc[..self.rank], none, &mut self.steps);
        self.positive.bin(&self.steps, none, delta);
        bc.copy_from_slice(&self.qbc[self.rank..]);
        self.scan.bin(&self.scanned, h, y);
        gate.copy_from_slice(z);
        self.gate.bin(&self.yz, none, &mut self.gated);
        self.out_proj.bin(&self.gated, none, output);
    }
}
