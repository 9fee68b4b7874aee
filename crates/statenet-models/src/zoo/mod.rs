//! The models by name: their defaults, where they come from, and how they are fitted.
//!
//! Output curves are for spike counts. For axes of [continuous responses](statenet_core::ResponseUnit) a model is built without one, and the
//! mean and deviation of each neuron take its place; LN is then Linear. A curve of your own is chosen in a config.

mod adapting;
mod cnn2d;
mod dnet;
mod linear;
mod ln;
mod nrf;
mod population;
mod recipe;
mod sound;
mod statenet;
mod transformer;
mod window;

use statenet_core::{Axes, Input};

pub use self::{
    adapting::{ln_gain, ln_ic, ln_onoff, ln_stp, statenet_gru_adaptrans},
    cnn2d::cnn2d,
    dnet::dnet,
    linear::linear,
    ln::ln,
    nrf::nrf,
    population::{cnn1d, low_rank_ln},
    recipe::{Recipe, RecipePenalties},
    sound::{
        gammatone_statenet_gru, icnet, leaf_ln, leaf_statenet_gru, mel_ln, mel_statenet_gru, sincnet_ln,
        sincnet_statenet_gru,
    },
    statenet::{
        statenet, statenet_gru, statenet_gru_chrono, statenet_lmu, statenet_lstm, statenet_mamba,
        statenet_rnn, statenet_s4, statenet_s4d, statenet_sublstm,
    },
    transformer::transformer,
};
use crate::{
    build::{architecture::PipelineConfig, model_config::ModelConfig},
    error::{Error, Result},
};

/// One model of the zoo.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name that users type: `statenet-gru`.
    pub name: &'static str,
    /// Its config for a recording's axes; for those of its sound if it takes sound.
    pub config: fn(&Axes) -> ModelConfig,
    /// What it takes.
    pub input: Input,
    /// Authors and year of the paper it comes from.
    pub citation: &'static str,
    /// The settings with which a fit of it converges.
    pub recipe: Recipe,
}

const fn entry(
    name: &'static str,
    config: fn(&Axes) -> ModelConfig,
    citation: &'static str,
    recipe: Recipe,
) -> Entry {
    Entry { name, config, input: Input::Cochleagram, citation, recipe }
}

/// The same of a model that takes sound.
const fn hears(entry: Entry) -> Entry {
    Entry { input: Input::Sound, ..entry }
}

/// Every model of the zoo, simplest first. Tests and tables iterate over it, so that a model is tested once it is listed.
pub const ALL: &[Entry] = &[
    entry("linear", linear, "Aertsen & Johannesma 1981", Recipe::RECEPTIVE_FIELD),
    entry("ln", ln, "Chichilnisky 2001; Machens et al. 2004", Recipe::RECEPTIVE_FIELD),
    entry("ln-ic", ln_ic, "Willmore et al. 2016", Recipe::RECEPTIVE_FIELD),
    entry("ln-onoff", ln_onoff, "Fishbach et al. 2001; Scholl et al. 2010", Recipe::RECEPTIVE_FIELD),
    entry("ln-stp", ln_stp, "David & Shamma 2013; Tsodyks & Markram 1997", Recipe::RECEPTIVE_FIELD),
    entry("ln-gain", ln_gain, "Rabinowitz et al. 2011; Rabinowitz et al. 2012", Recipe::RECEPTIVE_FIELD),
    entry("low-rank-ln", low_rank_ln, "Thorson et al. 2015; Pennington & David 2023", Recipe::LOW_RANK),
    entry("nrf", nrf, "Harper et al. 2016", Recipe::HIDDEN_FIELDS),
    entry("dnet", dnet, "Rahman et al. 2019", Recipe::LEAKY_UNITS),
    entry("cnn1d", cnn1d, "Pennington & David 2023", Recipe::RECTIFIED),
    entry("cnn2d", cnn2d, "Pennington & David 2023; Rançon et al. 2025", Recipe::NETWORK),
    entry("transformer", transformer, "Vaswani et al. 2017; Rançon et al. 2025", Recipe::ATTENTION),
    entry("statenet-rnn", statenet_rnn, "Rançon et al. 2025; Elman 1990", Recipe::NETWORK),
    entry("statenet-gru", statenet_gru, "Rançon et al. 2025", Recipe::NETWORK),
    entry(
        "statenet-gru-chrono",
        statenet_gru_chrono,
        "Rançon et al. 2025; Tallec & Ollivier 2018",
        Recipe::NETWORK,
    ),
    entry(
        "statenet-gru-adaptrans",
        statenet_gru_adaptrans,
        "Rançon et al. 2025; Rançon et al. 2024",
        Recipe::NETWORK,
    ),
    entry(
        "statenet-lstm",
        statenet_lstm,
        "Rançon et al. 2025; Hochreiter & Schmidhuber 1997",
        Recipe::NETWORK,
    ),
    entry("statenet-sublstm", statenet_sublstm, "Rançon et al. 2025; Costa et al. 2017", Recipe::NETWORK),
    entry("statenet-lmu", statenet_lmu, "Rançon et al. 2025; Voelker et al. 2019", Recipe::NETWORK),
    entry("statenet-mamba", statenet_mamba, "Rançon et al. 2025; Gu & Dao 2023", Recipe::DEFAULT),
    entry("statenet-s4", statenet_s4, "Rançon et al. 2025; Gu, Goel & Ré 2022", Recipe::NETWORK),
    entry("statenet-s4d", statenet_s4d, "Rançon et al. 2025; Gu et al. 2022", Recipe::NETWORK),
    hears(entry("mel-ln", mel_ln, "Davis & Mermelstein 1980; Chichilnisky 2001", Recipe::RECEPTIVE_FIELD)),
    hears(entry(
        "mel-statenet-gru",
        mel_statenet_gru,
        "Davis & Mermelstein 1980; Rahman et al. 2019; Rançon et al. 2025",
        Recipe::NETWORK,
    )),
    hears(entry(
        "gammatone-statenet-gru",
        gammatone_statenet_gru,
        "Patterson et al. 1987; Rançon et al. 2025",
        Recipe::NETWORK,
    )),
    hears(entry(
        "sincnet-ln",
        sincnet_ln,
        "Ravanelli & Bengio 2018; Chichilnisky 2001",
        Recipe::RECEPTIVE_FIELD,
    )),
    hears(entry(
        "sincnet-statenet-gru",
        sincnet_statenet_gru,
        "Ravanelli & Bengio 2018; Rançon et al. 2025",
        Recipe::DEFAULT,
    )),
    hears(entry("leaf-ln", leaf_ln, "Zeghidour et al. 2021; Chichilnisky 2001", Recipe::RECEPTIVE_FIELD)),
    hears(entry(
        "leaf-statenet-gru",
        leaf_statenet_gru,
        "Zeghidour et al. 2021; Rançon et al. 2025",
        Recipe::DEFAULT,
    )),
    hears(entry("icnet", icnet, "Drakopoulos et al. 2025", Recipe::DEFAULT)),
];

