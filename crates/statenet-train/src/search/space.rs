//! What a search tries: fields of the settings of a fit and of the model, and the values that each may have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use statenet_core::{Input, RandomStream, Seed};
use statenet_models::{ModelConfig, ResponseModel};

use super::trial::Trial;
use crate::gradient::{FitConfig, has_fields};

/// Whose field it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// Of the [`FitConfig`].
    Fit,
    /// Of the model's config.
    Model,
}

/// Values from which a trial draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// Uniform in the logarithm.
    Log {
        /// Least value, above 0.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// 0 in half of the draws, else uniform in the logarithm.
    ZeroOrLog {
        /// Least value above 0.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// One of these, each as likely.
    Among(Vec<Value>),
    /// The usual value in half of the draws, else one of the others, each as likely.
    Usually {
        /// The usual value.
        usual: Value,
        /// The others.
        others: Vec<Value>,
    },
}

/// A field that a search varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    /// Its path, such as `optimizer.learning_rate`.
    pub field: String,
    /// Whose field it is.
    pub of: Of,
    /// Its values.
    pub values: Values,
    /// Whether larger values (of a list: later ones) make simpler models, which the rule of one standard error prefers; of [`Values::Usually`] none
    /// does.
    pub regularizes: bool,
}

/// The fields that a search varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Space(Vec<Dimension>);

/// Steps of weight decay, times the learning rate of the model's recipe: per step this share of each weight.
const DECAY_PER_STEP: (f64, f64) = (1e-5, 1e-2);

impl Space {
    /// The space of a model: learning rate and weight decay around those of its recipe, batch, crops of half a stimulus, noise on the sound where
    /// its bands are scaled, dropout where the model has it, and L1 and smoothness where it has receptive fields over bands and lags.
    ///
    /// `n_bins` are the lengths of the stimuli; `fixed` are paths of fields that are not varied.
    #[must_use]
    pub fn of(
        config: &ModelConfig,
        model: &dyn ResponseModel,
        base: &FitConfig,
        n_bins: &[usize],
        fixed: &[&str],
    ) -> Self {
        let rate = base.optimizer.learning_rate;
        let decay = Values::ZeroOrLog { low: DECAY_PER_STEP.0 / rate, high: DECAY_PER_STEP.1 / rate };
        let fit = |field: &str, values, regularizes| Dimension {
            field: field.to_owned(),
            of: Of::Fit,
            values,
            regularizes,
        };
        let mut all = vec![
            fit("optimizer.learning_rate", Values::Log { low: rate / 5.0, high: rate * 5.0 }, false),
            fit("optimizer.weight_decay", decay, true),
        ];
        let batches = [2, 4].into_iter().filter(|&n| 2 * n <= n_bins.len()).map(|n| json!(n)).collect();
        all.push(fit("batch", Values::Usually { usual: json!(1), others: batches }, false));
        let mut lengths = n_bins.to_vec();
        lengths.sort_unstable();
        if let Some(&median) = lengths.get(lengths.len() / 2).filter(|&&median| median >= 16) {
            let half = json!({"length": median / 2, "warm_up": median / 8});
            all.push(fit("crop", Values::Usually { usual: Value::Null, others: vec![half] }, false));
        }
        if config.input() == Input::Cochleagram
            && model.input_scaling().is_ok_and(|scaling| scaling.is_some())
        {
            all.push(fit("noise", Values::ZeroOrLog { low: 0.03, high: 0.5 }, true));
        }
        if has_fields(model.params()) {
            for field in ["penalties.smooth_bands", "penalties.smooth_lags"] {
                all.push(fit(field, Values::ZeroOrLog { low: 1e-5, high: 1e-1 }, true));
            }
            all.push(fit("penalties.l1", Values::ZeroOrLog { low: 1e-7, high: 1e-3 }, true));
        }
        let dropouts = [0.0, 0.1, 0.2, 0.3, 0.5].map(|share| json!(share)).to_vec();
        let whole = serde_json::to_value(config).unwrap_or_default();
        let of_model = paths_to(&whole, "dropout").into_iter().map(|field| Dimension {
            field,
            of: Of::Model,
            values: Values::Among(dropouts.clone()),
            regularizes: true,
        });
        all.extend(of_model);
        all.retain(|dimension| !fixed.iter().any(|fixed| dimension.field.starts_with(fixed)));
        Self(all)
    }

