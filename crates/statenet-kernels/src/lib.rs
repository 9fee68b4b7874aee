//! Fused, differentiable operations for [Candle](candle_core): recurrences, causal filters, normalisation,
//! output curves, masked losses.
//!
//! In a graph of Candle's elementary operations each one costs a pass over memory, an allocation and a node, forward and
//! backward; a GRU over a clip of 1,000 bins becomes 20,000 nodes. Each operation here is one node with a hand-written
//! backward pass.
//!
//! ```
//! use candle_core::{DType, Device, Tensor, Var};
//! use statenet_kernels::{GatedCell, Layout, affine, gated_recurrence, masked_mse};
//!
//! let cpu = &Device::Cpu;
//! let x = Tensor::ones((2, 5, 3), DType::F32, cpu)?; // 2 stimuli, 5 channels, 3 bins
//! let weight_ih = Var::from_tensor(&Tensor::full(0.1f32, (12, 5), cpu)?)?; // to the gates of H = 4 units
//! let weight_hh = Var::from_tensor(&Tensor::full(0.1f32, (12, 4), cpu)?)?;
//! let bias_hh = Tensor::zeros(12, DType::F32, cpu)?;
//! let h0 = Tensor::zeros((2, 4), DType::F32, cpu)?;
//! let gates = affine(&x, Layout::ChannelsFirst, &weight_ih, None, Layout::TimeFirst)?;
//! let (states, _last) = gated_recurrence(GatedCell::Gru, &gates, &weight_hh, &bias_hh, &[h0])?;
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
//! | [`affine_then`] | the same, [`Then`] | the same | CPU |
//! | [`causal_self_attention`] | x (B, U, T), [`SelfAttention`] | (B, U, T) | CPU |
//! | [`causal_attention`] | q (B, heads, T, D), k and v (B, heads, S, D) | (B, heads, T, D) | CPU |
//! | [`causal_attention_dropped`] | the same, kept (B, heads, T, S) | (B, heads, T, D) | no device: plain tensors |
//! | [`gated_recurrence`] | [`GatedCell`], gates (B, T, G H), weight_hh (G H, H), bias_hh (G H), h0 and c0 (B, H) | states (B, T, H), last h and c (B, H) | CPU, CUDA |
//! | [`gated_layer`] | [`GatedCell`], x (B, I, T) or (B, T, I), [`GatedWeights`], h0 and c0 (B, H) | states (B, T, H), last h and c (B, H) | CPU |
//! | [`gated_layer_last`] | the same | last h and c (B, H) | CPU |
//! | [`lmu`] | inputs (B, T, H + 1), [`LmuWeights`], h0 (B, H), m0 (B, M) | states (B, T, H), last (B, H), memory (B, M) | CPU |
//! | [`leaky`] | x (B, C, T) or (B, T, C), decay (C), gain (C), z0 (B, C) | states like x, last (B, C) | CPU, CUDA |
//! | [`adaptation`] | x (B, C, T) or (B, T, C), decay (C), e0 (B, C) | averages like x, last (B, C) | CPU, CUDA |
//! | [`plasticity`] | gain, loss (B, C, T), rate (C), z0 (B, C) | states (B, C, T), last (B, C) | CPU |
//! | [`diagonal_scan`] | u (B, T, H), a, b, c (H, N, 2), s0 (B, H, N, 2) | y (B, T, H), last (B, H, N, 2) | CPU, CUDA |
//! | [`dplr_scan`] | u (B, T, H), [`DplrWeights`], s0 (B, H, N, 2) | y (B, T, H), last (B, H, N, 2) | CPU |
//! | [`selective_scan`] | [`SelectiveScan`]: x, delta (B, T, E), a (E, N), b, c (B, T, N), d (E), h0 (B, E, N) | y (B, T, E), last (B, E, N) | CPU, CUDA |
//! | [`depthwise_conv1d`] | x (B, T, C), weight (C, K), bias (C), context (B, K-1, C) | (B, T, C) | CPU |
//! | [`causal_strf`] | x (B, C, F, T), weight (O, C, F, K), bias (O), context (B, C, F, K-1) | (B, O, T) | CPU |
//! | [`causal_conv2d`] | x (B, Ci, F, T), weight (Co, Ci, Kf, Kt), bias (Co), context (B, Ci, F, Kt-1) | (B, Co, F-Kf+1, T) | CPU |
//! | [`normed_conv2d`] | the same, [`NormThen`] | (B, Co, F-Kf+1, T) | CPU |
//! | [`locally_connected`] | x (B, Ci, F, T), weights (C, Ci K, L), biases (C, L) | (B, C, L, T) | CPU |
//! | [`band_convolution`] | x (B, Ci, F, T), weight (C, Ci, K), bias (C) | (B, C, L, T) | CPU |
//! | [`local_encoder`] | x (B, Ci, F, T), weights (C, Ci K, L), biases (C, L), gain (C), bias (C) | (B, C, L, T) | CPU |
//! | [`silu_gate`] | x, z, one shape | the same | CPU |
//! | [`channel_norm`] | x (B, C, L, T), gain (C), bias (C) | (B, C, L, T) | CPU |
//! | [`dropout`] | x, kept, one shape | the same | CPU |
//! | [`softplus`] | x, any shape | the same | CPU |
//! | [`softplus_curve`], [`sigmoid_curve`], [`exponential_curve`], [`double_exponential_curve`] | x (B, N, T), parameters (N) | (B, N, T) | CPU |
//! | [`masked_mse`], [`masked_poisson`], [`masked_correlation`] | rate, target, mask (B, N, T) | scalar | CPU |
//! | [`masked_gaussian`] | the same, log_variance (N) | scalar | CPU |
//! | [`masked_negative_binomial`] | the same, log_dispersion (N) | scalar | CPU |
//!
//! A [`gated_layer`] makes the gates of a recurrence from its input, as PyTorch's `nn.GRU` does: faster and smaller than the
//! product and the recurrence apart. [`steps`] has the operations one bin at a time.
//!
//! On any other device an operation is computed from plain tensors, as in [`reference`](mod@reference): the same shapes,
//! values and gradients, slower, and with a graph that grows with T where time is a loop. The same holds on CUDA in f64, and
//! where a block needs more shared memory than the device has: the weights of a GRU beyond H = 88 on a GeForce, 114 on an
//! A100, 136 on an H100; the states of a selective scan beyond N = 74, 123, 172. All arguments of a call must lie on one
//! device.
//!
//! # What holds for all of them
//!
//! - Every input, parameter and initial state gets a gradient, which is computed only where it is tracked. Target and mask
//!   of the losses, what [`dropout`] keeps, the turns of [`causal_self_attention`] and the constants of [`lmu`] get none. There are no second derivatives.
//! - Inputs may have any strides; contiguous ones are not copied.
//! - All are causal: a change of the input after bin t leaves the output up to t as it was, bit for bit.
//! - On the CPU, stimuli of a batch are computed in parallel, in the rayon pool of the caller. Results have the same bits
//!   for any number of threads, and a single stimulus is computed in the calling thread.
//! - AVX-512, or AVX2 with FMA, is used where the processor has it, whatever the build's flags (`STATENET_ISA=avx2` or
//!   `plain` holds a run back); results differ between instruction sets by rounding. exp, tanh and the like in f32 are off
//!   by at most 3.5 units in the last place.
//!
//! Tests hold every operation to these and to further laws; `tests/laws.md` has the table.
//!
//! # Features
//!
//! None is on by default. `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` turn on Candle's features of the same
//! names. The CUDA kernels of this crate are compiled by NVRTC when they are first used.

