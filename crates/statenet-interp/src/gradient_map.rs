//! Gradient maps: how much a neuron's rate would rise if the sound had been louder, for each band and lag (the GradMap of
//! Rançon et al. 2025; Simonyan et al. 2014 for images).
//!
//! ```text
//! G[f, k] = + d r(t) / d x(f, t - k)
//! ```
//! Computed in evaluation mode; positive where sound excites. For a linear model the map is its receptive field, for LN
//! the receptive field times the slope of the output curve at that sound, for a recurrent model the receptive field that
//! it has at that moment. The model's parameters are not changed.
//!
//! Targets and windows are rows of a batch, and one backward pass serves many rows. Bins before the lags of a map only
//! advance the model's state, without a graph.
//!
//! Rectifiers have kinks. At a sound that lies on one (all zeros behind AdapTrans, silence in a recording) the rate has no
//! derivative, and automatic differentiation returns an arbitrary value: zero in the published package. [`null_maps`]
//! returns the mean of the slopes on both sides, by averaging over two tiny opposite noises.

use candle_core::{DType, Device, Tensor};
use ndarray::{Array2, Array3, Axis};
use statenet_core::{Dim, Need, Seed, expect_shape};
use statenet_models::{Mode, ResponseModel, State};

use crate::{
    batched_gradients::{cut, gradients, in_parallel, no_gradient, numbers, rows_of_pass, values, variable},
    batched_jacobian::BatchedJacobian,
    error::{During, Error, Result, out_of_range},
    frozen_model::FrozenModel,
    target::{self, Objective, Target, at_last},
};

/// Gradient maps of one target, one for each window of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientMaps {
    /// The response that is differentiated.
    pub target: Target,
    /// `(B, F, L)`, lag 0 first: rate (spikes per bin, or the unit of continuous responses) per standard deviation of a band over the
    /// training sounds; per unit of the samples for a model that hears.
    pub maps: Array3<f64>,
}

impl GradientMaps {
    /// The mean over windows, `(F, L)`.
    #[must_use]
    pub fn mean(&self) -> Array2<f64> {
        let (n_windows, _, _) = self.maps.dim();
        self.maps.sum_axis(Axis(0)) / (n_windows.max(1) as f64)
    }

    /// The standard deviation over windows, `(F, L)`, with n - 1 in the denominator; 0 for one window.
    #[must_use]
    pub fn spread(&self) -> Array2<f64> {
        let n = self.maps.dim().0;
        if n < 2 { Array2::zeros(self.mean().dim()) } else { self.maps.std_axis(Axis(0), 1.0) }
    }

    /// Whether every map is zero everywhere: small changes of these sounds do not change the response, for example
    /// because every unit is below the threshold of its rectifier. [`Averaging::SmoothGrad`] also sees larger changes.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.maps.iter().all(|&g| g == 0.0)
    }
}

/// How many lags a map has, and over which sounds its gradient is averaged.
#[derive(Clone, Debug, Default)]
pub struct MapConfig {
    /// Lags L of a map. Bins of the window before them are run through the model but not differentiated. Default: the
    /// whole window.
    pub lags: Option<usize>,
    /// Whether the gradient is averaged over sounds near the window. Default: it is not.
    pub averaging: Averaging,
}

/// The sounds over which the gradient is averaged to make a map.
#[derive(Clone, Debug, Default)]
pub enum Averaging {
    /// No averaging: the gradient at the window itself. The default.
    #[default]
    None,
    /// The mean over copies of the window with added noise (SmoothGrad; Smilkov et al. 2017), which is defined at kinks
    /// too.
    ///
    /// Noises come in opposite pairs. A map of a smooth model then differs from that at the window in second order of
    /// the deviation only, and a map at a kink is the mean of both sides.
    SmoothGrad {
        /// Pairs of draws, at least 1.
        n_pairs: usize,
        /// Standard deviation, in standard deviations of a band.
        deviation: f64,
        /// Seed of the noise.
        seed: Seed,
    },
    /// The mean along the straight line from a baseline sound to the window (integrated gradients; Sundararajan et al.
    /// 2017), at the midpoints of `n_points` equal parts.
    ///
    /// The map times (window - baseline), summed, approaches the difference of the two responses as `n_points` grows, if
    /// the map covers the whole window.
    IntegratedGradients {
        /// Points on the line, at least 1.
        n_points: usize,
        /// The sound at the start of the line, as recorded, `(1, 1, F, W)`, or one for each window, `(B, 1, F, W)`.
        baseline: Tensor,
    },
}

