//! Fused, differentiable operations for [Candle](candle_core): recurrences, causal filters, normalisation,
//! output curves, masked losses.
//!
//! Candle's graph of elementary operations costs a memory pass, an allocation and a graph node for each of
//! them, forward and backward; a GRU over a clip of 1,000 bins becomes 20,000 nodes. Each operation here is one
//! node with a hand-written backward pass.
//!
//! ```
//! use candle_core::{DType, Device, Tensor, Var};
//! use statenet_kernels::{Layout, affine, gru, masked_mse};
//!
//! let cpu = &Device::Cpu;
//! let x = Tensor::ones((2, 5, 3), DType::F32, cpu)?; // 2 stimuli, 5 channels, 3 bins
//! let weight_ih = Var::from_tensor(&Tensor::full(0.1f32, (12, 5), cpu)?)?; // to the gates of H = 4 units
//! let weight_hh = Var::from_tensor(&Tensor::full(0.1f32, (12, 4), cpu)?)?;
//! let bias_hh = Tensor::zeros(12, DType::F32, cpu)?;
//! let h0 = Tensor::zeros((2, 4), DType::F32, cpu)?;
//! let gates = affine(&x, Layout::ChannelsFirst, &weight_ih, None, Layout::TimeFirst)?;
//! let (states, _last) = gru(&gates, &weight_hh, &bias_hh, &h0)?;
//! let loss = masked_mse(&states, &states.zeros_like()?, &states.ones_like()?)?;
//! assert!(loss.backward()?.get(&weight_hh).is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Operations
//!
//! B stimuli, C channels, F bands, T bins, H units, N neurons, L positions; all f32 or f64.
//!
//! | operation | inputs | output | fused on |
//! |---|---|---|---|
//! | [`affine`] | x (B, I, T) or (B, T, I), weight (O, I), bias (O) | (B, O, T) or (B, T, O) | CPU |
//! | [`gru`] | gates (B, T, 3H), weight (3H, H), bias (3H), h0 (B, H) | states (B, T, H), last (B, H) | CPU, CUDA |
//! | [`rnn`] | gates (B, T, H), weight (H, H), bias (H), h0 (B, H) | states (B, T, H), last (B, H) | CPU, CUDA |
//! | [`lstm`], [`sublstm`] | gates (B, T, 4H), weight (4H, H), bias (4H), h0, c0 (B, H) | states (B, T, H), last h, c (B, H) | CPU, CUDA |
//! | [`causal_attention`] | q (B, heads, T, D), k and v (B, heads, S, D) | (B, heads, T, D) | CPU |
//! | [`causal_attention_dropped`] | the same, kept (B, heads, T, S) | (B, heads, T, D) | no device: plain |
//! | [`causal_conv2d`] | x (B, Ci, F, T), weight (Co, Ci, Kf, Kt), bias (Co), context (B, Ci, F, Kt-1) | (B, Co, F-Kf+1, T) | CPU |
//! | [`lmu`] | inputs (B, T, H + 1), [`LmuWeights`], h0 (B, H), m0 (B, M) | states (B, T, H), last (B, H), memory (B, M) | CPU |
//! | [`leaky`] | x (B, C, T) or (B, T, C), decay (C), gain (C), z0 (B, C) | states like x, last (B, C) | CPU, CUDA |
//! | [`adaptation`] | x (B, C, T) or (B, T, C), decay (C), e0 (B, C) | averages like x, last (B, C) | CPU, CUDA |
//! | [`plasticity`] | gain, loss (B, C, T), rate (C), z0 (B, C) | states (B, C, T), last (B, C) | CPU |
//! | [`diagonal_scan`] | u (B, T, H), A, B, C (H, N, 2), s0 (B, H, N, 2) | y (B, T, H), last (B, H, N, 2) | CPU, CUDA |
//! | [`dplr_scan`] | u (B, T, H), [`DplrWeights`], s0 (B, H, N, 2) | y (B, T, H), last (B, H, N, 2) | CPU |
//! | [`selective_scan`] | x, delta (B, T, E), A (E, N), B, C (B, T, N), D (E), h0 (B, E, N) | y (B, T, E), last (B, E, N) | CPU, CUDA |
//! | [`short_filter`] | x (B, T, C), weight (C, K), bias (C), context (B, K-1, C) | (B, T, C) | CPU |
//! | [`silu_gate`] | x, z, one shape | the same | CPU |
//! | [`causal_strf`] | x (B, C, F, T), weight (O, C, F, K), bias (O), context (B, C, F, K-1) | (B, O, T) | CPU |
//! | [`locally_connected`] | x (B, Ci, F, T), weights (C, Ci K, L), biases (C, L) | (B, C, L, T) | CPU |
//! | [`band_convolution`] | x (B, Ci, F, T), weight (C, Ci, K), bias (C) | (B, C, L, T) | CPU |
//! | [`local_encoder`] | as [`locally_connected`], gain (C), bias (C) | (B, C, L, T) | CPU |
//! | [`channel_norm`] | x (B, C, L, T), gain (C), bias (C) | (B, C, L, T) | CPU |
//! | [`softplus`] | x, any shape | the same | CPU |
//! | [`softplus_curve`], [`sigmoid_curve`], [`exponential_curve`], [`double_exponential_curve`] | x (B, N, T), parameters (N) | (B, N, T) | CPU |
//! | [`masked_mse`], [`masked_poisson`] | rate, target, mask (B, N, T) | scalar | CPU |
//!
//! Recurrences with the product that makes their gates of an input, as PyTorch's `nn.GRU` has it, are [`modules`]: faster and
//! smaller than the two apart. [`stacked`] runs K independent models in one call, [`steps`] one bin at a time.
//!
//! On another device, and on CUDA in f64 or where what a block needs is too much for the memory on chip (the weights of
//! a GRU beyond H = 88 on a GeForce, 114 on an A100, 136 on an H100; the states of a selective scan beyond N = 74, 123,
//! 172), an operation is computed from plain tensors,
//! as [`reference`](mod@reference) has it: the same shapes, values and gradients, slower, and with a graph that grows
//! with T where time is a loop. All arguments of a call must lie on one device.
//!
//! # What holds for all of them
//!
//! - Gradients of every input, parameter and initial state; only inputs that are tracked cost anything. Target
//!   and mask of the losses are the exception: they get none. There are no second derivatives.
//! - Inputs may lie in memory in any way; contiguous ones are not copied.
//! - Time never runs backwards: a change of the input after bin t leaves the output up to t bit-equal.
//! - On the CPU, batches are shared out among the threads of the rayon pool that the caller runs in. The number
//!   of threads does not show in the bits, and a single stimulus is computed in the calling thread.
//! - AVX2 and FMA are used where the processor has them, whatever the build's flags; results then differ from
//!   those of older processors by rounding. exp, tanh and the like in f32 are off by at most 3.5 units in the
//!   last place.
//!
//! # Features
//!
//! None is on by default. `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` turn on Candle's features of the same
//! names. The CUDA kernels of this crate are compiled by NVRTC when they are first used.

