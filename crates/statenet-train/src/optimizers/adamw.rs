//! AdamW (Loshchilov & Hutter 2019), equal to PyTorch's.
//!
//! ```text
//! m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2
//! w = w - lr (decay w + (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps))
//! ```
//! Moments are kept in f64 under the parameters' names and can be saved, which candle-nn's AdamW cannot: a fit resumes
//! where it stopped.

use std::{cell::RefCell, collections::BTreeMap};

use candle_core::{CpuStorage, DType, InplaceOp2, Layout, Tensor, Var, WithDType, backprop::GradStore, bail};
use candle_nn::Optimizer;
use serde::{Deserialize, Serialize};
use statenet_models::ParamStore;

/// Settings of AdamW.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamWConfig {
    /// Step size. Default 1e-3.
    pub learning_rate: f64,
    /// Memory of the mean gradient. Default 0.9.
    pub beta1: f64,
    /// Memory of the mean squared gradient. Default 0.999.
    pub beta2: f64,
    /// Added to the root of the mean squared gradient. Default 1e-8.
    pub eps: f64,
    /// Decay of every parameter per step, times the learning rate. Default 0.
    pub weight_decay: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self { learning_rate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 }
    }
}

/// AdamW over named parameters.
#[derive(Debug)]
pub struct AdamW {
    entries: Vec<Entry>,
    config: AdamWConfig,
    n_steps: usize,
}

#[derive(Debug)]
struct Entry {
    name: String,
    var: Var,
    mean: Vec<f64>,
    square: Vec<f64>,
}

/// What AdamW remembers: enough to go on exactly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    /// Steps taken.
    pub n_steps: usize,
    /// Mean gradient and mean squared gradient by parameter name.
    pub by_name: BTreeMap<String, (Vec<f64>, Vec<f64>)>,
}

impl AdamW {
    /// An optimiser of a model's trained parameters.
    #[must_use]
    pub fn for_params(params: &ParamStore, config: AdamWConfig) -> Self {
        let named = params.trained().map(|p| (p.name.clone(), p.var.clone()));
        Self::of_named(named, config)
    }

    fn of_named(named: impl Iterator<Item = (String, Var)>, config: AdamWConfig) -> Self {
        let entry = |(name, var): (String, Var)| {
            let n = var.elem_count();
            Entry { name, var, mean: vec![0.0; n], square: vec![0.0; n] }
        };
        Self { entries: named.map(entry).collect(), config, n_steps: 0 }
    }

    /// A copy of what it remembers.
    #[must_use]
    pub fn moments(&self) -> Moments {
        let named = |e: &Entry| (e.name.clone(), (e.mean.clone(), e.square.clone()));
        Moments { n_steps: self.n_steps, by_name: self.entries.iter().map(named).collect() }
    }

    /// Goes on from saved moments. Returns false, and changes nothing, if they belong to other parameters.
    #[must_use]
    pub fn resume(&mut self, moments: &Moments) -> bool {
        let fits = |e: &Entry| {
            let n = e.mean.len();
            moments.by_name.get(&e.name).is_some_and(|(m, s)| m.len() == n && s.len() == n)
        };
        if moments.by_name.len() != self.entries.len() || !self.entries.iter().all(fits) {
            return false;
        }
        for entry in &mut self.entries {
            if let Some((mean, square)) = moments.by_name.get(&entry.name) {
                entry.mean.clone_from(mean);
                entry.square.clone_from(square);
            }
        }
        self.n_steps = moments.n_steps;
        true
    }

    /// One step with gradients scaled by a factor (of clipping).
    ///
    /// # Errors
    /// If a gradient cannot be read or a parameter not set.
    pub fn scaled_step(&mut self, grads: &GradStore, factor: f64) -> candle_core::Result<()> {
        self.n_steps += 1;
        let t = self.n_steps as f64;
        let rule = Rule {
            config: &self.config,
            factor,
            correct1: 1.0 / (1.0 - self.config.beta1.powf(t)),
            correct2: 1.0 / (1.0 - self.config.beta2.powf(t)),
        };
        for entry in &mut self.entries {
            let Some(grad) = grads.get(entry.var.as_tensor()) else { continue };
            let moments = RefCell::new((&mut entry.mean[..], &mut entry.square[..]));
            let update = Update { rule, moments };
            if entry.var.device().is_cpu() && entry.var.is_contiguous() {
                entry.var.inplace_op2(&grad.contiguous()?, &update)?;
                continue;
            }
            let grad = numbers(grad)?;
            let mut values = numbers(&entry.var.as_detached_tensor())?;
            update.apply(&mut values, &grad)?;
            let new = Tensor::from_vec(values, entry.var.shape(), entry.var.device())?;
            entry.var.set(&new.to_dtype(entry.var.dtype())?)?;
        }
        Ok(())
    }
}

/// What one step does to every number.
#[derive(Clone, Copy)]
struct Rule<'a> {
    config: &'a AdamWConfig,
    factor: f64,
    correct1: f64,
    correct2: f64,
}