impl Averaging {
    /// The sounds whose gradients are averaged, scaled like the windows.
    fn points(&self, frozen: &FrozenModel<'_>, windows: &Tensor) -> Result<Vec<Tensor>> {
        match self {
            Self::None => Ok(vec![windows.clone()]),
            Self::SmoothGrad { n_pairs, deviation, seed } => {
                let pair = |i: usize| -> Result<[Tensor; 2]> {
                    let mut stream = seed.stream(&format!("noise {i}"));
                    let noise: Vec<f64> =
                        (0..windows.elem_count()).map(|_| deviation * stream.normal()).collect();
                    let noise = || -> candle_core::Result<[Tensor; 2]> {
                        let noise = Tensor::from_vec(noise, windows.dims(), &Device::Cpu)?
                            .to_dtype(windows.dtype())?
                            .to_device(windows.device())?;
                        Ok([(windows + &noise)?, (windows - noise)?])
                    };
                    noise().during("adding noise")
                };
                let pairs = (0..*n_pairs).map(pair).collect::<Result<Vec<_>>>()?;
                Ok(pairs.into_iter().flatten().collect())
            }
            Self::IntegratedGradients { n_points, baseline } => {
                let expected: Vec<Dim> = windows.dims().iter().map(|&n| Dim::Is(n)).collect();
                let one_for_all = [&[Dim::Is(1)], expected.get(1..).unwrap_or_default()].concat();
                if baseline.dim(0).during("reading the baseline")? == 1 {
                    expect_shape("baseline", baseline.dims(), &one_for_all)?;
                } else {
                    expect_shape("baseline", baseline.dims(), &expected)?;
                }
                let baseline = frozen.scaled(baseline)?;
                let at = |i: usize| {
                    let share = (i as f64 + 0.5) / *n_points as f64;
                    let point = || (windows * share)?.broadcast_add(&(&baseline * (1.0 - share))?);
                    point().during("interpolating from the baseline")
                };
                (0..*n_points).map(at).collect()
            }
        }
    }
}

/// Gradient maps at the last bin of each window, for some neurons.
///
/// - `windows`: `(B, 1, F, L)`, B sounds of L bins as recorded, each run from the model's initial state.
/// - Returns one [`GradientMaps`] per neuron, in the order of `neurons`.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_interp::{Target, gradient_maps};
/// use statenet_models::zoo;
///
/// let axes = Axes::new(8, 3, TimeBin::from_millis(5.0)?);
/// let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let null = Tensor::zeros((1, 1, 8, 40), DType::F32, &Device::Cpu)?;
/// let maps = gradient_maps(&*model, &null, &[2])?;
/// assert_eq!((&maps[0].target, maps[0].mean().dim()), (&Target::Neuron(2), (8, 40)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`target_maps`].
pub fn gradient_maps(
    model: &dyn ResponseModel,
    windows: &Tensor,
    neurons: &[usize],
) -> Result<Vec<GradientMaps>> {
    target_maps(model, windows, &Target::neurons(neurons.iter().copied()), &MapConfig::default())
}

/// Gradient maps at the null stimulus: `lags` bins of the mean of each band over the training sounds; of zeros for a model that
/// does not scale bands, and of silence for one that hears.
///
/// This sound, zeros in standard deviations, lies on the kink of a rectifying prefilter. The map is therefore averaged over a pair of opposite noises of
/// standard deviation 1e-6: at a kink the mean of the slopes on both sides, for a smooth model its gradient but for
/// rounding.
///
/// # Errors
/// As [`target_maps`].
pub fn null_maps(model: &dyn ResponseModel, lags: usize, targets: &[Target]) -> Result<Vec<GradientMaps>> {
    const DEVIATION: f64 = 1e-6;
    let null = Tensor::zeros((1, 1, model.n_bands(), lags), model.dtype(), model.device());
    let null = null.during("making the null stimulus")?;
    let averaging = Averaging::SmoothGrad { n_pairs: 1, deviation: DEVIATION, seed: Seed::new(0) };
    let config = MapConfig { lags: None, averaging };
    maps_at(&FrozenModel::new(model)?, &null, targets, &config)
}

/// Gradient maps at the last bin of each window, `(B, 1, F, W)`, for any targets.
///
/// For the map at bin t of a long sound, pass its first t + 1 bins as the window and set [`MapConfig::lags`]; for maps at
/// all bins use [`dstrf`](crate::dstrf::dstrf).
///
/// # Errors
/// [`Error::Shape`] if the windows do not fit the model, [`Error::OutOfRange`] for a neuron or hidden unit that it does
/// not have, [`Error::Setting`] if `lags` is 0 or longer than a window or there are no points to average over,
/// [`Error::NoGradient`] if an operation in the model has no backward pass.
pub fn target_maps(
    model: &dyn ResponseModel,
    windows: &Tensor,
    targets: &[Target],
    config: &MapConfig,
) -> Result<Vec<GradientMaps>> {
    let expected = [Dim::Any("B"), Dim::Is(1), Dim::Is(model.n_bands()), Dim::Any("W")];
    expect_shape("windows", windows.dims(), &expected)?;
    let frozen = FrozenModel::new(model)?;
    maps_at(&frozen, &frozen.scaled(windows)?, targets, config)
}