/// The config of a published model: with its output curve for spike counts, without one for continuous responses.
fn published(axes: &Axes, pipeline: PipelineConfig) -> ModelConfig {
    ModelConfig::pipeline(axes, pipeline.for_response_unit(&axes.response_unit))
}

/// The models that take cochleagrams, or those that hear.
pub fn taking(input: Input) -> impl Iterator<Item = &'static Entry> {
    ALL.iter().filter(move |entry| entry.input == input)
}

/// The config of a model by its name.
///
/// # Errors
/// [`Error::UnknownModel`] with the names there are.
pub fn by_name(name: &str, axes: &Axes) -> Result<ModelConfig> {
    Ok((find(name)?.config)(axes))
}

/// The settings with which a fit of a model converges, by the model's name.
///
/// ```
/// assert_eq!(statenet_models::zoo::recipe("dnet")?.learning_rate, 2e-2);
/// # Ok::<(), statenet_models::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnknownModel`] with the names there are.
pub fn recipe(name: &str) -> Result<Recipe> {
    Ok(find(name)?.recipe)
}

fn find(name: &str) -> Result<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name).ok_or_else(|| Error::UnknownModel {
        name: name.to_owned(),
        known: ALL.iter().map(|entry| entry.name.to_owned()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};
    use statenet_core::{SampleRate, Sampling, Seed, Standardization, TimeBin};

    use super::*;
    use crate::{Mode, ResponseModel as _};

    #[test]
    fn multiplications_of_a_bin_are_those_of_the_equations() {
        let (f, n) = (12, 2);
        let of = |name: &str| {
            let config = by_name(name, &Axes::new(f, n, TimeBin::whole_millis::<5>())).unwrap();
            let steps = config.build(Seed::new(0), &Device::Cpu).unwrap().steps().unwrap();
            steps.unwrap().iter().map(|step| step.multiplications()).sum::<u64>()
        };
        assert_eq!(of("linear"), (n * f * 40) as u64);
        // Three layers of ten filters of 3 bands and 9 bins, twenty hidden units, two readouts.
        let (rows, taps) = ([10, 8, 6], 3 * 9);
        let filters = 10 * taps * (rows[0] + 10 * rows[1] + 10 * rows[2]);
        let weights = (filters + 20 * 10 * rows[2] + 20 * n) as u64;
        assert!((weights..weights + weights / 20).contains(&of("cnn2d")), "{} of {weights}", of("cnn2d"));
        for entry in taking(Input::Cochleagram) {
            assert!(of(entry.name) >= (n * 10) as u64, "{}: {}", entry.name, of(entry.name));
        }
    }

    #[test]
    fn of_continuous_responses_every_model_starts_at_their_means_and_is_linear_at_its_output() {
        let dt = TimeBin::whole_millis::<5>();
        let unit = || "mV".parse().unwrap();
        let rate = SampleRate::new(16_000.0).unwrap();
        for entry in ALL {
            let axes = match entry.input {
                Input::Cochleagram => Axes::new(12, 2, dt),
                Input::Sound => Sampling::new(rate, dt).unwrap().axes(2),
            };
            let config = (entry.config)(&Axes { response_unit: unit(), ..axes.clone() });
            assert!(config.is_signed(), "{}", entry.name);
            let mut model = config.build(Seed::new(0), &Device::Cpu).unwrap();
            let (mean, std) = (vec![-65.0, 3.0], vec![2.0, 0.01]);
            model.scale_output(&Standardization::new(mean, std).unwrap()).unwrap();
            model.init_to_mean_rates(&[-65.0, 3.0]).unwrap();
            let sound =
                Tensor::zeros((1, 1, axes.n_bands, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
            let rates =
                model.forward(&sound, Mode::Eval).unwrap().squeeze(0).unwrap().to_vec2::<f32>().unwrap();
            for (rates, (mean, within)) in rates.iter().zip([(-65.0, 10.0), (3.0, 0.05)]) {
                assert!(rates.iter().all(|rate| (rate - mean).abs() < within), "{}: {rates:?}", entry.name);
            }
        }
    }
}
