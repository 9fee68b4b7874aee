//! Which parameters are weights, by their names: the one place that weight decay and penalties ask.

use super::store::Param;

/// Names, or their beginnings where they end with `_`, of parameters with two axes or more that are no weights: numbers behind a logarithm,
/// a softplus or a square, whose 0 means nothing; positions and widths; and the matrices by which state spaces turn and decay, which their
/// authors do not let decay either (Gu et al. 2022, Gu & Dao 2023).
const NO_WEIGHTS: [&str; 10] = ["bias", "bias_", "biases", "log_", "raw_", "root_", "A_", "B", "P", "SIG"];

impl Param {
    /// Whether it is a weight: a matrix or filter that a model multiplies what it hears by, so that 0 means no influence.
    ///
    /// Weights have two axes or more. No weights are biases, scales and shifts of norms, numbers of output curves (one of each neuron), time
    /// constants, and the numbers behind a logarithm, a softplus or a square. Weight decay and penalties act on weights alone: a norm's scale
    /// or an output curve that is drawn to 0 is silent, not simple.
    ///
    /// Of a model of your own, a parameter is a weight if it has two axes or more and its name does not end in `bias`, `.B`, `.P` or the like.
    ///
    /// ```
    /// use candle_core::Device;
    /// use statenet_core::{Axes, Seed, TimeBin};
    /// use statenet_models::zoo;
    ///
    /// let axes = Axes::new(34, 3, TimeBin::whole_millis::<5>());
    /// let model = zoo::transformer(&axes).build(Seed::new(0), &Device::Cpu)?;
    /// let is_weight = |name: &str| model.params().get(name).map(|param| param.is_weight());
    /// assert_eq!(is_weight("readout.fc.weight"), Some(true));
    /// assert_eq!(is_weight("readout.fc.bias"), Some(false));
    /// # Ok::<(), statenet_models::Error>(())
    /// ```
    #[must_use]
    pub fn is_weight(&self) -> bool {
        let name = self.name.rsplit('.').next().unwrap_or(&self.name);
        let is_named =
            |other: &&str| if other.ends_with('_') { name.starts_with(*other) } else { name == *other };
        self.is_trained() && self.var.rank() >= 2 && !NO_WEIGHTS.iter().any(is_named)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use candle_core::Device;
    use statenet_core::{Axes, Input, SampleRate, Sampling, Seed, TimeBin};

    use crate::{Param, ResponseModel, zoo};

    fn models() -> Vec<(&'static str, Box<dyn ResponseModel>)> {
        let (rate, dt) = (SampleRate::new(16_000.0).unwrap(), TimeBin::whole_millis::<5>());
        let model = |entry: &zoo::Entry| {
            let axes = match entry.input {
                Input::Cochleagram => Axes::new(34, 3, dt),
                Input::Sound => Sampling::new(rate, dt).unwrap().axes(3),
            };
            (entry.name, (entry.config)(&axes).build(Seed::new(0), &Device::Cpu).unwrap())
        };
        zoo::ALL.iter().map(model).collect()
    }

    /// The last parts of the names of all parameters of the zoo with two axes or more: weights, and others.
    #[test]
    fn every_parameter_of_the_zoo_is_a_weight_or_is_known_not_to_be() {
        let mut all = [BTreeSet::new(), BTreeSet::new()];
        for (model_name, model) in models() {
            for param in model.params().trained().filter(|param| param.var.rank() > 1) {
                let name = param.name.rsplit('.').next().unwrap().to_owned();
                all[usize::from(!param.is_weight())].insert(name);
            }
            assert!(model.params().iter().any(Param::is_weight), "{model_name}");
        }
        let [weights, others] = all.map(|names| names.into_iter().collect::<Vec<_>>().join(" "));
        assert_eq!(
            weights,
            "C W_h W_m W_x in_proj_weight spectral temporal weight weight_hh_l0 weight_ih_l0 weights"
        );
        assert_eq!(others, "A_imag A_log B P biases log_A_real log_dt raw_w");
    }

    #[test]
    fn vectors_and_buffers_are_no_weights() {
        for (name, model) in models() {
            for param in model.params().iter() {
                if param.var.rank() < 2 || !param.is_trained() || param.name.contains("bias") {
                    assert!(!param.is_weight(), "{name}: {}", param.name);
                }
            }
        }
    }
}
