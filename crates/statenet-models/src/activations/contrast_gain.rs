//! Contrast gain control: an output curve whose slope and threshold follow the contrast of the sound so far (Rabinowitz
//! et al. 2011, 2012).
//!
//! ```text
//! e[f,t+1] = a e + (1 - a) x[f,t]                                  a = 1 - dt / mean_tau: the band's running mean
//! v[n,t+1] = v + (sum_f w[n,f] (x[f,t] - e[f,t])^2 - v) / tau[n]        the neuron's running contrast, squared
//! C[n,t] = sqrt(v[n,t] + 0.1^2)
//! r[n,t] = curve_n((drive[n,t] - s[n] C[n,t]) / (1 + C[n,t]))
//! ```
//! x is the cochleagram (B, 1, F, T), whatever stands between it and the drive (B, N, T): composes with every prefilter,
//! core and readout. Bin t is scaled by the contrast of the bins before it. Memory: unbounded. Before t = 0: e = 0 and
//! v = sum_f w, mean and contrast of a standardised cochleagram; the state is e and v - sum_f w.
//! Parameters, all the neuron's own: N (F + 2) and the curve's. w = sp(raw_w) says in which bands the neuron listens to
//! contrast and how much, tau = 1 + d^2 bins how fast, s (free, 0 at the start) how its threshold moves.
//!
//! With a sigmoid of centre c and width d this is the papers' contrast-dependent nonlinearity: width d (1 + C) and centre
//! c + (c + s) C, both linear in the contrast, whose kernel is separable into a weight per band and an exponential in
//! time. Differs from them: contrast is estimated from the sound, where theirs was a parameter of the stimulus; bands are
//! pooled as variances, not as standard deviations; weights are positive; with other curves than a sigmoid the same
//! scaling and shifting is theirs.
//!
//! Rabinowitz NC, Willmore BDB, Schnupp JWH, King AJ (2011). Contrast gain control in auditory cortex. Neuron
//! 70:1178-1191.
//! Rabinowitz NC, Willmore BDB, Schnupp JWH, King AJ (2012). Spectrotemporal contrast kernels for neurons in primary
//! auditory cortex. Journal of Neuroscience 32:11271-11284.

use candle_core::Tensor;
use statenet_core::Axes;
use statenet_kernels::steps::{self, Sequential, values};
use statenet_kernels::{Layout, Step, StepSizes, adaptation, affine, softplus};

use super::config::ContrastGainConfig;
use crate::{
    error::{During, Result},
    layers::steps::expect_length,
    model::state::State,
    params::{init::Init, softplus::inverse_softplus, store::Scope, time_constant},
    tensors::f64_values,
};

/// Added to the squared contrast, so that silence does not divide by zero.
const LEAST: f64 = 0.01;

pub(super) struct ContrastGain {
    raw_weight: Tensor,
    d: Tensor,
    shift: Tensor,
    mean_decay: f64,
    n_bands: usize,
    mean_name: String,
    contrast_name: String,
}

impl ContrastGain {
    pub(super) fn new(config: &ContrastGainConfig, axes: &Axes, scope: &mut Scope<'_>) -> Result<Self> {
        let (n, n_bands) = (axes.n_neurons, axes.n_bands);
        let share = config.initial_strength.powi(2) / n_bands as f64;
        let rate = time_constant::rate_of(config.initial_tau_ms, axes);
        Ok(Self {
            raw_weight: scope.parameter("raw_w", (n, n_bands), Init::Constant(inverse_softplus(share)))?,
            d: scope.parameter("d", n, Init::Constant(time_constant::root(rate)))?,
            shift: scope.parameter("s", n, Init::ZEROS)?,
            mean_decay: 1.0 - time_constant::rate_of(config.mean_tau_ms, axes),
            n_bands,
            mean_name: scope.name("mean"),
            contrast_name: scope.name("contrast"),
        })
    }

    /// w (N, F) and its sum over bands (N).
    fn weights(&self) -> Result<(Tensor, Tensor)> {
        let weight = softplus(&self.raw_weight)?;
        let lasting = weight.sum(1).during("summing weights")?;
        Ok((weight, lasting))
    }