mod adaptation;
mod affine;
mod alike;
mod band_convolution;
mod bands;
mod causal_attention;
mod causal_conv2d;
mod causal_strf;
mod chain;
mod channel_norm;
mod check;
#[cfg_attr(
    not(feature = "cuda"),
    allow(dead_code, reason = "nothing runs the kernels in this build but tests")
)]
mod cuda;
mod curves;
mod diagonal_scan;
mod dplr_scan;
mod error;
mod fresh;
mod functions;
mod gru;
mod isa;
mod lanes;
mod layout;
mod leaky;
mod lmu;
mod local_encoder;
mod locally_connected;
mod losses;
mod lstm;
pub mod modules;
mod op;
mod outer;
mod panels;
mod parallel;
mod plasticity;
mod product;
mod real;
mod recurrent;
mod rnn;
mod selective_scan;
mod short_filter;
mod silu_gate;
mod softplus;
pub mod stacked;
mod step;
mod sublstm;
mod sums;
mod transpose;

pub use adaptation::adaptation;
pub use affine::affine;
pub use band_convolution::band_convolution;
pub use causal_attention::{causal_attention, causal_attention_dropped};
pub use causal_conv2d::causal_conv2d;
pub use causal_strf::causal_strf;
pub use channel_norm::{Then, channel_norm};
pub use curves::{double_exponential_curve, exponential_curve, sigmoid_curve, softplus_curve};
pub use diagonal_scan::diagonal_scan;
pub use dplr_scan::{DplrWeights, dplr_scan};
pub use error::{Dims, Error, Result};
pub use gru::gru;
pub use layout::Layout;
pub use leaky::leaky;
pub use lmu::{LmuWeights, lmu};
pub use local_encoder::local_encoder;
pub use locally_connected::locally_connected;
pub use losses::{masked_mse, masked_poisson};
pub use lstm::lstm;
pub use plasticity::plasticity;
pub use recurrent::CellRun;
pub use rnn::rnn;
pub use selective_scan::{SelectiveScan, selective_scan};
pub use short_filter::short_filter;
pub use silu_gate::silu_gate;
pub use softplus::softplus;
pub use step::Step;
pub use sublstm::sublstm;

