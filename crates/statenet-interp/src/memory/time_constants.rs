//! Time constants of a model's state while it processes recorded sounds.
//!
//! ```text
//! h' = step(h, x)        J[i,j] = d h'_i / d h_j        tau = -dt / ln |lambda|,  lambda an eigenvalue of J
//! ```
//! J is computed by central differences, all numbers of the state in one batch of steps, at states that occur during the
//! sound. The time constant of a leaky integrator is constant; those of a gated network differ from bin to bin.
//!
//! An eigenvalue describes a single step. Over many steps the state may decay faster or more slowly because eigenvectors
//! rotate, and a slow direction that no sound excites or no neuron reads is not a memory: compare with
//! [`memory`](super::memory). For eigenvalues as time constants see Jaeger (2001) and Sussillo & Barak (2013, Neural
//! Computation 25:626).

use candle_core::{DType, Device, Tensor};
use faer::Mat;
use serde::{Deserialize, Serialize};
use statenet_core::{Dim, Millis, TimeBin, expect_shape};
use statenet_metrics::resampling::Resampling;
use statenet_models::{Memory, ResponseModel, State};

use crate::{
    error::{During, Error, Result, out_of_range},
    estimate::{Estimate, estimates},
};

/// The largest Jacobian, in numbers of the state; finding its eigenvalues costs the cube of that.
const MOST_ENTRIES: usize = 1024;
/// Tensors of a state that hold past frames or counts and are not recurrent, by the last part of their name. Their
/// eigenvalues would be 0.
const DELAY_LINES: [&str; 8] = ["context", "conv", "past", "started", "position", "counts", "keys", "values"];

/// Time constants of a model's state during sounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeConstants {
    /// For each Jacobian all time constants, longest first; directions that do not decay are left out.
    #[serde(rename = "spectra_ms")]
    pub spectra: Vec<Vec<Millis>>,
    /// The longest time constant of each Jacobian: its median over bins, with an interval over sounds.
    #[serde(rename = "slowest_ms")]
    pub slowest: Estimate<Millis>,
    /// Share of Jacobians with a direction that does not decay (an eigenvalue of magnitude 1 or more).
    pub growing: f64,
}

/// Time constants during sounds `(S, 1, F, T)`, over all recurrent tensors of the state: all but those in which this
/// workspace's modules keep past frames and counts.
///
/// A Jacobian is computed every `every` bins. A model of finite memory has no time constants: its spectra are empty.
///
/// # Errors
/// As [`time_constants_of`].
pub fn time_constants(
    model: &dyn ResponseModel,
    sounds: &Tensor,
    every: usize,
    resampling: &Resampling,
) -> Result<TimeConstants> {
    let recurrent = |name: &str| !DELAY_LINES.contains(&name.rsplit('.').next().unwrap_or(name));
    time_constants_of(model, sounds, every, &recurrent, resampling)
}

/// [`time_constants`] over those tensors of the state for whose name `recurrent` returns true.
///
/// # Errors
/// [`Error::Setting`] if `every` is 0 or more than T, or the recurrent tensors hold more than 1024 numbers;
/// [`Error::Shape`] if the sounds do not fit the model; [`Error::Model`] if its config has no axes.
pub fn time_constants_of(
    model: &dyn ResponseModel,
    sounds: &Tensor,
    every: usize,
    recurrent: &dyn Fn(&str) -> bool,
    resampling: &Resampling,
) -> Result<TimeConstants> {
    let expected = [Dim::Any("S"), 1.into(), model.n_bands().into(), Dim::Any("T")];
    expect_shape("sounds", sounds.dims(), &expected)?;
    let (n_sounds, _, _, n_bins) = sounds.dims4().during("reading sounds")?;
    if every == 0 || every > n_bins {
        return Err(out_of_range("bins between Jacobians", every, format!("1 to {n_bins}")));
    }
    let dt = model.config().axes()?.dt;
    let sounds = sounds.to_dtype(model.dtype()).and_then(|s| s.to_device(model.device()));
    let sounds = sounds.during("converting sounds")?;
    let mut of_sound: Vec<Vec<Spectrum>> = Vec::with_capacity(n_sounds);
    for sound in 0..n_sounds {
        let mut state = model.init_state(1)?;
        let mut spectra = Vec::new();
        for start in (0..(n_bins + 1).saturating_sub(every)).step_by(every) {
            let cut = |from: usize, n: usize| sounds.narrow(0, sound, 1)?.narrow(3, from, n)?.contiguous();
            let last = start + every - 1;
            if every > 1 {
                model.advance(&cut(start, every - 1).during("cutting a sound")?, &mut state)?;
            }
            let frame = cut(last, 1).and_then(|frame| frame.squeeze(3)).during("cutting a frame")?;
            if model.memory() == Memory::Unbounded {
                spectra.push(Spectrum::of(&jacobian(model, &state, &frame, recurrent)?, dt)?);
            }
            model.step(&frame, &mut state)?;
        }
        of_sound.push(spectra);
    }
    let statistics = |drawn: &[usize]| {
        let slowest = drawn.iter().filter_map(|&sound| of_sound.get(sound)).flatten();
        [median(slowest.filter_map(|spectrum| spectrum.decaying.first().map(|tau| tau.ms())).collect())]
    };
    let [slowest] = estimates(n_sounds, statistics, resampling);
    let all: Vec<&Spectrum> = of_sound.iter().flatten().collect();
    let growing = all.iter().filter(|spectrum| spectrum.grows).count() as f64 / all.len().max(1) as f64;
    Ok(TimeConstants {
        spectra: all.into_iter().map(|spectrum| spectrum.decaying.clone()).collect(),
        slowest: slowest.in_unit(|ms| Millis::new(ms).ok()),
        growing,
    })
}

