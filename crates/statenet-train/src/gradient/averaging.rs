//! Averages of weights over the course of a fit, which are validated and kept in place of the weights themselves.
//!
//! ```text
//! ema    m_t = m_{t-1} + a_t (w_t - m_{t-1}),   a_t = (1 - d) / (1 - d^t)      after step t, from 1
//! last   m   = (w_{e-K+1} + .. + w_e) / K                                      after epoch e; of all epochs while there are fewer
//! ```
//! The first is the exponential moving average of Kingma & Ba (2015, section 7.2) with its bias corrected: m_1 is w_1, and the weights before
//! the first step do not count. The second is the mean of the latest weights (Kaddour 2022). The steps of the optimiser are those of a fit
//! without an average; buffers (running statistics) are not averaged. Kept in f64.

use std::collections::{BTreeMap, VecDeque};

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_models::ParamStore;

use crate::{
    error::{During, Error, Result},
    optimizers::precision,
};

/// Which average of weights a fit validates and keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Averaging {
    /// The weights themselves.
    #[default]
    None,
    /// Their exponential moving average over steps.
    Ema {
        /// The weight of the past, d: 0 or more, below 1. About 1 / (1 - d) steps count.
        decay: f64,
    },
    /// The mean of the weights after the latest epochs.
    Last {
        /// Number of epochs, at least 1.
        epochs: usize,
    },
}

impl Averaging {
    pub(super) fn validate(self) -> Result<()> {
        match self {
            Self::Ema { decay } if !(0.0..1.0).contains(&decay) => Err(Error::Setting {
                setting: "decay of the average of weights",
                got: decay.to_string(),
                expected: "0 or more, below 1",
            }),
            Self::Last { epochs: 0 } => Err(Error::Setting {
                setting: "number of epochs whose weights are averaged",
                got: "0".to_owned(),
                expected: "1 or more",
            }),
            _ => Ok(()),
        }
    }

    /// Copies of each parameter that the average takes, in values of f32.
    pub(crate) fn n_copies(self) -> usize {
        // Means are f64; while they are validated the weights are copied, and what is validated is.
        match self {
            Self::None => 0,
            Self::Ema { .. } => 2 + 2,
            Self::Last { epochs } => epochs.saturating_add(2 + 2),
        }
    }
}

/// Tensors by the names of parameters.
type Named = BTreeMap<String, Tensor>;

/// The average of the weights of a running fit.
pub(super) struct WeightAverage {
    rule: Averaging,
    /// Of `ema`: the trained parameters, f64. Empty before the first step.
    mean: Named,
    /// Of `last`: the trained parameters after the latest epochs, the latest one last.
    latest: VecDeque<Named>,
}

impl WeightAverage {
    /// `None` if the weights themselves are kept.
    pub(super) fn new(rule: Averaging) -> Option<Self> {
        (rule != Averaging::None).then(|| Self { rule, mean: Named::new(), latest: VecDeque::new() })
    }

    /// Takes in the weights after a step, of which there were `n_steps`, this one included.
    pub(super) fn step(&mut self, params: &ParamStore, n_steps: usize) -> Result<()> {
        let Averaging::Ema { decay } = self.rule else { return Ok(()) };
        let share = (1.0 - decay) / (1.0 - decay.powf(n_steps as f64));
        let mut next = Named::new();
        for (name, weights) in precise(params)? {
            let moved = match self.mean.get(&name) {
                Some(mean) => (&weights - mean).and_then(|apart| mean + (apart * share)?),
                None => weights.copy(),
            };
            next.insert(name, moved.during("averaging weights")?);
        }
        self.mean = next;
        Ok(())
    }

    /// Takes in the weights after an epoch.
    pub(super) fn epoch(&mut self, params: &ParamStore) -> Result<()> {
        let Averaging::Last { epochs } = self.rule else { return Ok(()) };
        let copied = params.trained().map(|param| {
            let copied = param.var.as_detached_tensor().copy().during("copying weights")?;
            Ok((param.name.clone(), copied))
        });
        self.latest.push_back(copied.collect::<Result<_>>()?);
        while self.latest.len() > epochs.max(1) {
            self.latest.pop_front();
        }
        Ok(())
    }

