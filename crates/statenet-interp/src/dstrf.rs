//! Dynamic STRFs (Keshishian et al. 2020): the gradient map at every bin of a sound, which is the model's locally linear
//! receptive field at that bin.
//!
//! ```text
//! D[t, f, k] = + d r(t) / d x(f, t - k)        k < L, 0 before the sound begins
//! ```
//! The sound is run through the model once to record states. For each block of bins, a batch with one row per bin then
//! continues from the state L - 1 bins before the block, and one backward pass per target gives the maps of the whole
//! block. The maps are exact: the state before the L bins is held constant, and it does not depend on them. The cost is
//! that of T L bins forward and backward, however long the model's memory.
//!
//! Keshishian M, Akbari H, Khalighinejad B, Herrero JL, Mehta AD, Mesgarani N (2020). Estimating and interpreting
//! nonlinear receptive field of sensory neural responses with deep neural network models. eLife 9:e53445.

use candle_core::Tensor;
use ndarray::{Array2, Array3, Axis};
use statenet_core::{Dim, Need, expect_shape};
use statenet_models::{ResponseModel, State};

use crate::{
    batched_gradients::{
        cut, gradients, in_parallel, no_gradient, numbers, rows_of_pass, run_from, select, variable,
    },
    error::{During, Result, out_of_range},
    frozen_model::FrozenModel,
    target::{self, Objective, Target},
};

/// The gradient maps of one target at every bin of a sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Dstrf {
    /// The response that is differentiated.
    pub target: Target,
    /// `(T, F, L)`, lag 0 first, in the unit of [`GradientMaps::maps`](crate::GradientMaps::maps).
    pub maps: Array3<f64>,
    /// The target's response at each of the T bins.
    pub response: Vec<f64>,
}

impl Dstrf {
    /// The mean over bins, `(F, L)`.
    #[must_use]
    pub fn mean(&self) -> Array2<f64> {
        self.maps.sum_axis(Axis(0)) / (self.maps.dim().0.max(1) as f64)
    }

    /// The maps of several sounds, one sound after the other.
    ///
    /// [`StrfDynamics`](crate::StrfDynamics) compares neighbouring bins and needs the maps of a single sound instead.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if bands or lags differ, [`Error::Setting`](crate::Error::Setting) for no
    /// sounds.
    pub fn joined(sounds: &[Self]) -> Result<Self> {
        let Some(first) = sounds.first() else {
            return Err(out_of_range("number of sounds", 0, "1 or more"));
        };
        let (_, n_bands, n_lags) = first.maps.dim();
        for sound in sounds {
            expect_shape("maps", sound.maps.shape(), &[Dim::Any("T"), n_bands.into(), n_lags.into()])?;
        }
        let n_bins = sounds.iter().map(|sound| sound.response.len()).sum();
        Need::of_values(&[n_bins, n_bands, n_lags], 8).ensure(
            format!("joining dynamic STRFs of {n_bins} bins, {n_bands} bands and {n_lags} lags"),
            "join fewer sounds, or maps of fewer lags",
        )?;
        let capacity = n_bins * n_bands * n_lags;
        let (mut values, mut response) = (Vec::with_capacity(capacity), Vec::with_capacity(n_bins));
        for sound in sounds {
            values.extend(sound.maps.iter().copied());
            response.extend(&sound.response);
        }
        let shape = (response.len(), n_bands, n_lags);
        let maps = Array3::from_shape_vec(shape, values).unwrap_or_else(|_| Array3::zeros(shape));
        Ok(Self { target: first.target.clone(), maps, response })
    }
}