/// The eigenvalues of one Jacobian as time constants.
struct Spectrum {
    /// Time constants, longest first.
    decaying: Vec<Millis>,
    /// Whether a direction does not decay.
    grows: bool,
}

impl Spectrum {
    fn of(jacobian: &Mat<f64>, dt: TimeBin) -> Result<Self> {
        let values = jacobian.eigenvalues().map_err(|_| Error::Eigenvalues { n: jacobian.nrows() })?;
        let sizes: Vec<f64> = values.iter().map(|value| value.re.hypot(value.im)).collect();
        let tau = |&size: &f64| (size < 1.0).then(|| if size > 0.0 { -dt.ms() / size.ln() } else { 0.0 });
        let mut decaying: Vec<Millis> =
            sizes.iter().filter_map(tau).filter_map(|ms| Millis::new(ms).ok()).collect();
        decaying.sort_by(|a, b| b.ms().total_cmp(&a.ms()));
        Ok(Self { decaying, grows: sizes.iter().any(|&size| size >= 1.0) })
    }
}

/// d next state / d state for one stream, over the numbers of the recurrent tensors in order.
fn jacobian(
    model: &dyn ResponseModel,
    state: &State,
    frame: &Tensor,
    recurrent: &dyn Fn(&str) -> bool,
) -> Result<Mat<f64>> {
    let sizes: Vec<(String, usize)> = state
        .iter()
        .filter(|(name, tensor)| recurrent(name) && tensor.dtype().is_float())
        .map(|(name, tensor)| (name.to_owned(), tensor.elem_count()))
        .collect();
    let n: usize = sizes.iter().map(|(_, size)| size).sum();
    if n > MOST_ENTRIES {
        let expected = format!("{MOST_ENTRIES} or fewer");
        return Err(out_of_range("number of recurrent numbers in the state", n, expected));
    }
    if n == 0 {
        return Ok(Mat::zeros(0, 0));
    }
    // About the cube root of the precision: errors by rounding and by curvature are then of similar size, for a state
    // of size 1.
    let step = if model.dtype() == DType::F64 { 1e-5 } else { 5e-3 };
    let mut moved = model.init_state(2 * n)?;
    let shapes: Vec<(String, Vec<usize>)> =
        moved.iter().map(|(name, tensor)| (name.to_owned(), tensor.dims().to_vec())).collect();
    for (name, shape) in shapes {
        let Some((_, own)) = state.iter().find(|(known, _)| *known == name) else { continue };
        let rows = if own.dims() == shape {
            own.clone()
        } else {
            own.broadcast_as(shape).during("copying a state")?
        };
        let before: usize = sizes.iter().take_while(|(known, _)| *known != name).map(|(_, size)| size).sum();
        let perturbed = match sizes.iter().find(|(known, _)| *known == name) {
            Some((_, size)) => {
                let moves =
                    moves(2 * n, before, *size, step, own.device()).and_then(|m| m.reshape(rows.shape()));
                moves.and_then(|m| rows + m.to_dtype(own.dtype())?)
            }
            None => rows.contiguous(),
        };
        moved.set(&name, &perturbed.during("perturbing a state")?);
    }
    let frames = frame.broadcast_as((2 * n, 1, model.n_bands())).and_then(|f| f.contiguous());
    model.step(&frames.during("copying a frame")?, &mut moved)?;
    let next = sizes
        .iter()
        .map(|(name, size)| {
            let (_, tensor) =
                moved.iter().find(|(known, _)| known == name).ok_or(Error::Eigenvalues { n })?;
            let rows = tensor.to_dtype(DType::F64).and_then(|t| t.reshape((2 * n, *size)));
            rows.and_then(|r| r.to_vec2::<f64>()).during("reading a state")
        })
        .collect::<Result<Vec<_>>>()?;
    let entry = |row: usize, mut i: usize| {
        for (values, (_, size)) in next.iter().zip(&sizes) {
            if i < *size {
                return values[row][i];
            }
            i -= size;
        }
        0.0
    };
    Ok(Mat::from_fn(n, n, |i, j| (entry(2 * j, i) - entry(2 * j + 1, i)) / (2.0 * step)))
}

/// The perturbations of one tensor (n_rows, size): rows 2 j and 2 j + 1 add plus and minus a step to number j - before, all
/// else is 0.
fn moves(
    n_rows: usize,
    before: usize,
    size: usize,
    step: f64,
    device: &Device,
) -> candle_core::Result<Tensor> {
    let mut values = vec![0.0; n_rows * size];
    for entry in 0..size {
        let row = 2 * (before + entry);
        values[row * size + entry] = step;
        values[(row + 1) * size + entry] = -step;
    }
    Tensor::from_vec(values, (n_rows, size), device)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some(0.5 * (low + high))
}