/// Operations one bin at a time, without the heap: values of [`Step`].
pub mod steps {
    pub use crate::step::{check_lengths, values};
    pub use crate::{
        adaptation::step::Adaptation, affine::step::Affine, band_convolution::step::BandConvolution,
        causal_attention::CausalAttentionStep as CausalAttention, causal_conv2d::step::CausalConv2d,
        causal_strf::step::CausalStrf, chain::Chain, channel_norm::step::ChannelNorm,
        curves::step::OutputCurve, diagonal_scan::step::DiagonalScan, dplr_scan::step::DplrScan,
        gru::GruStep as Gru, leaky::step::Leaky, lmu::step::Lmu,
        local_encoder::LocalEncoderStep as LocalEncoder, locally_connected::step::LocallyConnected,
        lstm::LstmStep as Lstm, plasticity::step::Plasticity, recurrent::RecurrentStep, rnn::RnnStep as Rnn,
        selective_scan::step::SelectiveScan, short_filter::step::ShortFilter, silu_gate::step::SiluGate,
        softplus::step::Softplus, sublstm::SubLstmStep as SubLstm,
    };
}

/// Every operation once more from Candle's plain tensors: slow, obviously right, the oracle of the tests.
///
/// Same names, same signatures, same checks; they run wherever Candle does.
pub mod reference {
    pub use crate::{
        adaptation::reference::adaptation,
        affine::reference::affine,
        band_convolution::reference::band_convolution,
        causal_attention::reference::causal_attention,
        causal_conv2d::reference::causal_conv2d,
        causal_strf::reference::causal_strf,
        channel_norm::reference::channel_norm,
        curves::reference::{double_exponential_curve, exponential_curve, sigmoid_curve, softplus_curve},
        diagonal_scan::reference::diagonal_scan,
        dplr_scan::reference::dplr_scan,
        gru::reference::gru,
        leaky::reference::leaky,
        lmu::reference::lmu,
        local_encoder::reference::local_encoder,
        locally_connected::reference::locally_connected,
        losses::reference::{masked_mse, masked_poisson},
        lstm::reference::lstm,
        plasticity::reference::plasticity,
        rnn::reference::rnn,
        selective_scan::reference::selective_scan,
        short_filter::reference::short_filter,
        silu_gate::reference::silu_gate,
        softplus::reference::softplus,
        sublstm::reference::sublstm,
    };
}