/// Receptive fields of `lags` bins at every bin of a sound `(1, 1, F, T)` as recorded, run from the model's initial state.
///
/// Returns one [`Dstrf`] for each target, in order. Hidden units cost more, a batch for each bin, since their value is
/// known only after the last frame of a batch.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_interp::{Target, dstrf};
/// use statenet_models::zoo;
///
/// // The fields of a linear model never change.
/// let axes = Axes::new(8, 3, TimeBin::from_millis(5.0)?);
/// let model = zoo::linear(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let sound = Tensor::zeros((1, 1, 8, 60), DType::F32, &Device::Cpu)?;
/// let fields = &dstrf(&*model, &sound, &[Target::Neuron(1)], 10)?[0];
/// assert_eq!(fields.maps.dim(), (60, 8, 10));
/// assert_eq!(fields.maps[(20, 3, 4)], fields.maps[(50, 3, 4)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) if the sound does not fit the model, [`Error::OutOfRange`](crate::Error::OutOfRange)
/// for a target that the model does not have, [`Error::Setting`](crate::Error::Setting) for no lags,
/// [`Error::Memory`](crate::Error::Memory) if the maps do not fit in memory,
/// [`Error::NoGradient`](crate::Error::NoGradient) if an operation in the model's streaming form has no backward pass.
pub fn dstrf(
    model: &dyn ResponseModel,
    sound: &Tensor,
    targets: &[Target],
    lags: usize,
) -> Result<Vec<Dstrf>> {
    let expected = [Dim::Is(1), Dim::Is(1), Dim::Is(model.n_bands()), Dim::Any("T")];
    expect_shape("sound", sound.dims(), &expected)?;
    if lags == 0 {
        return Err(out_of_range("lags", 0, "1 or more"));
    }
    target::check(model, targets)?;
    let frozen = FrozenModel::new(model)?;
    let (model, sound) = (frozen.model(), frozen.scaled(sound)?);
    let n_bins = sound.dim(3).during("reading a sound")?;
    // The maps of all targets, and those of all blocks from which they are put together.
    Need::of_values(&[targets.len(), n_bins, model.n_bands(), lags, 2], 8).ensure(
        format!(
            "dynamic STRFs of {} targets, {n_bins} bins, {} bands and {lags} lags",
            targets.len(),
            model.n_bands()
        ),
        "ask for fewer targets or lags, or cut the sound",
    )?;
    let blocks = blocks(model, &sound, targets, lags)?;
    let of_blocks = in_parallel(blocks.iter().collect(), |block| block.run(model, &sound, targets))?;
    let shape = (n_bins, model.n_bands(), lags);
    let empty = |target: &Target| Dstrf {
        target: target.clone(),
        maps: Array3::zeros(shape),
        response: vec![0.0; n_bins],
    };
    let mut fields: Vec<Dstrf> = targets.iter().map(empty).collect();
    for (block, of_targets) in blocks.iter().zip(of_blocks) {
        let n_frames = block.bins.end - block.start;
        for (field, OfBlock { values, gradients }) in fields.iter_mut().zip(of_targets) {
            let rows = values.iter().zip(gradients.chunks_exact(model.n_bands() * n_frames));
            for (bin, (&value, gradient)) in block.bins.clone().zip(rows) {
                let newest = bin - block.start;
                for ((f, k), there) in field.maps.index_axis_mut(Axis(0), bin).indexed_iter_mut() {
                    if let Some(frame) = newest.checked_sub(k) {
                        *there = gradient[f * n_frames + frame];
                    }
                }
                if let Some(there) = field.response.get_mut(bin) {
                    *there = value;
                }
            }
        }
    }
    Ok(fields)
}

/// Bins whose maps are computed in one batch.
struct Block {
    bins: std::ops::Range<usize>,
    /// The first frame that lies within the lags of any of them.
    start: usize,
    /// The model's state before that frame.
    state: State,
}

/// Cuts a sound into blocks and runs it through the model once to find the state before each.
fn blocks(model: &dyn ResponseModel, sound: &Tensor, targets: &[Target], lags: usize) -> Result<Vec<Block>> {
    let n_bins = sound.dim(3).during("reading a sound")?;
    let hidden = targets.iter().any(Target::is_hidden);
    let size = if hidden { 1 } else { rows_of_pass(lags) };
    let (mut state, mut n_run) = (model.init_state(1)?, 0);
    let mut blocks = Vec::with_capacity(n_bins.div_ceil(size));
    for first in (0..n_bins).step_by(size) {
        let start = (first + 1).saturating_sub(lags);
        if start > n_run {
            let next = sound.narrow(3, n_run, start - n_run).during("cutting a sound")?;
            model.advance(&next, &mut state)?;
            n_run = start;
        }
        blocks.push(Block { bins: first..(first + size).min(n_bins), start, state: state.clone() });
    }
    Ok(blocks)
}

/// The responses of one target at the bins of a block, and their gradients.
struct OfBlock {
    /// One for each bin.
    values: Vec<f64>,
    /// (bins, F, frames of the block), oldest frame first.
    gradients: Vec<f64>,
}

impl Block {
    /// Runs a batch with one row for each bin, then one backward pass for each target.
    fn run(&self, model: &dyn ResponseModel, sound: &Tensor, targets: &[Target]) -> Result<Vec<OfBlock>> {
        let n = self.bins.len();
        let own = Tensor::eye(n, model.dtype(), model.device()).during("choosing bins")?;
        let frames = cut(sound, self.start, self.bins.end - self.start)?;
        let frames = variable(&select(&frames, &vec![0; n])?)?;
        let state = if self.start == 0 { model.init_state(n)? } else { self.state.select(&vec![0; n])? };
        let output = run_from(model, state, frames.as_tensor(), n)?;
        let of_target = |target: &Target| {
            let values =
                Objective::new(model, &vec![target; n])?.values(&output.rates, &output.state, &own)?;
            let grads = gradients(&values)?;
            let gradient = grads.get(frames.as_tensor()).ok_or_else(|| no_gradient(model))?;
            Ok(OfBlock { values: numbers(&values)?, gradients: numbers(gradient)? })
        };
        targets.iter().map(of_target).collect()
    }
}