#[cfg_attr(
    not(feature = "cuda"),
    allow(dead_code, reason = "nothing runs the kernels in this build but tests")
)]
mod cuda;
mod dense;
mod error;
mod filters;
mod matrix;
mod parallel;
mod pointwise;
mod rnn;
mod scans;
mod simd;
mod step;
mod tensor;

pub use dense::affine::{affine, affine_then};
pub use dense::causal_attention::{causal_attention, causal_attention_dropped};
pub use dense::causal_self_attention::{SelfAttention, causal_self_attention};
pub use error::{Dims, Error, Result};
pub use filters::band_convolution::band_convolution;
pub use filters::causal_conv2d::causal_conv2d;
pub use filters::causal_strf::causal_strf;
pub use filters::depthwise_conv1d::depthwise_conv1d;
pub use filters::local_encoder::local_encoder;
pub use filters::locally_connected::locally_connected;
pub use filters::normed_conv2d::{NormThen, normed_conv2d};
pub use pointwise::channel_norm::channel_norm;
pub use pointwise::dropout::dropout;
pub use pointwise::losses::{
    masked_correlation, masked_gaussian, masked_mse, masked_negative_binomial, masked_poisson,
};
pub use pointwise::output_curves::{
    double_exponential_curve, exponential_curve, sigmoid_curve, softplus_curve,
};
pub use pointwise::silu_gate::silu_gate;
pub use pointwise::softplus::softplus;
pub use pointwise::then::Then;
pub use rnn::gated::{GatedCell, GatedWeights, gated_layer, gated_layer_last, gated_recurrence};
pub use rnn::lmu::{LmuWeights, lmu};
pub use scans::adaptation::adaptation;
pub use scans::diagonal::diagonal_scan;
pub use scans::dplr::{DplrWeights, dplr_scan};
pub use scans::leaky::leaky;
pub use scans::plasticity::plasticity;
pub use scans::selective::{SelectiveScan, selective_scan};
pub use step::{Step, StepSizes};
pub use tensor::layout::Layout;

