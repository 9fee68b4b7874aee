//! A causal average per channel, once in a bin.
//!
//! ```text
//! y[c,t] = sum_k w[c,k] x[c, (t+1) hop - K + k]
//! ```
//! In (B, C, T hop), out (B, C, T). Before the first sample: zeros.
//!
//! Each bin is multiplied with the part of every window that it lies in; a window is the sum of its parts. What a stream keeps is
//! those sums, not the samples.

use candle_core::{DType, Device, Tensor};

use crate::{
    error::{During, Result},
    layers::window::Window,
    model::state::State,
};

/// Windows of K samples over C channels.
pub(crate) struct Pool {
    taps: usize,
    hop: usize,
    dtype: DType,
    device: Device,
    /// The parts of the bins before a chunk.
    window: Window,
}

impl Pool {
    /// The state is called `parts_name`; `like` has its precision and device.
    pub(crate) fn new(
        channels: usize,
        taps: usize,
        hop: usize,
        like: (DType, &Device),
        parts_name: String,
    ) -> Self {
        let n_parts = n_bins(taps, hop);
        let window = Window::new(parts_name, &[channels, n_parts - 1, n_parts], 2);
        Self { taps, hop, dtype: like.0, device: like.1.clone(), window }
    }

    pub(crate) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.window.init_state(batch, (self.dtype, &self.device), state)
    }

    /// `x` (B, C, T hop) by `weight` (C, K) to (B, C, T).
    pub(crate) fn chunk(&self, x: &Tensor, weight: &Tensor, state: &mut State) -> Result<Tensor> {
        let batch = x.dim(0).during("reading a batch")?;
        let parts = self.parts(x, weight).during("averaging samples")?;
        let Some(earlier) = self.window.bins(batch, state)? else {
            return parts.squeeze(3).during("averaging samples");
        };
        self.window.advance(Some(&earlier), &parts, state)?;
        let sum = || -> candle_core::Result<Tensor> {
            let (_, _, n_bins, n_parts) = parts.dims4()?;
            let all = Tensor::cat(&[&earlier, &parts], 2)?;
            let part = |k: usize| all.narrow(2, k, n_bins)?.narrow(3, k, 1)?.squeeze(3);
            (1..n_parts).try_fold(part(0)?, |y, k| y + part(k)?)
        };
        sum().during("averaging samples")
    }

    /// (B, C, T, parts): bin t times part k of a window, the last of which is the window's own bin.
    fn parts(&self, x: &Tensor, weight: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, channels, n) = x.dims3()?;
        let (parts, hop) = (n_bins(self.taps, self.hop), self.hop);
        let bins = x.contiguous()?.reshape((batch, channels, n / hop, hop))?;
        let weight = weight.pad_with_zeros(1, parts * hop - self.taps, 0)?;
        let weight = weight.reshape((channels, parts, hop))?.transpose(1, 2)?.unsqueeze(0)?;
        bins.matmul(&weight.broadcast_as((batch, channels, hop, parts))?.contiguous()?)
    }
}

/// The plain mean of a window of K samples, per channel, once in a bin.
pub(crate) struct Mean {
    pool: Pool,
    /// (C, K)
    weight: Tensor,
}

impl Mean {
    /// As [`Pool::new`].
    pub(crate) fn new(
        channels: usize,
        taps: usize,
        hop: usize,
        like: (DType, &Device),
        parts_name: String,
    ) -> Result<Self> {
        let weight = Tensor::full(1.0 / taps as f64, (channels, taps), like.1)
            .and_then(|t| t.to_dtype(like.0))
            .during("making an average")?;
        Ok(Self { pool: Pool::new(channels, taps, hop, like, parts_name), weight })
    }

    pub(crate) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.pool.init_state(batch, state)
    }

    /// `x` (B, C, T hop) to (B, C, T).
    pub(crate) fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        self.pool.chunk(x, &self.weight, state)
    }
}

/// Bins of `hop` samples that a window of `taps` samples meets.
fn n_bins(taps: usize, hop: usize) -> usize {
    taps.div_ceil(hop).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_the_sum_of_its_parts() {
        let cpu = &Device::Cpu;
        let pool = Pool::new(2, 3, 2, (DType::F64, cpu), "parts".to_owned());
        let weight = Tensor::new(&[[100f64, 10.0, 1.0], [0.0, 0.0, 1.0]], cpu).unwrap();
        let x = Tensor::new(&[[[1f64, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]], cpu).unwrap();
        let run = |sizes: &[usize]| {
            let mut state = State::new();
            pool.init_state(1, &mut state).unwrap();
            let mut start = 0;
            let cut = |n: &usize| {
                start += n;
                let x = x.narrow(2, start - n, *n).unwrap();
                pool.chunk(&x, &weight, &mut state).unwrap()
            };
            let all: Vec<_> = sizes.iter().map(cut).collect();
            Tensor::cat(&all, 2).unwrap().squeeze(0).unwrap().to_vec2::<f64>().unwrap()
        };
        assert_eq!(run(&[4]), [[12.0, 234.0], [6.0, 8.0]]);
        assert_eq!(run(&[2, 2]), [[12.0, 234.0], [6.0, 8.0]]);
    }
}
