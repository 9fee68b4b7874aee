//! Locally linear receptive fields (dynamic STRFs; Keshishian et al. 2020): the gradient map at every bin of a sound.
//!
//! ```text
//! D[t, f, k] = + d r(t) / d x(f, t - k)        k < L, 0 before the sound begins
//! ```
//! The sound is heard once. From the state that it leaves L - 1 bins before a block of bins, one batch goes on, a row
//! for each bin of the block; one backward pass gives the block's maps of a target. They are exact: what is kept
//! constant, the state before the first of the L bins, does not depend on them. The cost is that of T L bins, forward
//! and backward, however long the model remembers.
//!
//! Keshishian M, Akbari H, Khalighinejad B, Herrero JL, Mehta AD, Mesgarani N (2020). Estimating and interpreting
//! nonlinear receptive field of sensory neural responses with deep neural network models. eLife 9:e53445.

use candle_core::Tensor;
use ndarray::{Array2, Array3, Axis};
use statenet_core::{Dim, expect_shape};
use statenet_models::{ResponseModel, State};

use crate::{
    batched_gradients::{
        Still, cut, gradients, hear, in_parallel, no_gradient, numbers, of_model, rows_of_pass, select,
        variable,
    },
    error::{During, Error, Result},
    target::{self, Objective, Target},
};

/// The maps of one target at every bin of a sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Dstrf {
    /// What is differentiated.
    pub target: Target,
    /// `(T, F, L)`, lag 0 first.
    pub maps: Array3<f64>,
    /// What the target answers, T values.
    pub response: Vec<f64>,
}

impl Dstrf {
    /// The mean over bins, `(F, L)`: a receptive field weighted by how the model answers to this sound.
    #[must_use]
    pub fn mean(&self) -> Array2<f64> {
        self.maps.sum_axis(Axis(0)) / (self.maps.dim().0.max(1) as f64)
    }

    /// Several sounds one after the other. Bins of different sounds are neighbours then:
    /// [`changes`](crate::strf_dynamics::changes) wants one sound.
    ///
    /// # Errors
    /// [`Error::Shape`] if bands or lags differ, [`Error::OutOfRange`] for no sounds.
    pub fn joined(sounds: &[Self]) -> Result<Self> {
        let Some(first) = sounds.first() else {
            return Err(Error::OutOfRange { what: "sound", got: 0, n: 0 });
        };
        let (_, n_bands, n_lags) = first.maps.dim();
        for sound in sounds {
            expect_shape("maps", sound.maps.shape(), &[Dim::Any("T"), n_bands.into(), n_lags.into()])?;
        }
        let (mut values, mut response) = (Vec::new(), Vec::new());
        for sound in sounds {
            values.extend(sound.maps.iter().copied());
            response.extend(&sound.response);
        }
        let shape = (response.len(), n_bands, n_lags);
        let maps = Array3::from_shape_vec(shape, values).unwrap_or_else(|_| Array3::zeros(shape));
        Ok(Self { target: first.target.clone(), maps, response })
    }
}

/// Receptive fields of `lags` bins at every bin of a sound `(1, 1, F, T)`, heard from the model's initial state.
///
/// One [`Dstrf`] for each target, in order. Hidden units are known after the last frame of a batch only, and take a
/// batch for each bin.
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
/// [`Error::Shape`] if the sound does not fit, [`Error::OutOfRange`] for a target it does not have or for no lags,
/// [`Error::NoGradient`] if an operation in it, or in its streaming form, cuts the graph.
pub fn dstrf(
    model: &dyn ResponseModel,
    sound: &Tensor,
    targets: &[Target],
    lags: usize,
) -> Result<Vec<Dstrf>> {
    let expected = [Dim::Is(1), Dim::Is(1), Dim::Is(model.n_bands()), Dim::Any("T")];
    expect_shape("sound", sound.dims(), &expected)?;
    if lags == 0 {
        return Err(Error::OutOfRange { what: "number of lags", got: 0, n: 0 });
    }
    target::check(model, targets)?;
    let still = Still::new(model)?;
    let (model, sound) = (still.model(), of_model(model, sound)?);
    let blocks = blocks(model, &sound, targets, lags)?;
    let of_blocks = in_parallel(blocks.iter().collect(), |block| block.run(model, &sound, targets))?;
    let n_bins = sound.dim(3).during("reading a sound")?;
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

/// Bins whose maps are taken in one batch.
struct Block {
    bins: std::ops::Range<usize>,
    /// The first frame that any of them looks back to.
    start: usize,
    /// What the sound before that frame leaves.
    state: State,
}

/// Cuts a sound in blocks, hearing it once.
fn blocks(model: &dyn ResponseModel, sound: &Tensor, targets: &[Target], lags: usize) -> Result<Vec<Block>> {
    let n_bins = sound.dim(3).during("reading a sound")?;
    let hidden = targets.iter().any(Target::is_hidden);
    let size = if hidden { 1 } else { rows_of_pass(lags) };
    let (mut state, mut heard) = (model.init_state(1)?, 0);
    let mut blocks = Vec::with_capacity(n_bins.div_ceil(size));
    for first in (0..n_bins).step_by(size) {
        let start = (first + 1).saturating_sub(lags);
        if start > heard {
            let next = sound.narrow(3, heard, start - heard).during("cutting a sound")?;
            model.advance(&next, &mut state)?;
            heard = start;
        }
        blocks.push(Block { bins: first..(first + size).min(n_bins), start, state: state.clone() });
    }
    Ok(blocks)
}

/// What one target answers to the bins of a block.
struct OfBlock {
    /// One for each bin.
    values: Vec<f64>,
    /// (bins, F, frames of the block), oldest first.
    gradients: Vec<f64>,
}

impl Block {
    /// A row for each bin, and a backward pass for each target.
    fn run(&self, model: &dyn ResponseModel, sound: &Tensor, targets: &[Target]) -> Result<Vec<OfBlock>> {
        let n = self.bins.len();
        let own = Tensor::eye(n, model.dtype(), model.device()).during("choosing bins")?;
        let frames = cut(sound, self.start, self.bins.end - self.start)?;
        let frames = variable(&select(&frames, &vec![0; n])?)?;
        let state = if self.start == 0 { model.init_state(n)? } else { self.state.select(&vec![0; n])? };
        let heard = hear(model, state, frames.as_tensor(), n)?;
        let of_target = |target: &Target| {
            let values = Objective::new(model, &vec![target; n])?.values(&heard.rates, &heard.state, &own)?;
            let grads = gradients(&values)?;
            let gradient = grads.get(frames.as_tensor()).ok_or_else(|| no_gradient(model))?;
            Ok(OfBlock { values: numbers(&values)?, gradients: numbers(gradient)? })
        };
        targets.iter().map(of_target).collect()
    }
}
