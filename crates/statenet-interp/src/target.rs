//! Whose response is examined: a neuron, a population, a contrast between neurons, or a hidden unit.

use candle_core::{DType, Tensor};
use statenet_models::{ResponseModel, State};

use crate::error::{During, Error, Result};

/// A scalar response of a model: one number at every bin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The rate of a neuron.
    Neuron(usize),
    /// The mean rate of several neurons; a neuron listed twice counts twice.
    Population(Vec<usize>),
    /// The mean rate of some neurons minus the mean rate of others.
    Contrast {
        /// Neurons that count positive.
        raised: Vec<usize>,
        /// Neurons that count negative.
        lowered: Vec<usize>,
    },
    /// One number in the model's streaming state, known after the last frame only.
    Hidden {
        /// The tensor's name in [`State`], such as `core.backbone.h`.
        entry: String,
        /// Index into that tensor of one stream, flattened.
        unit: usize,
    },
}

impl Target {
    /// One target for each neuron.
    #[must_use]
    pub fn neurons(neurons: impl IntoIterator<Item = usize>) -> Vec<Self> {
        neurons.into_iter().map(Self::Neuron).collect()
    }

    /// Whether this is a hidden unit, whose value is known after the last frame only.
    pub(crate) fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden { .. })
    }

    /// The neurons that count, each with its weight; empty for a hidden unit.
    pub(crate) fn weights(&self) -> Vec<(usize, f64)> {
        let mean = |neurons: &[usize], sign: f64| -> Vec<(usize, f64)> {
            neurons.iter().map(|&n| (n, sign / neurons.len() as f64)).collect()
        };
        match self {
            Self::Neuron(neuron) => vec![(*neuron, 1.0)],
            Self::Population(neurons) => mean(neurons, 1.0),
            Self::Contrast { raised, lowered } => [mean(raised, 1.0), mean(lowered, -1.0)].concat(),
            Self::Hidden { .. } => Vec::new(),
        }
    }

    /// Returns an error if the model does not have this target.
    fn check(&self, n_neurons: usize, state: &State) -> Result<()> {
        let empty = match self {
            Self::Neuron(_) | Self::Hidden { .. } => false,
            Self::Population(neurons) => neurons.is_empty(),
            Self::Contrast { raised, lowered } => raised.is_empty() || lowered.is_empty(),
        };
        if empty {
            return Err(Error::EmptyTarget);
        }
        if let Some((got, _)) = self.weights().into_iter().find(|(n, _)| *n >= n_neurons) {
            return Err(Error::OutOfRange { what: "neuron", got, n: n_neurons });
        }
        if let Self::Hidden { entry, unit } = self {
            let Some((_, tensor)) = state.iter().find(|(name, _)| name == entry) else {
                let known = state.iter().map(|(name, _)| name.to_owned()).collect();
                return Err(Error::UnknownEntry { entry: entry.clone(), known });
            };
            // Tensors that grow with the sound are still empty; their units are checked when they are read.
            let n = tensor.elem_count();
            if *unit >= n && n > 0 {
                return Err(Error::OutOfRange { what: "hidden unit", got: *unit, n });
            }
        }
        Ok(())
    }
}

/// Returns an error if the model does not have one of the targets.
pub(crate) fn check(model: &dyn ResponseModel, targets: &[Target]) -> Result<()> {
    let state = model.init_state(1)?;
    targets.iter().try_for_each(|target| target.check(model.n_neurons(), &state))
}

/// One target for each row of a batch, and how to compute its value from rates and state.
pub(crate) struct Objective {
    /// (R, N, 1).
    weights: Tensor,
    /// For each tensor of the state: the rows whose target is a hidden unit in it, as (row, unit).
    hidden: Vec<(String, Vec<(usize, usize)>)>,
    n_rows: usize,
}

impl Objective {
    /// `rows` holds the target of each row; the targets must have been [checked](check).
    pub(crate) fn new(model: &dyn ResponseModel, rows: &[&Target]) -> Result<Self> {
        let (n_rows, n) = (rows.len(), model.n_neurons());
        let mut weights = vec![0f64; n_rows * n];
        let mut hidden: Vec<(String, Vec<(usize, usize)>)> = Vec::new();
        for (row, target) in rows.iter().enumerate() {
            for (neuron, weight) in target.weights() {
                if let Some(there) = weights.get_mut(row * n + neuron) {
                    *there += weight;
                }
            }
            if let Target::Hidden { entry, unit } = target {
                match hidden.iter_mut().find(|(name, _)| name == entry) {
                    Some((_, units)) => units.push((row, *unit)),
                    None => hidden.push((entry.clone(), vec![(row, *unit)])),
                }
            }
        }
        let weights = Tensor::from_vec(weights, (n_rows, n, 1), model.device())
            .and_then(|w| w.to_dtype(model.dtype()))
            .during("weighting neurons")?;
        Ok(Self { weights, hidden, n_rows })
    }