    /// The fields.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.0
    }

    /// The trial of a number: the first has the values of the model's recipe, the others are drawn, each field from a stream of its own.
    pub(super) fn trial(&self, index: usize, seed: Seed, config: &ModelConfig, base: &FitConfig) -> Trial {
        let wholes =
            [serde_json::to_value(base), serde_json::to_value(config)].map(Result::unwrap_or_default);
        let value = |dimension: &Dimension| {
            if index == 0 {
                let [of_fit, of_model] = &wholes;
                let whole = if dimension.of == Of::Fit { of_fit } else { of_model };
                dimension
                    .field
                    .split('.')
                    .try_fold(whole, |inside, key| inside.get(key))
                    .cloned()
                    .unwrap_or_default()
            } else {
                dimension.values.draw(&mut seed.stream(&format!("trial.{index}.{}", dimension.field)))
            }
        };
        let mut trial = Trial { index, fit: BTreeMap::new(), model: BTreeMap::new(), strength: 0.0 };
        let mut strengths = Vec::new();
        for dimension in &self.0 {
            let value = value(dimension);
            if dimension.regularizes {
                strengths.push(dimension.values.strength(&value));
            }
            let fields = if dimension.of == Of::Fit { &mut trial.fit } else { &mut trial.model };
            fields.insert(dimension.field.clone(), value);
        }
        trial.strength = strengths.iter().sum::<f64>() / strengths.len().max(1) as f64;
        trial
    }
}

impl Values {
    fn draw(&self, stream: &mut RandomStream) -> Value {
        let mut log = |low: f64, high: f64| readable(stream.uniform(low.ln(), high.ln()).exp());
        match self {
            Self::Log { low, high } => json!(log(*low, *high)),
            Self::ZeroOrLog { low, high } => {
                let value = log(*low, *high);
                json!(if stream.below(2) == 0 { 0.0 } else { value })
            }
            Self::Among(values) => among(values, stream),
            Self::Usually { usual, others } => {
                let other = among(others, stream);
                if others.is_empty() || stream.below(2) == 0 { usual.clone() } else { other }
            }
        }
    }

    /// How much a value regularises: 0 for none, 1 for the most.
    fn strength(&self, value: &Value) -> f64 {
        let number = value.as_f64().unwrap_or(0.0);
        let in_log = |low: f64, high: f64| ((number / low).ln() / (high / low).ln()).clamp(0.0, 1.0);
        match self {
            Self::Log { low, high } if number > 0.0 => in_log(*low, *high),
            // Any is more than none.
            Self::ZeroOrLog { low, high } if number > 0.0 => (1.0 + in_log(*low, *high)) / 2.0,
            Self::Log { .. } | Self::ZeroOrLog { .. } | Self::Usually { .. } => 0.0,
            Self::Among(values) => {
                let at = values.iter().position(|other| other == value).unwrap_or(0);
                at as f64 / values.len().saturating_sub(1).max(1) as f64
            }
        }
    }
}

/// One of some values; null if there is none.
fn among(values: &[Value], stream: &mut RandomStream) -> Value {
    values.get(stream.below(values.len().max(1))).cloned().unwrap_or_default()
}