/// Operations one bin at a time, without allocations: types that implement [`Step`].
pub mod steps {
    pub use crate::step::values;
    pub use crate::{
        dense::{affine::step::Affine, causal_attention::CausalAttentionStep as CausalAttention},
        filters::{
            band_convolution::step::BandConvolution, causal_conv2d::step::CausalConv2d,
            causal_strf::step::CausalStrf, depthwise_conv1d::step::DepthwiseConv1d,
            local_encoder::LocalEncoderStep as LocalEncoder, locally_connected::step::LocallyConnected,
        },
        pointwise::{
            channel_norm::step::ChannelNorm, output_curves::step::OutputCurve, silu_gate::step::SiluGate,
            softplus::step::Softplus,
        },
        rnn::{gated::step::GatedRecurrence, lmu::step::Lmu},
        scans::{
            adaptation::step::Adaptation, diagonal::step::DiagonalScan, dplr::step::DplrScan,
            leaky::step::Leaky, plasticity::step::Plasticity, selective::step::SelectiveScan,
        },
        step::{average::Average, sequential::Sequential},
    };
}

/// Every operation from Candle's plain tensors: slow, simple, and what the tests compare with.
///
/// Same names, signatures and checks; they run on any device that Candle has.
pub mod reference {
    pub use crate::{
        dense::{
            affine::reference::{affine, affine_then},
            causal_attention::reference::causal_attention,
            causal_self_attention::reference::causal_self_attention,
        },
        filters::{
            band_convolution::reference::band_convolution, causal_conv2d::reference::causal_conv2d,
            causal_strf::reference::causal_strf, depthwise_conv1d::reference::depthwise_conv1d,
            local_encoder::reference::local_encoder, locally_connected::reference::locally_connected,
            normed_conv2d::reference::normed_conv2d,
        },
        pointwise::{
            channel_norm::reference::channel_norm,
            dropout::reference::dropout,
            losses::reference::{
                masked_correlation, masked_gaussian, masked_mse, masked_negative_binomial, masked_poisson,
            },
            output_curves::reference::{
                double_exponential_curve, exponential_curve, sigmoid_curve, softplus_curve,
            },
            silu_gate::reference::silu_gate,
            softplus::reference::softplus,
        },
        rnn::{
            gated::reference::{gated_layer, gated_layer_last, gated_recurrence},
            lmu::reference::lmu,
        },
        scans::{
            adaptation::reference::adaptation, diagonal::reference::diagonal_scan,
            dplr::reference::dplr_scan, leaky::reference::leaky, plasticity::reference::plasticity,
            selective::reference::selective_scan,
        },
    };
}