    /// The value of each row (R): the target's rate, from rates (R, N, T), summed over time with the weights `when`, (R, T)
    /// or (1, T); for a hidden unit its value in `state`.
    pub(crate) fn values(&self, rates: &Tensor, state: &State, when: &Tensor) -> Result<Tensor> {
        let of_neurons = || rates.broadcast_mul(&self.weights)?.sum(1)?.broadcast_mul(when)?.sum(1);
        let mut values = of_neurons().during("reading rates")?;
        for (entry, units) in &self.hidden {
            let Some((_, tensor)) = state.iter().find(|(name, _)| name == entry) else { continue };
            let tensor = tensor.reshape((self.n_rows, ())).during("reading a state")?;
            let n = tensor.dim(1).during("reading a state")?;
            let mut chosen = vec![0f64; self.n_rows * n];
            for &(row, unit) in units {
                if unit >= n {
                    return Err(Error::OutOfRange { what: "hidden unit", got: unit, n });
                }
                chosen[row * n + unit] = 1.0;
            }
            let of_units = || -> candle_core::Result<Tensor> {
                let chosen = Tensor::from_vec(chosen, (self.n_rows, n), tensor.device())?;
                values + (tensor.clone() * chosen.to_dtype(tensor.dtype())?)?.sum(1)?
            };
            values = of_units().during("reading a state")?;
        }
        Ok(values)
    }
}

/// Weights over `n` bins that select the last one, (1, n).
pub(crate) fn at_last(n: usize, dtype: DType, device: &candle_core::Device) -> Result<Tensor> {
    let mut when = vec![0f64; n];
    if let Some(last) = when.last_mut() {
        *last = 1.0;
    }
    Tensor::from_vec(when, (1, n), device).and_then(|w| w.to_dtype(dtype)).during("choosing a bin")
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use statenet_core::{Axes, Seed, TimeBin};
    use statenet_models::{Mode, zoo};

    use super::*;

    #[test]
    fn a_contrast_is_the_difference_of_two_means() {
        let axes = Axes::new(8, 4, TimeBin::whole_millis::<5>());
        let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu).unwrap();
        let sound = Tensor::ones((3, 1, 8, 6), DType::F32, &Device::Cpu).unwrap();
        let mut state = model.init_state(3).unwrap();
        let rates = model.chunk(&sound, &mut state).unwrap();
        let contrast = Target::Contrast { raised: vec![0, 1], lowered: vec![3] };
        let unit = Target::Hidden { entry: "core.backbone.h".into(), unit: 2 };
        let all = Target::Population(vec![0, 1, 2, 3]);
        let objective = Objective::new(&*model, &[&contrast, &unit, &all]).unwrap();
        let when = at_last(6, DType::F32, &Device::Cpu).unwrap();
        let values = objective.values(&rates, &state, &when).unwrap().to_vec1::<f32>().unwrap();
        let r: Vec<f32> = model
            .forward(&sound, Mode::Eval)
            .unwrap()
            .get(0)
            .unwrap()
            .narrow(1, 5, 1)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1()
            .unwrap();
        let h = state.get("core.backbone.h", &[3, 7]).unwrap().to_vec2::<f32>().unwrap();
        let expected = [(r[0] + r[1]) / 2.0 - r[3], h[1][2], r.iter().sum::<f32>() / 4.0];
        for (got, expected) in values.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }

    #[test]
    fn what_the_model_does_not_have_is_named() {
        let axes = Axes::new(8, 2, TimeBin::whole_millis::<5>());
        let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu).unwrap();
        let message = |target: Target| check(&*model, &[target]).unwrap_err().to_string();
        assert_eq!(message(Target::Neuron(2)), "neuron is 2, expected an index below 2");
        assert_eq!(message(Target::Population(vec![])), "the target lists no neuron, expected at least one");
        let hidden = |entry: &str, unit| Target::Hidden { entry: entry.into(), unit };
        assert_eq!(
            message(hidden("core.h", 0)),
            "the model's state has no tensor core.h, known are core.backbone.h"
        );
        assert_eq!(message(hidden("core.backbone.h", 7)), "hidden unit is 7, expected an index below 7");
    }
}