/// [`target_maps`] at scaled windows.
fn maps_at(
    frozen: &FrozenModel<'_>,
    windows: &Tensor,
    targets: &[Target],
    config: &MapConfig,
) -> Result<Vec<GradientMaps>> {
    let model = frozen.model();
    let (n_windows, _, n_bands, n_bins) = windows.dims4().during("reading windows")?;
    let n_lags = config.lags.unwrap_or(n_bins);
    if n_lags == 0 || n_lags > n_bins {
        return Err(out_of_range("lags", n_lags, format!("1 to {n_bins}")));
    }
    target::check(model, targets)?;
    // The maps of all targets, and the gradients of all windows for one.
    Need::of_values(&[targets.len().saturating_add(1), n_windows, n_bands, n_lags], 8).ensure(
        format!(
            "gradient maps of {} targets, {n_windows} windows, {n_bands} bands and {n_lags} lags",
            targets.len()
        ),
        "ask for fewer targets, windows or lags",
    )?;
    let points = config.averaging.points(frozen, windows)?;
    if points.is_empty() {
        return Err(out_of_range("number of points", 0, "1 or more"));
    }
    let mut sums = vec![Array3::<f64>::zeros((n_windows, n_bands, n_lags)); targets.len()];
    for point in &points {
        add_maps(model, point, targets, &mut sums)?;
    }
    let mean = |sum: Array3<f64>| if points.len() > 1 { sum / (points.len() as f64) } else { sum };
    let maps = targets.iter().zip(sums);
    Ok(maps.map(|(target, sum)| GradientMaps { target: target.clone(), maps: mean(sum) }).collect())
}

/// Adds to `sums`, one array for each target, the maps at the windows.
fn add_maps(
    model: &dyn ResponseModel,
    windows: &Tensor,
    targets: &[Target],
    sums: &mut [Array3<f64>],
) -> Result<()> {
    let Some((n_windows, _, n_lags)) = sums.first().map(Array3::dim) else { return Ok(()) };
    let history = windows.dim(3).during("reading windows")? - n_lags;
    let size = rows_of_pass(n_lags);
    let of_passes = in_parallel((0..n_windows).step_by(size).collect(), |first| {
        let pass = windows.narrow(0, first, size.min(n_windows - first)).during("reading windows")?;
        let mut state = model.init_state(pass.dim(0).during("reading windows")?)?;
        if history > 0 {
            model.advance(&cut(&pass, 0, history)?, &mut state)?;
        }
        match BatchedJacobian::new(model, cut(&pass, history, n_lags)?, state).maps(targets) {
            Err(Error::NoGradient { .. }) => maps_of_whole(model, &pass, n_lags, targets),
            maps => maps,
        }
    })?;
    for (pass, parts) in of_passes.iter().enumerate() {
        let mut lag = n_lags; // counts down to 0 at the last frame of the last part
        for part in parts {
            let n_frames = part.dim(3).during("reading gradients")?;
            lag -= n_frames;
            let at = [pass * size, lag];
            match part.dtype() {
                DType::F32 => add_part(sums, at, &values::<f32>(part)?, n_frames),
                _ => add_part(sums, at, &numbers(part)?, n_frames),
            }
        }
    }
    Ok(())
}

/// Adds gradients (windows, targets, F, frames), oldest frame first, to the maps from index `window` on and the lags from
/// `lag` on.
fn add_part<T: Copy + Into<f64>>(
    sums: &mut [Array3<f64>],
    [window, lag]: [usize; 2],
    part: &[T],
    n_frames: usize,
) {
    let Some((_, n_bands, n_lags)) = sums.first().map(Array3::dim) else { return };
    let n_targets = sums.len();
    for (row, map) in part.chunks_exact(n_bands * n_frames).enumerate() {
        let (window, target) = (window + row / n_targets, row % n_targets);
        let Some(sum) = sums.get_mut(target).and_then(|sum| sum.as_slice_mut()) else { continue };
        let sum = sum[window * n_bands * n_lags..].chunks_exact_mut(n_lags);
        for (sum, band) in sum.zip(map.chunks_exact(n_frames)) {
            let there = sum[lag..lag + n_frames].iter_mut().zip(band.iter().rev());
            there.for_each(|(sum, gradient)| *sum += (*gradient).into());
        }
    }
}

/// Maps (R, targets, F, L), oldest frame first, by `forward` over whole windows (R, 1, F, W): for a model whose streaming
/// form detaches its result.
fn maps_of_whole(
    model: &dyn ResponseModel,
    windows: &Tensor,
    n_lags: usize,
    targets: &[Target],
) -> Result<Vec<Tensor>> {
    let (n_rows, _, _, n_bins) = windows.dims4().during("reading windows")?;
    let sound = variable(windows)?;
    let rates = model.forward(sound.as_tensor(), Mode::Eval)?;
    let last = rates.narrow(2, n_bins - 1, 1).during("reading rates")?;
    let when = at_last(1, model.dtype(), model.device())?;
    let maps = in_parallel(targets.iter().collect(), |target| {
        let objective = Objective::new(model, &vec![target; n_rows])?;
        let grads = gradients(&objective.values(&last, &State::new(), &when)?)?;
        let whole = grads.get(sound.as_tensor()).ok_or_else(|| no_gradient(model))?;
        cut(whole, n_bins - n_lags, n_lags)
    })?;
    Ok(vec![Tensor::cat(&maps, 1).during("joining gradients")?])
}
