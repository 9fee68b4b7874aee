//! Receptive fields as a mixture of Gaussians over bands and lags (as in DCLS: Khalfaoui-Hassani, Pellegrini &
//! Masquelier 2023).
//!
//! ```text
//! g(f, k) = exp(-1/2 [((f - p) / s)^2 + ((k - q) / r)^2])      s = |sigma_f| + 0.27, r = |sigma_k| + 0.27
//! W[o,c,f,k] = sum_G w g(f, k) / (sum_{f',k'} g(f', k') + 1e-7)
//! ```
//! p and q are in bands and columns of W, each a cell around its number: a position that leaves the grid, below -1/2 or
//! above F - 1/2 (K - 1/2), is reflected at its border.
//! Parameters: O C 5 G and O (bias). Positions start uniform on the grid, widths at 1, w uniform within 1 / sqrt(C G),
//! the bias within 1.
//! Differs from the published kernel: there a Gaussian whose position leaves the grid never comes back.
//!
//! Khalfaoui-Hassani I, Pellegrini T, Masquelier T (2023). Dilated convolution with learnable spacings. ICLR.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::weights::{Span, Weights, expect_lags};
use crate::{
    config::limits::expect_size,
    error::Result,
    params::{init::Init, store::Scope},
};

/// A mixture of Gaussians over bands and lags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussiansConfig {
    /// Frames that the receptive field spans, the current one included; at least 1.
    pub lags: usize,
    /// Gaussians G, at least 1. Default 1.
    #[serde(default = "one")]
    pub n_gaussians: usize,
}

fn one() -> usize {
    1
}

impl GaussiansConfig {
    pub(super) fn validate(&self, field: &str) -> Result<()> {
        expect_lags(self.lags, 1, field)?;
        expect_size(&format!("{field}.n_gaussians"), self.n_gaussians, 1)
    }
}

const NARROWEST: f64 = 0.27;

pub(super) struct Gaussians {
    /// Positions and widths, (2, O, C, G), bands first.
    positions: Tensor,
    widths: Tensor,
    weights: Tensor,
    n_bands: usize,
    lags: usize,
}

impl Gaussians {
    pub(super) fn new(config: &GaussiansConfig, span: &Span, scope: &mut Scope<'_>) -> Result<Self> {
        let &Span { outputs, channels, n_bands, lags } = span;
        let n = config.n_gaussians;
        let each = outputs * channels * n;
        let shape = (2, outputs, channels, n);
        let on_the_grid = |stream: &mut statenet_core::RandomStream| {
            let mut axis =
                |n: usize| (0..each).map(|_| stream.uniform(0.0, (n - 1) as f64)).collect::<Vec<_>>();
            let bands = axis(n_bands);
            [bands, axis(lags)].concat()
        };
        Ok(Self {
            positions: scope.parameter_with("P", shape, on_the_grid)?,
            widths: scope.parameter("SIG", shape, Init::ONES)?,
            weights: scope.parameter("weight", (outputs, channels, n), Init::fan_in(channels * n))?,
            n_bands,
            lags,
        })
    }

    /// Along one axis, (O, C, G, n).
    fn along(&self, axis: usize, n: usize) -> candle_core::Result<Tensor> {
        let column = |of: &Tensor| of.narrow(0, axis, 1)?.squeeze(0)?.unsqueeze(3);
        let position = reflect(&column(&self.positions)?, n)?;
        let width = (column(&self.widths)?.abs()? + NARROWEST)?;
        let places = Tensor::arange(0u32, n as u32, position.device())?.to_dtype(position.dtype())?;
        let apart = places.reshape((1, 1, 1, n))?.broadcast_sub(&position)?.broadcast_div(&width)?;
        (apart.sqr()? * -0.5)?.exp()
    }
}

/// Positions on the grid of n cells, from -1/2 to n - 1/2: those outside are mirrored at its ends, as often as it takes.
fn reflect(position: &Tensor, n: usize) -> candle_core::Result<Tensor> {
    let n = n as f64;
    let from_edge = (position + 0.5)?;
    let periods = (from_edge.detach() / (2.0 * n))?.floor()?;
    let within = (from_edge - (periods * (2.0 * n))?)?;
    (within - n)?.abs()?.affine(-1.0, n - 0.5)
}

impl Weights for Gaussians {
    fn weight(&self) -> candle_core::Result<Tensor> {
        let (bands, lags) = (self.along(0, self.n_bands)?, self.along(1, self.lags)?);
        // A Gaussian over the plane is the product of two over its axes, and so is its sum.
        let sum = (bands.sum_keepdim(3)? * lags.sum_keepdim(3)?)?;
        let scale = (self.weights.unsqueeze(3)? / (sum + 1e-7)?)?;
        bands.broadcast_mul(&scale)?.transpose(2, 3)?.contiguous()?.matmul(&lags)
    }

    fn amplitude(&self) -> &Tensor {
        &self.weights
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn positions_outside_are_reflected() {
        let position = Tensor::new(&[0f64, 2.5, 4.25, -0.25, -1.0, 5.0, 9.75, -8.5], &Device::Cpu).unwrap();
        let reflected = reflect(&position, 5).unwrap().to_vec1::<f64>().unwrap();
        assert_eq!(reflected, [0.0, 2.5, 4.25, -0.25, 0.0, 4.0, -0.25, 1.5]);
    }
}