    /// Gives a model the averaged weights. Returns its own, to be loaded again.
    pub(super) fn swap_in(&self, params: &ParamStore) -> Result<Named> {
        let own = params.snapshot()?;
        let mut averaged = own.clone();
        averaged.extend(self.weights()?);
        params.load(&averaged, "averaged weights")?;
        Ok(own)
    }

    /// Goes on from the weights that the model has now, as if they were the average.
    pub(super) fn restart(&mut self, params: &ParamStore) -> Result<()> {
        self.latest.clear();
        if !self.mean.is_empty() {
            let copied =
                |(name, weights): (String, Tensor)| Ok((name, weights.copy().during("copying weights")?));
            self.mean = precise(params)?.into_iter().map(copied).collect::<Result<_>>()?;
        }
        Ok(())
    }

    /// The averaged parameters.
    fn weights(&self) -> Result<Named> {
        let Some(names) = self.latest.back() else { return Ok(self.mean.clone()) };
        let mean_of = |name: &String| {
            let all = self.latest.iter().filter_map(|weights| weights.get(name));
            let all = all.map(as_precise).collect::<candle_core::Result<Vec<_>>>()?;
            Tensor::stack(&all, 0)?.mean(0)
        };
        names.keys().map(|name| Ok((name.clone(), mean_of(name).during("averaging weights")?))).collect()
    }

    /// What a resumed fit needs, under names of its own.
    pub(super) fn save(&self) -> Named {
        let of_epoch = |(at, weights): (usize, &Named)| {
            weights.iter().map(|(name, t)| (format!("{at}.{name}"), t.clone())).collect::<Vec<_>>()
        };
        let latest = self.latest.iter().enumerate().flat_map(of_epoch);
        self.mean.iter().map(|(name, t)| (name.clone(), t.clone())).chain(latest).collect()
    }

    /// Takes what [`save`](Self::save) gave. Returns false, and changes nothing, if it is of other parameters or another average.
    pub(super) fn resume(&mut self, saved: &Named, params: &ParamStore) -> bool {
        let dims: BTreeMap<&str, &[usize]> =
            params.trained().map(|param| (param.name.as_str(), param.var.dims())).collect();
        let is_whole = |weights: &Named| {
            weights.len() == dims.len()
                && weights.iter().all(|(name, t)| dims.get(name.as_str()).copied() == Some(t.dims()))
        };
        match self.rule {
            Averaging::None => return saved.is_empty(),
            Averaging::Ema { .. } => {
                let is_precise = saved.values().all(|t| t.dtype() == precision(t.device()));
                if !is_whole(saved) || !is_precise {
                    return false;
                }
                self.mean = saved.clone();
            }
            Averaging::Last { epochs } => {
                let of_epoch = |at: usize| -> Named {
                    let prefix = format!("{at}.");
                    let own = |(name, t): (&String, &Tensor)| {
                        Some((name.strip_prefix(&prefix)?.to_owned(), t.clone()))
                    };
                    saved.iter().filter_map(own).collect()
                };
                let latest: VecDeque<Named> =
                    (0..epochs).map(of_epoch).take_while(|weights| !weights.is_empty()).collect();
                let n: usize = latest.iter().map(Named::len).sum();
                if n != saved.len() || !latest.iter().all(is_whole) {
                    return false;
                }
                self.latest = latest;
            }
        }
        true
    }
}

/// The trained parameters in the precision of averages. They may share the memory of the variables.
fn precise(params: &ParamStore) -> Result<Vec<(String, Tensor)>> {
    let one = |param: &statenet_models::Param| {
        let weights = as_precise(&param.var.as_detached_tensor()).during("averaging weights")?;
        Ok((param.name.clone(), weights))
    };
    params.trained().map(one).collect()
}

