//! Laws of gradients.

use candle_core::{DType, Tensor, Var};
use statenet_core::Seed;

use super::compare::broken;
use crate::{
    build::response_model::ResponseModel,
    error::{During, Result},
    model::mode::Mode,
    params::store::ParamStore,
    tensors::f64_values,
};

/// Gradients of the parameters and of the stimulus equal central finite differences of the fourth order.
///
/// The target is a fixed random weighting of all rates. The model must be in f64 and `cochleagram` too. Up to
/// `n_probes` entries of every parameter and of the stimulus are probed, chosen by the seed. Tolerance: 1e-5 of the
/// largest gradient of that tensor, and the rounding of the target itself: a difference of two numbers of size s is
/// known to s 2^-50 and no better.
///
/// The fourth order is needed: normalisation over two channels is a step of width sqrt(eps), 3e-3, where differences
/// of the second order are off by more than the tolerance. Rectifiers have kinks, and a difference across one is wrong
/// however the gradient is: a probe that fails is repeated with a tenth of the step, down to a thousandth.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn gradients_match_differences(
    model: &dyn ResponseModel,
    cochleagram: &Tensor,
    seed: Seed,
    n_probes: usize,
) -> Result<()> {
    let rates = |x: &Tensor, mode: Mode<'_>| model.forward(x, mode);
    differences(&rates, model.params(), cochleagram, seed, n_probes)
}

/// The forward pass of any kind of model, of cochleagrams or of waveforms.
pub(crate) type Rates<'a> = dyn Fn(&Tensor, Mode<'_>) -> Result<Tensor> + 'a;

/// The law of [`gradients_match_differences`].
pub(crate) fn differences(
    rates: &Rates<'_>,
    params: &ParamStore,
    stimulus: &Tensor,
    seed: Seed,
    n_probes: usize,
) -> Result<()> {
    const LAW: &str = "gradients";
    const WIDTHS: [f64; 4] = [1e-5, 1e-6, 1e-7, 1e-8];
    const TOLERANCE: f64 = 1e-5;
    if params.dtype() != DType::F64 {
        return Err(broken(LAW, "finite differences need a model in f64"));
    }
    let sound = stimulus;
    let stimulus =
        Var::from_tensor(&sound.copy().during("copying a stimulus")?).during("making a variable")?;
    let weights = random_like(&rates(sound, Mode::Eval)?, seed)?;
    let target = || -> Result<Tensor> {
        (rates(stimulus.as_tensor(), Mode::Eval)? * &weights)
            .and_then(|t| t.sum_all())
            .during("weighting rates")
    };
    let grads = target()?.backward().during("going backward")?;
    let terms = (rates(sound, Mode::Eval)? * &weights).and_then(|t| t.abs()?.sum_all());
    let rounding = f64_values(&terms.during("summing rates")?)?[0] * 4.0 * f64::EPSILON;
    let named = params.trained().map(|p| (p.name.as_str(), &p.var));
    for (name, var) in named.chain([("stimulus", &stimulus)]) {
        let Some(grad) = grads.get(var.as_tensor()) else {
            return Err(broken(LAW, format!("{name} gets no gradient")));
        };
        let grad = f64_values(grad)?;
        let scale = grad.iter().fold(1e-6f64, |m, g| m.max(g.abs()));
        let start = f64_values(var.as_tensor())?;
        let mut probes = seed.stream(name);
        for _ in 0..n_probes.min(start.len()) {
            let i = probes.below(start.len());
            let at = |delta: f64| -> Result<f64> {
                let mut moved = start.clone();
                moved[i] += delta;
                set(var, moved)?;
                Ok(f64_values(&target()?)?[0])
            };
            let slope = |width: f64| -> Result<f64> { Ok((at(width)? - at(-width)?) / (2.0 * width)) };
            let difference =
                |width| slope(width).and_then(|near| Ok(near + (near - slope(2.0 * width)?) / 3.0));
            let mut found = Vec::with_capacity(WIDTHS.len());
            let mut agrees = false;
            for width in WIDTHS {
                let difference = difference(width);
                set(var, start.clone())?;
                let difference = difference?;
                found.push(difference);
                let error = (grad[i] - difference).abs();
                if error <= TOLERANCE * scale + rounding / width {
                    agrees = true;
                    break;
                }
            }
            if !agrees {
                let what = format!("{name}[{i}]: gradient {}, finite differences {found:?}", grad[i]);
                return Err(broken(LAW, what));
            }
        }
    }
    Ok(())
}

/// Every trained parameter receives a non-zero gradient somewhere, in evaluation and in a training pass.
///
/// An operation without a backward (Candle has some) cuts the graph silently: whatever lies before it stays as it was.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) that names the parameter.
pub fn every_parameter_learns(model: &dyn ResponseModel, cochleagram: &Tensor, seed: Seed) -> Result<()> {
    let rates = |x: &Tensor, mode: Mode<'_>| model.forward(x, mode);
    learning(&rates, model.params(), cochleagram, seed)
}

/// The law of [`every_parameter_learns`].
pub(crate) fn learning(rates: &Rates<'_>, params: &ParamStore, stimulus: &Tensor, seed: Seed) -> Result<()> {
    let pass = crate::Pass::new(seed, None);
    for (name, mode) in [("evaluation", Mode::Eval), ("training", Mode::Train(&pass))] {
        let rates = rates(stimulus, mode)?;
        let weights = random_like(&rates, seed)?;
        let target = (rates * weights).and_then(|t| t.sum_all()).during("weighting rates")?;
        let grads = target.backward().during("going backward")?;
        for param in params.trained() {
            let learns = match grads.get(param.var.as_tensor()) {
                Some(grad) => f64_values(grad)?.iter().any(|&g| g != 0.0),
                None => false,
            };
            if !learns {
                return Err(broken(
                    "every parameter learns",
                    format!("{} gets no gradient in {name}", param.name),
                ));
            }
        }
    }
    Ok(())
}

fn random_like(tensor: &Tensor, seed: Seed) -> Result<Tensor> {
    let mut stream = seed.stream("weights of rates");
    let values: Vec<f64> = (0..tensor.elem_count()).map(|_| stream.normal()).collect();
    Tensor::from_vec(values, tensor.dims(), tensor.device())
        .and_then(|t| t.to_dtype(tensor.dtype()))
        .during("drawing weights")
}

fn set(var: &Var, values: Vec<f64>) -> Result<()> {
    let tensor = Tensor::from_vec(values, var.dims(), var.device()).and_then(|t| t.to_dtype(var.dtype()));
    tensor.and_then(|t| var.set(&t)).during("setting a variable")
}
