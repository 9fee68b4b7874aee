//! Gradient maps: what a neuron's rate would gain if the sound had been louder, band by band and lag by lag (the
//! GradMap of Rançon et al. 2025; Simonyan et al. 2014 for images).
//!
//! ```text
//! G[n, f, k] = + d r_n(t) / d x(f, t - k)
//! ```
//! In evaluation mode, with the sign of the rate: positive where sound excites. For a linear model this is its receptive
//! field, for LN the receptive field times the slope of its curve at that sound, for a recurrent model the receptive
//! field that it has just then. The model's parameters are not touched.

use candle_core::{DType, Tensor, Var};
use ndarray::{Array2, Array3, Axis};
use statenet_core::{Dim, expect_shape};
use statenet_models::{Mode, ResponseModel};

use crate::error::{During, Error, Result};

/// Gradient maps of one neuron, one for every window of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientMaps {
    /// The neuron.
    pub neuron: usize,
    /// `(B, F, L)`, lag 0 first: rate (spikes per bin) per unit of the model's input.
    pub maps: Array3<f64>,
}

impl GradientMaps {
    /// The mean over windows, `(F, L)`.
    #[must_use]
    pub fn mean(&self) -> Array2<f64> {
        let (n_windows, _, _) = self.maps.dim();
        self.maps.sum_axis(Axis(0)) / (n_windows.max(1) as f64)
    }

    /// The standard deviation over windows, `(F, L)`, with n - 1; 0 for one window.
    #[must_use]
    pub fn spread(&self) -> Array2<f64> {
        let n = self.maps.dim().0;
        if n < 2 { Array2::zeros(self.mean().dim()) } else { self.maps.std_axis(Axis(0), 1.0) }
    }
}

/// Gradient maps at the last bin of each window, for some neurons.
///
/// - `windows`: `(B, 1, F, L)`, B sounds of L bins, heard from the model's initial state, in the scale that the model
///   was fitted to (standardised). Zeros are the null stimulus.
/// - Returns one [`GradientMaps`] per neuron, in the order asked for.
///
/// One forward pass serves all windows and neurons; there is one backward pass per neuron.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_interp::gradient_maps;
/// use statenet_models::zoo;
///
/// let axes = Axes::new(8, 3, TimeBin::from_millis(5.0)?);
/// let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let null = Tensor::zeros((1, 1, 8, 40), DType::F32, &Device::Cpu)?;
/// let maps = gradient_maps(&*model, &null, &[2])?;
/// assert_eq!((maps[0].neuron, maps[0].mean().dim()), (2, (8, 40)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if the windows do not fit the model, [`Error::OutOfRange`] for a neuron it does not have,
/// [`Error::NoGradient`] if an operation inside it cuts the graph.
pub fn gradient_maps(
    model: &dyn ResponseModel,
    windows: &Tensor,
    neurons: &[usize],
) -> Result<Vec<GradientMaps>> {
    let expected = [Dim::Any("B"), Dim::Is(1), Dim::Is(model.n_bands()), Dim::Any("L")];
    expect_shape("windows", windows.dims(), &expected)?;
    if let Some(&got) = neurons.iter().find(|&&n| n >= model.n_neurons()) {
        return Err(Error::OutOfRange { what: "neuron", got, n: model.n_neurons() });
    }
    let own =
        windows.to_dtype(model.dtype()).and_then(|w| w.to_device(model.device())).and_then(|w| w.copy());
    let sound = own.and_then(|w| Var::from_tensor(&w)).during("making the stimulus a variable")?;
    let rates = model.forward(sound.as_tensor(), Mode::Eval)?;
    let last = rates.dim(2).during("reading rates")?.saturating_sub(1);
    neurons
        .iter()
        .map(|&neuron| {
            let at = |rates: &Tensor| rates.narrow(1, neuron, 1)?.narrow(2, last, 1)?.sum_all();
            let grads = at(&rates).and_then(|rate| rate.backward()).during("backward")?;
            let grad = grads
                .get(sound.as_tensor())
                .ok_or_else(|| Error::NoGradient { model: model.config().slug() })?;
            Ok(GradientMaps { neuron, maps: lag_zero_first(grad)? })
        })
        .collect()
}

/// `(B, 1, F, L)` in time, as an array `(B, F, L)` with lag 0 first.
fn lag_zero_first(grad: &Tensor) -> Result<Array3<f64>> {
    let (n_windows, _, n_bands, n_lags) = grad.dims4().during("reading a gradient")?;
    let values = grad.to_dtype(DType::F64).and_then(|g| g.flatten_all()).and_then(|g| g.to_vec1::<f64>());
    let values = values.during("reading a gradient")?;
    let at = |(b, f, k): (usize, usize, usize)| values[(b * n_bands + f) * n_lags + (n_lags - 1 - k)];
    Ok(Array3::from_shape_fn((n_windows, n_bands, n_lags), at))
}