    /// a (F), 1 - 1 / tau (N).
    fn decays(&self) -> candle_core::Result<(Tensor, Tensor)> {
        let of_mean =
            Tensor::full(self.mean_decay, self.n_bands, self.d.device())?.to_dtype(self.d.dtype())?;
        Ok((of_mean, time_constant::rate(&self.d)?.affine(-1.0, 1.0)?))
    }

    pub(super) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        let (n, dtype, device) = (self.d.elem_count(), self.d.dtype(), self.d.device());
        state.set_zeros(&self.mean_name, &[batch, self.n_bands], dtype, device)?;
        state.set_zeros(&self.contrast_name, &[batch, n], dtype, device)
    }

    /// Drives (B, N, T) scaled and shifted by the contrast of the sound (B, 1, F, T).
    pub(super) fn chunk(&self, drive: &Tensor, sound: &Tensor, state: &mut State) -> Result<Tensor> {
        let (batch, n, _) = drive.dims3().during("reading drives")?;
        let (of_mean, of_contrast) = self.decays().during("computing time constants")?;
        let (weight, lasting) = self.weights()?;
        let channels = Layout::ChannelsFirst;
        let x = sound.squeeze(1).and_then(|x| x.contiguous()).during("reading a cochleagram")?;
        let before = state.get(&self.mean_name, &[batch, self.n_bands])?;
        let (mean, next_mean) = adaptation(&x, channels, &of_mean, before)?;
        let deviation = (x - mean).and_then(|d| d.sqr()).during("computing deviations from the mean")?;
        let less = lasting.neg().during("summing weights")?;
        let pooled = affine(&deviation, channels, &weight, Some(&less), channels)?;
        let before = state.get(&self.contrast_name, &[batch, n])?;
        let (beyond, next) = adaptation(&pooled, channels, &of_contrast, before)?;
        state.set(&self.mean_name, &next_mean);
        state.set(&self.contrast_name, &next);
        let scale = || -> candle_core::Result<Tensor> {
            let contrast = (beyond.broadcast_add(&lasting.unsqueeze(1)?)? + LEAST)?.sqrt()?;
            let shifted = (drive - contrast.broadcast_mul(&self.shift.unsqueeze(1)?)?)?;
            shifted / (contrast + 1.0)?
        };
        scale().during("scaling drives")
    }

    /// The drives (N) that are scaled and shifted to these values (N) where the contrast is that of the recording.
    pub(super) fn drives_of(&self, values: &[f64]) -> Result<Vec<f64>> {
        let (_, squared) = self.weights()?;
        let drive = |((value, squared), shift): ((&f64, f64), f64)| {
            let contrast = (squared + LEAST).sqrt();
            value * (1.0 + contrast) + shift * contrast
        };
        let (squared, shifts) = (f64_values(&squared)?, f64_values(&self.shift)?);
        Ok(values.iter().zip(squared).zip(shifts).map(drive).collect())
    }

    /// Joins the steps from a frame to drives with the scaling and shifting of the drives.
    pub(super) fn around(&self, drives: Vec<Box<dyn Step>>) -> Result<Box<dyn Step>> {
        let (of_mean, of_contrast) = self.decays().during("computing time constants")?;
        let (weight, lasting) = self.weights()?;
        let less = lasting.neg().during("summing weights")?;
        let (n, n_bands) = weight.dims2().during("reading weights")?;
        let drives = Sequential::new(drives)?;
        expect_length(OP, "frame", drives.n_inputs(), n_bands)?;
        expect_length(OP, "drives", drives.n_outputs(), n)?;
        Ok(Box::new(ContrastGainStep {
            mean: steps::Adaptation::new(&of_mean)?,
            pool: steps::Affine::new(&weight, Some(&less))?,
            contrast: steps::Adaptation::new(&of_contrast)?,
            lasting: values(OP, &lasting)?,
            shift: values(OP, &self.shift)?,
            deviations: vec![0.0; n_bands],
            pooled: vec![0.0; n],
            beyond: vec![0.0; n],
            drives,
        }))
    }
}

const OP: &str = "contrast gain";

/// One frame; the state is that of the drives, then e (F) and v - sum_f w (N).
struct ContrastGainStep {
    drives: Sequential,
    mean: steps::Adaptation,
    pool: steps::Affine,
    contrast: steps::Adaptation,
    /// sum_f w.
    lasting: Vec<f32>,
    shift: Vec<f32>,
    deviations: Vec<f32>,
    pooled: Vec<f32>,
    beyond: Vec<f32>,
}

