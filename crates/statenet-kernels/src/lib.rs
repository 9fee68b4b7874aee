//! Fused, differentiable operations for Candle: recurrences, causal filters, normalisation, output curves,
//! masked losses.

mod affine;
mod band_convolution;
mod bands;
mod causal_strf;
mod channel_norm;
mod check;
mod curves;
mod error;
mod fresh;
mod functions;
mod gru;
mod isa;
mod lanes;
mod layout;
mod locally_connected;
mod losses;
mod op;
mod panels;
mod parallel;
mod product;
mod real;
mod softplus;
mod sums;
mod transpose;

pub use affine::affine;
pub use band_convolution::band_convolution;
pub use causal_strf::causal_strf;
pub use channel_norm::{Then, channel_norm};
pub use curves::{double_exponential_curve, sigmoid_curve, softplus_curve};
pub use error::{Dims, Error, Result};
pub use gru::gru;
pub use layout::Layout;
pub use locally_connected::locally_connected;
pub use losses::{masked_mse, masked_poisson};
pub use softplus::softplus;

/// Every operation once more from Candle's plain tensors: slow, obviously right, the oracle of the tests.
///
/// Same names, same signatures, same checks; they run wherever Candle does.
pub mod reference {
    pub use crate::{
        affine::reference::affine,
        band_convolution::reference::band_convolution,
        causal_strf::reference::causal_strf,
        channel_norm::reference::channel_norm,
        curves::reference::{double_exponential_curve, sigmoid_curve, softplus_curve},
        gru::reference::gru,
        locally_connected::reference::locally_connected,
        losses::reference::{masked_mse, masked_poisson},
        softplus::reference::softplus,
    };
}