fn as_precise(weights: &Tensor) -> candle_core::Result<Tensor> {
    weights.to_dtype(precision(weights.device()))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::Seed;

    use super::*;

    /// A model of one weight.
    fn one_weight() -> ParamStore {
        let build =
            |vb: candle_nn::VarBuilder<'static>| vb.get_with_hints(1, "weight", candle_nn::init::ZERO);
        ParamStore::with_var_builder(Seed::new(0), DType::F64, &Device::Cpu, build).unwrap().1
    }

    fn set(params: &ParamStore, value: f64) {
        let value = Tensor::new(&[value], &Device::Cpu).unwrap();
        params.load(&[("weight".to_owned(), value)].into(), "test").unwrap();
    }

    fn value(params: &ParamStore) -> f64 {
        params.get("weight").unwrap().var.to_vec1::<f64>().unwrap()[0]
    }

    /// The average after each of some steps, each an epoch.
    fn averages(rule: Averaging, weights: &[f64]) -> Vec<f64> {
        let (params, mut average) = (one_weight(), WeightAverage::new(rule).unwrap());
        let mut seen = Vec::new();
        for (at, &weight) in weights.iter().enumerate() {
            set(&params, weight);
            average.step(&params, at + 1).unwrap();
            average.epoch(&params).unwrap();
            let own = average.swap_in(&params).unwrap();
            seen.push(value(&params));
            params.load(&own, "test").unwrap();
            assert_eq!(value(&params), weight, "the model's own weights are as they were");
        }
        seen
    }

    #[test]
    fn averages_by_hand() {
        let weights = [1.0, 3.0, -2.0, 6.0];
        // With d = 1/2 the weights of the past are 1, 1/2, 1/4, .. of those of now.
        let ema = [1.0, (3.0 + 0.5) / 1.5, (-2.0 + 1.5 + 0.25) / 1.75, (6.0 - 1.0 + 0.75 + 0.125) / 1.875];
        for (got, expected) in averages(Averaging::Ema { decay: 0.5 }, &weights).into_iter().zip(ema) {
            assert!((got - expected).abs() < 1e-15, "{got} {expected}");
        }
        assert_eq!(averages(Averaging::Ema { decay: 0.0 }, &weights), weights);
        assert_eq!(averages(Averaging::Last { epochs: 2 }, &weights), [1.0, 2.0, 0.5, 2.0]);
        assert_eq!(averages(Averaging::Last { epochs: 1 }, &weights), weights);
    }

    #[test]
    fn an_average_is_saved_and_goes_on() {
        for rule in [Averaging::Ema { decay: 0.9 }, Averaging::Last { epochs: 2 }] {
            let (params, mut whole) = (one_weight(), WeightAverage::new(rule).unwrap());
            let mut second = WeightAverage::new(rule).unwrap();
            for at in 0..5 {
                set(&params, f64::from(at * at) - 2.5);
                for average in [&mut whole, &mut second] {
                    average.step(&params, at as usize + 1).unwrap();
                    average.epoch(&params).unwrap();
                }
                let mut resumed = WeightAverage::new(rule).unwrap();
                assert!(resumed.resume(&second.save(), &params));
                second = resumed;
            }
            let of = |average: &WeightAverage| average.weights().unwrap()["weight"].to_vec1::<f64>().unwrap();
            assert_eq!(of(&whole), of(&second));
            let mut other = whole.save();
            other.insert("9.weight".to_owned(), Tensor::new(&[1.0], &Device::Cpu).unwrap());
            assert!(!second.resume(&other, &params), "{rule:?}");
        }
    }

    #[test]
    fn a_restarted_average_is_where_the_model_is() {
        let (params, mut average) =
            (one_weight(), WeightAverage::new(Averaging::Ema { decay: 0.5 }).unwrap());
        set(&params, 8.0);
        average.step(&params, 1).unwrap();
        set(&params, 2.0);
        average.restart(&params).unwrap();
        set(&params, 4.0);
        average.step(&params, 1000).unwrap();
        assert_eq!(average.weights().unwrap()["weight"].to_vec1::<f64>().unwrap(), [3.0]);
    }
}