impl Step for ContrastGainStep {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.deviations.len(),
            state: self.drives.n_state() + self.deviations.len() + self.shift.len(),
            outputs: self.shift.len(),
        }
    }

    fn multiplications(&self) -> u64 {
        // And the squares of deviations, the shift and the division of each neuron.
        self.drives.multiplications()
            + self.mean.multiplications()
            + self.pool.multiplications()
            + self.contrast.multiplications()
            + (self.deviations.len() + 2 * self.shift.len()) as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let (of_drives, own) = state.split_at_mut(self.drives.n_state());
        let (mean, beyond) = own.split_at_mut(self.deviations.len());
        self.drives.bin(input, of_drives, output);
        self.mean.bin(input, mean, &mut self.deviations);
        self.deviations.iter_mut().zip(input).for_each(|(e, x)| *e = (x - *e) * (x - *e));
        self.pool.bin(&self.deviations, &mut [], &mut self.pooled);
        self.contrast.bin(&self.pooled, beyond, &mut self.beyond);
        let neurons = output.iter_mut().zip(&self.beyond).zip(&self.lasting).zip(&self.shift);
        for (((y, beyond), lasting), shift) in neurons {
            let contrast = (beyond + lasting + LEAST as f32).sqrt();
            *y = (*y - shift * contrast) / (1.0 + contrast);
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::{Seed, TimeBin};

    use super::*;
    use crate::params::store::{ParamStore, set_vector};

    fn axes() -> Axes {
        Axes::new(1, 1, TimeBin::from_millis(5.0).unwrap())
    }

    fn gain(store: &mut ParamStore) -> ContrastGain {
        ContrastGain::new(&ContrastGainConfig::default(), &axes(), &mut store.root()).unwrap()
    }

    #[test]
    fn the_contrast_of_the_past_scales_and_shifts() {
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let gain = ContrastGain { mean_decay: 0.5, ..gain(&mut store) };
        set_vector(&gain.d, &[1.0]).unwrap(); // tau = 2
        set_vector(&gain.shift, &[0.5]).unwrap();
        let sound = Tensor::new(&[[[[4f64, 2.0, 0.0]]]], &Device::Cpu).unwrap();
        let drive = Tensor::new(&[[[3f64, 3.0, 3.0]]], &Device::Cpu).unwrap();
        let mut state = State::new();
        gain.init_state(1, &mut state).unwrap();
        let y = gain.chunk(&drive, &sound, &mut state).unwrap().flatten_all().unwrap();
        // e = 0, 2, 2; deviations 16, 0; v = 1, 8.5, 4.25.
        let expected = [1.0f64, 8.5, 4.25].map(|v| {
            let c = (v + 0.01).sqrt();
            (3.0 - 0.5 * c) / (1.0 + c)
        });
        let y = y.to_vec1::<f64>().unwrap();
        assert!(y.iter().zip(expected).all(|(y, expected)| (y - expected).abs() < 1e-12), "{y:?}");
    }

    #[test]
    fn a_louder_contrast_flattens_and_silence_is_no_division_by_zero() {
        let mut store = ParamStore::new(Seed::new(0), DType::F32, &Device::Cpu);
        let gain = gain(&mut store);
        let slope = |loudness: f32| {
            let sound: Vec<f32> = (0..4000).map(|t| if t % 2 == 0 { loudness } else { -loudness }).collect();
            let sound = Tensor::from_vec(sound, (1, 1, 1, 4000), &Device::Cpu).unwrap();
            let drive = Tensor::ones((1, 1, 4000), DType::F32, &Device::Cpu).unwrap();
            let mut state = State::new();
            gain.init_state(1, &mut state).unwrap();
            let y = gain.chunk(&drive, &sound, &mut state).unwrap().flatten_all().unwrap();
            y.to_vec1::<f32>().unwrap()[3999]
        };
        for (loudness, contrast) in [(0.0, 0.1f32), (1.0, 1.0), (3.0, 3.0)] {
            let expected = 1.0 / (1.0 + contrast);
            assert!((slope(loudness) - expected).abs() < 0.01, "{loudness}: {}", slope(loudness));
        }
    }
}
