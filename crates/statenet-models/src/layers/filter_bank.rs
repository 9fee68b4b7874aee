//! Causal filters over samples, evaluated once in `stride` samples.
//!
//! ```text
//! y[o,t] = bias[o] + sum_{c,k} W[o,c,k] x[c, (t+1) stride - K + k]
//! ```
//! In (B, C, T stride), out (B, O, T): a window of K samples ends where the frame of `stride` samples ends. A window shorter than
//! its frame begins where the frame begins. Before the first sample: silence.
//!
//! A frame of samples is as many bands, one bin wide: with them the filter is a receptive field over ceil(K / stride) bins, which
//! is what computes it. Candle's own `conv1d` has wrong gradients (batches of 2 or more).

use candle_core::{DType, Device, Tensor};

use crate::{
    error::{During, Result},
    layers::window::Window,
    model::state::State,
};

/// Filters of K taps over C channels, once in `stride` samples.
pub(crate) struct Bank {
    taps: usize,
    stride: usize,
    dtype: DType,
    device: Device,
    /// The frames before a chunk.
    window: Window,
}

impl Bank {
    /// The state, the last frames of samples, is called `context_name`; `like` has its precision and device.
    pub(crate) fn new(
        channels: usize,
        taps: usize,
        stride: usize,
        like: (DType, &Device),
        context_name: String,
    ) -> Self {
        let window = Window::new(context_name, &[channels, stride, n_frames(taps, stride) - 1], 3);
        Self { taps, stride, dtype: like.0, device: like.1.clone(), window }
    }

    /// Samples back from the end of a frame to the first that its window meets.
    pub(crate) fn reach(&self) -> usize {
        self.taps.max(self.stride)
    }

    pub(crate) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.window.init_state(batch, (self.dtype, &self.device), state)
    }

    /// `x` (B, C, T stride) by `weight` (O, C, K) and `bias` (O) to (B, O, T).
    pub(crate) fn chunk(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        state: &mut State,
    ) -> Result<Tensor> {
        let frames = self.frames(x).during("cutting samples into frames")?;
        let weight = self.by_frame(weight).during("cutting filters into frames")?;
        let context = self.window.bins(x.dim(0).during("reading a batch")?, state)?;
        let y = statenet_kernels::causal_strf(&frames, &weight, bias, context.as_ref())?;
        self.window.advance(context.as_ref(), &frames, state)?;
        Ok(y)
    }

    /// (B, C, T stride) to (B, C, stride, T).
    fn frames(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, channels, n) = x.dims3()?;
        let x = x.contiguous()?;
        if self.stride == 1 {
            return x.reshape((batch, channels, 1, n));
        }
        x.reshape((batch, channels, n / self.stride, self.stride))?.transpose(2, 3)?.contiguous()
    }

    /// (O, C, K) to (O, C, stride, frames): zeros before a window that is longer than a frame, after one that is shorter.
    fn by_frame(&self, weight: &Tensor) -> candle_core::Result<Tensor> {
        let (outputs, channels, taps) = weight.dims3()?;
        let frames = n_frames(taps, self.stride);
        let missing = frames * self.stride - taps;
        let weight = match (missing, taps > self.stride) {
            (0, _) => weight.clone(),
            (_, true) => weight.pad_with_zeros(2, missing, 0)?,
            (_, false) => weight.pad_with_zeros(2, 0, missing)?,
        };
        weight.contiguous()?.reshape((outputs, channels, frames, self.stride))?.transpose(2, 3)?.contiguous()
    }
}

/// Frames of `stride` samples that a window of `taps` samples meets.
fn n_frames(taps: usize, stride: usize) -> usize {
    taps.div_ceil(stride).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(taps: usize, stride: usize, weight: &[f64], chunks: &[&[f64]]) -> Vec<f64> {
        let cpu = &Device::Cpu;
        let bank = Bank::new(1, taps, stride, (DType::F64, cpu), "context".to_owned());
        let weight = Tensor::new(weight, cpu).unwrap().reshape((1, 1, taps)).unwrap();
        let mut state = State::new();
        bank.init_state(1, &mut state).unwrap();
        let mut all = Vec::new();
        for chunk in chunks {
            let x = Tensor::new(*chunk, cpu).unwrap().reshape((1, 1, ())).unwrap();
            let y = bank.chunk(&x, &weight, None, &mut state).unwrap();
            all.extend(y.flatten_all().unwrap().to_vec1::<f64>().unwrap());
        }
        all
    }

    #[test]
    fn a_window_ends_with_its_frame() {
        let samples = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        // 100 x[2t-1] + 10 x[2t] + x[2t+1]
        let expected = [12.0, 234.0, 456.0];
        assert_eq!(run(3, 2, &[100.0, 10.0, 1.0], &[&samples]), expected);
        assert_eq!(run(3, 2, &[100.0, 10.0, 1.0], &[&samples[..2], &samples[2..]]), expected);
        assert_eq!(run(2, 1, &[10.0, 1.0], &[&samples[..3]]), [1.0, 12.0, 23.0]);
    }

    #[test]
    fn a_window_shorter_than_its_frame_begins_with_it() {
        assert_eq!(run(1, 3, &[1.0], &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]), [1.0, 4.0]);
    }

    #[test]
    fn a_window_over_many_frames_is_carried_through_single_ones() {
        let weight = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        let samples: Vec<f64> = (0..12).map(|i| f64::from(i * i % 7)).collect();
        let whole = run(7, 2, &weight, &[&samples]);
        assert_eq!(run(7, 2, &weight, &samples.chunks(2).collect::<Vec<_>>()), whole);
    }
}