/// Two digits: a recipe is read and typed by people.
fn readable(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

/// The paths of all numbers that are called so.
fn paths_to(value: &Value, name: &str) -> Vec<String> {
    let Value::Object(fields) = value else { return Vec::new() };
    let inside = |(key, value): (&String, &Value)| {
        if key == name && value.is_number() {
            return vec![key.clone()];
        }
        paths_to(value, name).into_iter().map(|path| format!("{key}.{path}")).collect()
    };
    fields.iter().flat_map(inside).collect()
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use proptest::prelude::*;
    use statenet_core::{Axes, TimeBin};
    use statenet_models::zoo;

    use super::*;
    use crate::search::RecipeFields;

    fn space(name: &str, fixed: &[&str]) -> (ModelConfig, FitConfig, Space) {
        let axes = Axes::new(34, 3, TimeBin::whole_millis::<5>());
        let config = (zoo::ALL.iter().find(|e| e.name == name).unwrap().config)(&axes).resolved().unwrap();
        let base = FitConfig::recipe(&config);
        let model = config.build(Seed::new(0), &Device::Cpu).unwrap();
        let space = Space::of(&config, &*model, &base, &[100; 14], fixed);
        (config, base, space)
    }

    fn fields(name: &str, fixed: &[&str]) -> Vec<String> {
        let (_, _, space) = space(name, fixed);
        space.dimensions().iter().map(|d| d.field.rsplit('.').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_family_has_the_fields_that_it_can_use() {
        let shared = ["learning_rate", "weight_decay", "batch", "crop", "noise"];
        assert_eq!(fields("statenet-gru", &[]), shared);
        assert_eq!(fields("transformer", &[]), [&shared[..], &["dropout"]].concat());
        assert_eq!(fields("ln", &[]), [&shared[..], &["smooth_bands", "smooth_lags", "l1"]].concat());
        assert_eq!(fields("ln", &["penalties", "batch", "crop", "noise"]), shared[..2]);
    }

    #[test]
    fn the_first_trial_is_the_recipe_itself_and_draws_depend_on_nothing_else() {
        for name in ["transformer", "ln", "statenet-gru"] {
            let (config, base, whole) = space(name, &[]);
            let first = whole.trial(0, Seed::new(1), &config, &base);
            let recipe = RecipeFields { fit: first.fit, model: first.model };
            assert_eq!(recipe.fit_config(&base).unwrap(), base, "{name}");
            assert_eq!(recipe.model_config(&config).unwrap(), config, "{name}");
            let fixed = space(name, &["batch"]).2;
            let (a, b) =
                (whole.trial(5, Seed::new(1), &config, &base), fixed.trial(5, Seed::new(1), &config, &base));
            assert!(b.fit.iter().all(|(field, value)| a.fit[field] == *value), "{name}");
            assert_ne!(a.fit, whole.trial(6, Seed::new(1), &config, &base).fit, "{name}");
        }
    }

    #[test]
    fn strength_by_hand() {
        let zero_or = Values::ZeroOrLog { low: 0.01, high: 1.0 };
        let strength = |value: f64| zero_or.strength(&json!(value));
        assert_eq!((strength(0.0), strength(0.01), strength(0.1), strength(1.0)), (0.0, 0.5, 0.75, 1.0));
        let among = Values::Among(vec![json!(0.0), json!(0.1), json!(0.5)]);
        assert_eq!([0.0, 0.1, 0.5].map(|value| among.strength(&json!(value))), [0.0, 0.5, 1.0]);
    }

    proptest! {
        #[test]
        fn a_drawn_trial_is_a_recipe_in_its_ranges(index in 1usize..500, seed in any::<u64>()) {
            let (config, base, space) = space("ln", &[]);
            let trial = space.trial(index, Seed::new(seed), &config, &base);
            prop_assert!((0.0..=1.0).contains(&trial.strength));
            for dimension in space.dimensions() {
                let value = &trial.fit[&dimension.field];
                let number = value.as_f64().unwrap_or_default();
                match &dimension.values {
                    // Two digits may round a little beyond the ends.
                    Values::Log { low, high } => prop_assert!((0.95 * low..=1.05 * high).contains(&number)),
                    Values::ZeroOrLog { low, high } => {
                        prop_assert!(number == 0.0 || (0.95 * low..=1.05 * high).contains(&number));
                    }
                    Values::Among(values) => prop_assert!(values.contains(value)),
                    Values::Usually { usual, others } => prop_assert!(value == usual || others.contains(value)),
                }
            }
            let recipe = RecipeFields { fit: trial.fit, model: trial.model };
            let config = recipe.fit_config(&base).unwrap();
            prop_assert!(config.validate().is_ok());
        }
    }
}