/// One parameter's step, in place: values, gradient and moments are passed once.
struct Update<'a> {
    rule: Rule<'a>,
    moments: RefCell<(&'a mut [f64], &'a mut [f64])>,
}

impl Update<'_> {
    fn apply<T: WithDType>(&self, values: &mut [T], grad: &[T]) -> candle_core::Result<()> {
        let Rule { config, factor, correct1, correct2 } = self.rule;
        let &AdamWConfig { learning_rate, beta1, beta2, eps, weight_decay } = config;
        let mut moments = self.moments.borrow_mut();
        let (mean, square) = &mut *moments;
        if values.len() != mean.len() || grad.len() != mean.len() {
            bail!("a gradient has {} numbers, its parameter {}", grad.len(), mean.len());
        }
        for (((w, g), m), v) in values.iter_mut().zip(grad).zip(mean.iter_mut()).zip(square.iter_mut()) {
            let g = g.to_f64() * factor;
            *m = beta1 * *m + (1.0 - beta1) * g;
            *v = beta2 * *v + (1.0 - beta2) * g * g;
            let direction = (*m * correct1) / ((*v * correct2).sqrt() + eps);
            let value = w.to_f64();
            *w = T::from_f64(value - learning_rate * (weight_decay * value + direction));
        }
        Ok(())
    }
}

impl InplaceOp2 for Update<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(
        &self,
        values: &mut CpuStorage,
        values_layout: &Layout,
        grad: &CpuStorage,
        grad_layout: &Layout,
    ) -> candle_core::Result<()> {
        let (Some(at), Some(from)) = (values_layout.contiguous_offsets(), grad_layout.contiguous_offsets())
        else {
            bail!("adamw steps through contiguous numbers");
        };
        match (values, grad) {
            (CpuStorage::F32(values), CpuStorage::F32(grad)) => {
                self.apply(&mut values[at.0..at.1], &grad[from.0..from.1])
            }
            (CpuStorage::F64(values), CpuStorage::F64(grad)) => {
                self.apply(&mut values[at.0..at.1], &grad[from.0..from.1])
            }
            _ => bail!("adamw steps through f32 or f64, and a gradient like its parameter"),
        }
    }
}

fn numbers(tensor: &Tensor) -> candle_core::Result<Vec<f64>> {
    tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1()
}

impl Optimizer for AdamW {
    type Config = AdamWConfig;

    /// Parameters without names are called by their number.
    fn new(vars: Vec<Var>, config: Self::Config) -> candle_core::Result<Self> {
        Ok(Self::of_named(vars.into_iter().enumerate().map(|(i, var)| (i.to_string(), var)), config))
    }

    fn step(&mut self, grads: &GradStore) -> candle_core::Result<()> {
        self.scaled_step(grads, 1.0)
    }

    fn learning_rate(&self) -> f64 {
        self.config.learning_rate
    }

    fn set_learning_rate(&mut self, lr: f64) {
        self.config.learning_rate = lr;
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn one_step(optimizer: &mut AdamW, var: &Var) {
        let loss = var.as_tensor().sqr().unwrap().sum_all().unwrap();
        optimizer.step(&loss.backward().unwrap()).unwrap();
    }

    #[test]
    fn the_first_step_is_the_learning_rate_and_the_decay() {
        let var = Var::new(&[2f64, -3.0], &Device::Cpu).unwrap();
        let config = AdamWConfig { learning_rate: 0.1, weight_decay: 0.5, ..AdamWConfig::default() };
        let mut optimizer = AdamW::new(vec![var.clone()], config).unwrap();
        one_step(&mut optimizer, &var);
        // The first direction is the gradient's sign; the decay takes lr * 0.5 of each weight.
        let values = var.to_vec1::<f64>().unwrap();
        assert!((values[0] - (2.0 - 0.1 - 0.1)).abs() < 1e-8, "{values:?}");
        assert!((values[1] - (-3.0 + 0.1 + 0.15)).abs() < 1e-8, "{values:?}");
    }

    #[test]
    fn a_resumed_optimiser_goes_on_exactly() {
        let start = || Var::new(&[2f64, -3.0], &Device::Cpu).unwrap();
        let (a, b) = (start(), start());
        let mut whole = AdamW::new(vec![a.clone()], AdamWConfig::default()).unwrap();
        (0..10).for_each(|_| one_step(&mut whole, &a));
        let mut first = AdamW::new(vec![b.clone()], AdamWConfig::default()).unwrap();
        (0..4).for_each(|_| one_step(&mut first, &b));
        let mut second = AdamW::new(vec![b.clone()], AdamWConfig::default()).unwrap();
        assert!(second.resume(&first.moments()));
        (0..6).for_each(|_| one_step(&mut second, &b));
        assert_eq!(a.to_vec1::<f64>().unwrap(), b.to_vec1::<f64>().unwrap());
        assert!(!second.resume(&Moments::default()));
    }
}
