//! Per-channel energy normalisation (Wang et al. 2017, ICASSP, p. 5670): a gain control by a band's own past.
//!
//! ```text
//! M[t] = (1 - s) M[t-1] + s E[t],    M[-1] = 0
//! y[t] = (E[t] / (eps + M[t])^alpha + delta)^r - delta^r
//! ```
//! In (B, F, T), out (B, F, T). Memory: unbounded.

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use statenet_kernels::Layout;

use crate::{
    error::{During, Result, config_error},
    model::state::State,
};

/// A gain control that is the same in all bands and not trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PcenConfig {
    /// Weight s of the current bin in the average, above 0 and at most 1. Default 0.025.
    pub smoothing: f64,
    /// How much of the average is divided out, 0 to 1. Default 0.98.
    pub alpha: f64,
    /// Added before the root, above 0. Default 2.
    pub delta: f64,
    /// The root, above 0 and at most 1. Default 0.5.
    pub root: f64,
    /// Added to the average, above 0. Default 1e-6.
    pub eps: f64,
}

impl Default for PcenConfig {
    fn default() -> Self {
        Self { smoothing: 0.025, alpha: 0.98, delta: 2.0, root: 0.5, eps: 1e-6 }
    }
}

impl PcenConfig {
    pub(super) fn validate(&self, field: &str) -> Result<()> {
        let share = |x: f64| x > 0.0 && x <= 1.0;
        let above = |x: f64| x > 0.0 && x.is_finite();
        let checks = [
            ("smoothing", self.smoothing, share(self.smoothing), "above 0 and at most 1"),
            ("alpha", self.alpha, (0.0..=1.0).contains(&self.alpha), "0 to 1"),
            ("delta", self.delta, above(self.delta), "above 0"),
            ("root", self.root, share(self.root), "above 0 and at most 1"),
            ("eps", self.eps, above(self.eps), "above 0"),
        ];
        for (name, got, valid, expected) in checks {
            if !valid {
                return Err(config_error(&format!("{field}.{name}"), got, expected));
            }
        }
        Ok(())
    }

    /// The same numbers for every band.
    pub(super) fn numbers(&self, n_bands: usize, (dtype, device): (DType, &Device)) -> Result<Numbers> {
        let all = |x: f64| {
            Tensor::full(x, n_bands, device).and_then(|t| t.to_dtype(dtype)).during("making a gain control")
        };
        Ok(Numbers {
            smoothing: all(self.smoothing)?,
            alpha: all(self.alpha)?,
            delta: all(self.delta)?,
            root: all(self.root)?,
            eps: self.eps,
        })
    }
}

/// s, alpha, delta and r of each band, (F).
pub(super) struct Numbers {
    pub(super) smoothing: Tensor,
    pub(super) alpha: Tensor,
    pub(super) delta: Tensor,
    pub(super) root: Tensor,
    pub(super) eps: f64,
}

/// The recurrence; its numbers come with every call.
pub(super) struct Pcen {
    n_bands: usize,
    dtype: DType,
    device: Device,
    average_name: String,
}

impl Pcen {
    pub(super) fn new(n_bands: usize, like: (DType, &Device), average_name: String) -> Self {
        Self { n_bands, dtype: like.0, device: like.1.clone(), average_name }
    }

    pub(super) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        state.set_zeros(&self.average_name, &[batch, self.n_bands], self.dtype, &self.device)
    }

    /// `energy` (B, F, T), zero or more, to (B, F, T).
    pub(super) fn chunk(&self, energy: &Tensor, numbers: &Numbers, state: &mut State) -> Result<Tensor> {
        let batch = energy.dim(0).during("reading a batch")?;
        let before = state.get(&self.average_name, &[batch, self.n_bands])?;
        let decay = numbers.smoothing.affine(-1.0, 1.0).during("computing a gain control")?;
        let (average, last) =
            statenet_kernels::leaky(energy, Layout::ChannelsFirst, &decay, &numbers.smoothing, before)?;
        let normalize = || -> candle_core::Result<Tensor> {
            let column = |x: &Tensor| x.reshape((1, self.n_bands, 1));
            let (alpha, delta, root) =
                (column(&numbers.alpha)?, column(&numbers.delta)?, column(&numbers.root)?);
            let gain = (average + numbers.eps)?.log()?.broadcast_mul(&alpha)?.neg()?.exp()?;
            let power = |x: &Tensor| x.log()?.broadcast_mul(&root)?.exp();
            power(&(energy * gain)?.broadcast_add(&delta)?)?.broadcast_sub(&power(&delta)?)
        };
        let y = normalize().during("normalising energy")?;
        state.set(&self.average_name, &last);
        Ok(y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bins_by_hand() {
        let cpu = &Device::Cpu;
        let like = (DType::F64, cpu);
        let config = PcenConfig { smoothing: 0.5, alpha: 1.0, delta: 1.0, root: 0.5, eps: 1.0 };
        let pcen = Pcen::new(1, like, "average".to_owned());
        let mut state = State::new();
        pcen.init_state(1, &mut state).unwrap();
        let energy = Tensor::new(&[[[6f64, 12.0]]], cpu).unwrap();
        let y = pcen.chunk(&energy, &config.numbers(1, like).unwrap(), &mut state).unwrap();
        // M = 3, 7.5: sqrt(6 / 4 + 1) - 1 and sqrt(12 / 8.5 + 1) - 1.
        let y = y.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let expected = [2.5f64.sqrt() - 1.0, (12.0f64 / 8.5 + 1.0).sqrt() - 1.0];
        assert!(y.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{y:?}");
    }
}
