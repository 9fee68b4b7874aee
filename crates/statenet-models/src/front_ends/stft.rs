//! The short-time Fourier transform of sound, once in a bin.
//!
//! ```text
//! X[k,t] = sum_n window[n] x[(t+1) hop - K + n] e^(-2 pi i k n / N)        K samples, k = 0..N/2
//! ```
//! The transform is a matrix product in f64: beside a tone of full scale, bands at the floor of a logarithm are a millionth of it,
//! and f32 would be off by some per cent there.

use std::f64::consts::TAU;

use candle_core::{DType, Device, Tensor};

use crate::{
    error::{During, Result},
    layers::filter_bank::Bank,
    model::state::State,
    params::store::Scope,
};

/// Samples of a window: its transform is a matrix of as many columns, and as many rows or more.
pub(super) const LONGEST: usize = 4096;
/// Keeps the slope of a magnitude finite in silence.
const SILENCE: f64 = 1e-30;

/// f64 where the device has it. Metal has not.
pub(super) fn wide(dtype: DType, device: &Device) -> DType {
    if device.is_metal() { dtype } else { DType::F64 }
}

/// The square root of powers of any precision, with a finite slope in silence.
pub(super) fn root(power: &Tensor) -> candle_core::Result<Tensor> {
    (power + SILENCE)?.sqrt()
}

/// Windowed cosines and sines of frequencies.
pub(super) struct Stft {
    bank: Bank,
    /// (2 (N/2 + 1), 1, K)
    transform: Tensor,
}

impl Stft {
    /// A transform over `size` points, N, of a window of at most as many, at the end of each bin of `hop` samples.
    pub(super) fn new(
        window: &[f64],
        size: usize,
        hop: usize,
        (dtype, device): (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (n, wide) = (size / 2 + 1, wide(dtype, device));
        let phase = |k: usize, n: usize| TAU * ((k * n) % size) as f64 / size as f64;
        let row =
            |of: fn(f64) -> f64, k: usize| window.iter().enumerate().map(move |(n, w)| w * of(phase(k, n)));
        let cosines = (0..n).flat_map(|k| row(f64::cos, k));
        let values: Vec<f64> = cosines.chain((0..n).flat_map(|k| row(f64::sin, k))).collect();
        let transform = Tensor::from_vec(values, (2 * n, 1, window.len()), &Device::Cpu)
            .and_then(|t| t.to_dtype(wide)?.to_device(device))
            .during("making a Fourier transform")?;
        let bank = Bank::new(1, window.len(), hop, (wide, device), scope.name("context"));
        Ok(Self { bank, transform })
    }

    /// Frequencies from 0 to half the sample rate, N/2 + 1.
    pub(super) fn n_frequencies(&self) -> usize {
        self.transform.dims().first().map_or(1, |rows| rows / 2)
    }

    /// Samples back from the end of a bin to the first that its window meets.
    pub(super) fn reach(&self) -> usize {
        self.bank.reach()
    }

    pub(super) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.bank.init_state(batch, state)
    }

    /// Sound (B, 1, T hop) to |X|^2, (B, N/2 + 1, T), of the precision of the transform.
    pub(super) fn power(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let x = x.to_dtype(self.transform.dtype()).during("widening samples")?;
        let parts = self.bank.chunk(&x, &self.transform, None, state)?;
        let power = || {
            let n = parts.dim(1)? / 2;
            parts.narrow(1, 0, n)?.sqr()? + parts.narrow(1, n, n)?.sqr()?
        };
        power().during("computing powers")
    }

    /// Sound (B, 1, T hop) to |X|, (B, N/2 + 1, T), of the given precision.
    pub(super) fn magnitude(&self, x: &Tensor, dtype: DType, state: &mut State) -> Result<Tensor> {
        let power = self.power(x, state)?;
        root(&power).and_then(|m| m.to_dtype(dtype)).during("computing magnitudes")
    }
}

/// A window that begins and ends with 0.
pub(super) fn symmetric_hann(n: usize) -> Vec<f64> {
    hann(n, n - 1)
}

/// A window that begins with 0; one sample more would be 0 again.
pub(super) fn periodic_hann(n: usize) -> Vec<f64> {
    hann(n, n)
}

fn hann(n: usize, period: usize) -> Vec<f64> {
    (0..n).map(|i| 0.5 - 0.5 * (TAU * i as f64 / period as f64).cos()).collect()
}
