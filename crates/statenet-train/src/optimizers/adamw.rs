//! AdamW (Loshchilov & Hutter 2019), equal to PyTorch's.
//!
//! ```text
//! m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2
//! w = w - lr (decay w + (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps))
//! ```
//! By default weights alone decay ([`Param::is_weight`]), where PyTorch's optimiser, told nothing else, decays norms, biases and output curves
//! too ([`Decayed::All`]).
//! Moments are kept in f64 under the parameters' names and can be saved, which candle-nn's AdamW cannot: a fit resumes
//! where it stopped. They lie where their parameter lies, so that a step copies nothing between a device and the host.

use std::collections::BTreeMap;

use candle_core::{Result, Var, backprop::GradStore};
use candle_nn::Optimizer;
use serde::{Deserialize, Serialize};
use statenet_models::{Param, ParamStore};

use super::{on_cpu::CpuMoments, on_device::DeviceMoments, rule::Rule};

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
    /// Decay per step, times the learning rate, of what `decayed` says. Default 0.
    pub weight_decay: f64,
    /// Which parameters decay. Default: weights.
    pub decayed: Decayed,
}

/// Which parameters the weight decay acts on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decayed {
    /// Weights ([`Param::is_weight`]): no biases, norms, output curves and time constants.
    #[default]
    Weights,
    /// Every trained parameter, as PyTorch's AdamW decays all that it is given.
    All,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.0,
            decayed: Decayed::Weights,
        }
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
    decays: bool,
    kept: Kept,
}

/// The moments of one parameter, where the parameter lies.
#[derive(Debug)]
enum Kept {
    Cpu(CpuMoments),
    Device(DeviceMoments),
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
    ///
    /// # Errors
    /// If a device has no memory for the moments.
    pub fn for_params(params: &ParamStore, config: AdamWConfig) -> Result<Self> {
        let decays = |param: &Param| config.decayed == Decayed::All || param.is_weight();
        let named = params.trained().map(|p| (p.name.clone(), p.var.clone(), decays(p)));
        Self::of_named(named.collect(), config)
    }

    fn of_named(named: Vec<(String, Var, bool)>, config: AdamWConfig) -> Result<Self> {
        let entry = |(name, var, decays): (String, Var, bool)| {
            let kept = Kept::new(&var)?;
            Ok(Entry { name, var, decays, kept })
        };
        Ok(Self { entries: named.into_iter().map(entry).collect::<Result<_>>()?, config, n_steps: 0 })
    }

    /// Number of steps taken.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// A copy of what it remembers.
    ///
    /// # Errors
    /// If moments cannot be read from a device.
    pub fn moments(&self) -> Result<Moments> {
        let named = |e: &Entry| Ok((e.name.clone(), e.kept.numbers()?));
        Ok(Moments { n_steps: self.n_steps, by_name: self.entries.iter().map(named).collect::<Result<_>>()? })
    }

    /// Goes on from saved moments. Returns false, and changes nothing, if they belong to other parameters.
    ///
    /// # Errors
    /// If moments cannot be written to a device; nothing is changed.
    pub fn resume(&mut self, moments: &Moments) -> Result<bool> {
        let mut resumed = Vec::with_capacity(self.entries.len());
        for Entry { name, var, kept, .. } in &self.entries {
            let n = var.elem_count();
            match moments.by_name.get(name) {
                Some((mean, square)) if mean.len() == n && square.len() == n => {
                    resumed.push(kept.resumed(var, mean, square)?);
                }
                _ => return Ok(false),
            }
        }
        if moments.by_name.len() != resumed.len() {
            return Ok(false);
        }
        self.entries.iter_mut().zip(resumed).for_each(|(entry, kept)| entry.kept = kept);
        self.n_steps = moments.n_steps;
        Ok(true)
    }

    /// One step with gradients scaled by a factor (of clipping).
    ///
    /// # Errors
    /// If a gradient cannot be read or a parameter not set.
    pub fn scaled_step(&mut self, grads: &GradStore, factor: f64) -> Result<()> {
        self.n_steps += 1;
        let t = self.n_steps as f64;
        let &AdamWConfig { learning_rate, beta1, beta2, eps, weight_decay, decayed: _ } = &self.config;
        let all = Rule {
            factor,
            learning_rate,
            beta1,
            beta2,
            eps,
            weight_decay,
            correct1: 1.0 / (1.0 - beta1.powf(t)),
            correct2: 1.0 / (1.0 - beta2.powf(t)),
        };
        for Entry { var, decays, kept, .. } in &mut self.entries {
            let Some(grad) = grads.get(var.as_tensor()) else { continue };
            let rule = if *decays { all } else { Rule { weight_decay: 0.0, ..all } };
            match kept {
                Kept::Cpu(moments) => moments.step(rule, var, grad)?,
                Kept::Device(moments) => moments.step(rule, var, grad)?,
            }
        }
        Ok(())
    }
}

