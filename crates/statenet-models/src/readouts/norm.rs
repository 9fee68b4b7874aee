//! Batch normalisation per neuron, over the bins that belong to a stimulus (Ioffe & Szegedy 2015).
//!
//! ```text
//! y[b,n,t] = weight[n] (x - mean[n]) / sqrt(var[n] + 1e-5) + bias[n]
//! ```
//! In evaluation mean and var are the running ones: per-neuron constants, causal. In a training pass they are those of
//! the batch's valid bins, which leave through the pass and are folded into the running ones with momentum 0.1.
//! Differs from the published models: padded bins do not count.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use crate::{
    error::{During, Result},
    model::mode::{Mode, Pass, Statistic},
    params::{init::Init, store::Scope},
    tensors::f64_values,
};

/// Added to the variance.
pub(crate) const EPS: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

/// Normalisation between a receptive field and its output curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormConfig {
    /// None: the receptive field's own scale.
    #[default]
    None,
    /// Batch normalisation, as the published Linear and LN have it.
    Batch,
}

pub(crate) struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    mean_name: String,
    var_name: String,
}

impl BatchNorm {
    pub(crate) fn new(n: usize, scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self {
            weight: scope.parameter("weight", n, Init::ONES)?,
            bias: scope.parameter("bias", n, Init::ZEROS)?,
            running_mean: scope.buffer("running_mean", n, Init::ZEROS)?,
            running_var: scope.buffer("running_var", n, Init::ONES)?,
            mean_name: scope.name("running_mean"),
            var_name: scope.name("running_var"),
        })
    }

    /// The normalised drive where the receptive field's output is at its mean, (N).
    pub(crate) fn bias(&self) -> &Tensor {
        &self.bias
    }

    /// weight / sqrt(var + 1e-5), (N): what one unit of the receptive field's output is worth in evaluation.
    pub(crate) fn scales(&self) -> Result<Vec<f64>> {
        let (weights, vars) = (f64_values(&self.weight)?, f64_values(&self.running_var)?);
        Ok(weights.iter().zip(vars).map(|(weight, var)| weight / (var + EPS).sqrt()).collect())
    }

    /// Folds the normalisation of evaluation into receptive fields: weight `(N, C, F, K)` and bias (N) that give the
    /// same drives without it.
    pub(crate) fn absorb(&self, weight: &Tensor, bias: &Tensor) -> candle_core::Result<(Tensor, Tensor)> {
        let (scale, offset) = line(&self.running_mean, &self.running_var, &self.weight, &self.bias)?;
        let each = scale.reshape((scale.elem_count(), 1, 1, 1))?;
        Ok((weight.broadcast_mul(&each)?, ((bias * scale)? + offset)?))
    }

    /// `(B, N, T)` to `(B, N, T)`.
    pub(crate) fn apply(&self, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        match mode {
            Mode::Eval => normalize(x, &self.running_mean, &self.running_var, &self.weight, &self.bias),
            Mode::Train(pass) => {
                let (mean, var, n_bins) = batch_moments(x, pass).during("taking batch statistics")?;
                let unbiased =
                    (&var * (n_bins / (n_bins - 1.0).max(1.0))).during("taking batch statistics")?;
                for (buffer, value) in [(&self.mean_name, &mean), (&self.var_name, &unbiased)] {
                    pass.record(Statistic {
                        buffer: buffer.clone(),
                        value: value.detach(),
                        momentum: MOMENTUM,
                    });
                }
                normalize(x, &mean, &var, &self.weight, &self.bias)
            }
        }
    }
}

fn normalize(x: &Tensor, mean: &Tensor, var: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let normalized = || -> candle_core::Result<Tensor> {
        let (scale, offset) = line(mean, var, weight, bias)?;
        let column = |v: Tensor| v.reshape((1, v.elem_count(), 1));
        x.broadcast_mul(&column(scale)?)?.broadcast_add(&column(offset)?)
    };
    normalized().during("normalizing over the batch")
}

/// Normalisation as y = scale x + offset; scale and offset (N).
fn line(
    mean: &Tensor,
    var: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
) -> candle_core::Result<(Tensor, Tensor)> {
    let scale = (weight / (var + EPS)?.sqrt()?)?;
    let offset = (bias - (mean * &scale)?)?;
    Ok((scale, offset))
}

/// Mean and biased variance (N) over the valid bins of all stimuli, and how many bins there are.
fn batch_moments(x: &Tensor, pass: &Pass) -> candle_core::Result<(Tensor, Tensor, f64)> {
    let (batch, _, n_bins) = x.dims3()?;
    let valid = match pass.valid() {
        Some(valid) => valid.to_dtype(x.dtype())?,
        None => Tensor::ones((batch, 1, n_bins), x.dtype(), x.device())?,
    };
    let count = valid.sum_all()?.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()?.max(1.0);
    let mean = (x.broadcast_mul(&valid)?.sum((0, 2))? / count)?;
    let centered = x.broadcast_sub(&mean.reshape((1, mean.elem_count(), 1))?)?.broadcast_mul(&valid)?;
    let var = (centered.sqr()?.sum((0, 2))? / count)?;
    Ok((mean, var, count))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::Seed;

    use super::*;
    use crate::params::store::ParamStore;

    #[test]
    fn padding_does_not_count_and_statistics_leave_through_the_pass() {
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let norm = BatchNorm::new(1, &mut store.root()).unwrap();
        let x = Tensor::new(&[[[1f64, 3., 99.]]], &Device::Cpu).unwrap();
        let valid = Tensor::new(&[[[1f64, 1., 0.]]], &Device::Cpu).unwrap();
        let pass = Pass::new(Seed::new(0), Some(valid));
        let y = norm.apply(&x, Mode::Train(&pass)).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let unit = 1.0 / (1.0f64 + EPS).sqrt();
        assert!((y[0] + unit).abs() < 1e-12 && (y[1] - unit).abs() < 1e-12);
        store.fold(&pass).unwrap();
        let value = |name: &str| store.get(name).unwrap().var.to_vec1::<f64>().unwrap()[0];
        assert!((value("running_mean") - 0.2).abs() < 1e-12);
        assert!((value("running_var") - (0.9 + 0.1 * 2.0)).abs() < 1e-12);
    }
}