impl Kept {
    fn new(var: &Var) -> Result<Self> {
        if var.device().is_cpu() {
            Ok(Self::Cpu(CpuMoments::new(var.elem_count())))
        } else {
            Ok(Self::Device(DeviceMoments::new(var)?))
        }
    }

    fn numbers(&self) -> Result<(Vec<f64>, Vec<f64>)> {
        match self {
            Self::Cpu(moments) => Ok((moments.mean.clone(), moments.square.clone())),
            Self::Device(moments) => moments.numbers(),
        }
    }

    /// Moments of these values, in the same place.
    fn resumed(&self, var: &Var, mean: &[f64], square: &[f64]) -> Result<Self> {
        Ok(match self {
            Self::Cpu(_) => Self::Cpu(CpuMoments { mean: mean.to_vec(), square: square.to_vec() }),
            Self::Device(_) => Self::Device(DeviceMoments::from_numbers(var, mean, square)?),
        })
    }
}

impl Optimizer for AdamW {
    type Config = AdamWConfig;

    /// Parameters without names are called by their number, and all of them decay: nothing says what they are.
    fn new(vars: Vec<Var>, config: Self::Config) -> Result<Self> {
        let named = vars.into_iter().enumerate().map(|(i, var)| (i.to_string(), var, true));
        Self::of_named(named.collect(), config)
    }

    fn step(&mut self, grads: &GradStore) -> Result<()> {
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
    use candle_core::{DType, Device, Tensor};

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
        assert!(second.resume(&first.moments().unwrap()).unwrap());
        (0..6).for_each(|_| one_step(&mut second, &b));
        assert_eq!(a.to_vec1::<f64>().unwrap(), b.to_vec1::<f64>().unwrap());
        assert!(!second.resume(&Moments::default()).unwrap());
    }

    /// An optimiser whose moments are tensors, as on any device but the CPU.
    fn on_device(var: &Var, config: &AdamWConfig) -> AdamW {
        let mut optimizer = AdamW::new(vec![var.clone()], config.clone()).unwrap();
        optimizer.entries[0].kept = Kept::Device(DeviceMoments::new(var).unwrap());
        optimizer
    }

    fn bits(var: &Var) -> Vec<u64> {
        let values = var.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        values.into_iter().map(f64::to_bits).collect()
    }

    #[test]
    fn tensors_of_moments_take_the_same_steps_as_vectors() {
        let config = AdamWConfig { learning_rate: 0.1, weight_decay: 0.01, ..AdamWConfig::default() };
        for dtype in [DType::F32, DType::F64] {
            let start = || {
                let values = Tensor::new(&[[2f64, -3.0, 0.7], [1e-4, 11.0, -0.3]], &Device::Cpu).unwrap();
                Var::from_tensor(&values.to_dtype(dtype).unwrap()).unwrap()
            };
            let (a, b) = (start(), start());
            let mut vectors = AdamW::new(vec![a.clone()], config.clone()).unwrap();
            let mut tensors = on_device(&b, &config);
            for step in 0..20 {
                for (optimizer, var) in [(&mut vectors, &a), (&mut tensors, &b)] {
                    let loss = var.as_tensor().sqr().unwrap().sum_all().unwrap();
                    optimizer.scaled_step(&loss.backward().unwrap(), 0.3 + f64::from(step)).unwrap();
                }
                assert_eq!(bits(&a), bits(&b), "{dtype:?}, step {step}");
            }
            assert_eq!(vectors.moments().unwrap(), tensors.moments().unwrap());
        }
    }

    #[test]
    fn an_optimiser_on_a_device_resumes_exactly() {
        let config = AdamWConfig::default();
        let start = || Var::new(&[2f32, -3.0], &Device::Cpu).unwrap();
        let (a, b) = (start(), start());
        let mut whole = on_device(&a, &config);
        (0..10).for_each(|_| one_step(&mut whole, &a));
        let mut first = on_device(&b, &config);
        (0..4).for_each(|_| one_step(&mut first, &b));
        let mut second = on_device(&b, &config);
        assert!(second.resume(&first.moments().unwrap()).unwrap());
        assert!(matches!(second.entries[0].kept, Kept::Device(_)));
        (0..6).for_each(|_| one_step(&mut second, &b));
        assert_eq!(bits(&a), bits(&b));
    }
}
