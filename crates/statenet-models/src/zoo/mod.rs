//! The models by name: their defaults and where they come from.

mod adapting;
mod cnn2d;
mod dnet;
mod linear;
mod ln;
mod nrf;
mod statenet;
mod transformer;

use statenet_core::{Axes, Millis};

pub use self::{
    adapting::{ln_gain, ln_ic, ln_onoff, ln_stp, statenet_gru_adaptrans},
    cnn2d::cnn2d,
    dnet::dnet,
    linear::linear,
    ln::ln,
    nrf::nrf,
    statenet::{
        statenet, statenet_gru, statenet_gru_chrono, statenet_lmu, statenet_lstm, statenet_mamba,
        statenet_rnn, statenet_s4, statenet_s4d, statenet_sublstm,
    },
    transformer::transformer,
};
use crate::{
    build::model_config::ModelConfig,
    error::{Error, Result},
};

/// One model of the zoo.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name that users type: `statenet-gru`.
    pub name: &'static str,
    /// Its config for a recording's axes.
    pub config: fn(&Axes) -> ModelConfig,
    /// Authors and year of the paper it comes from.
    pub citation: &'static str,
}

/// Every model of the zoo, simplest first. Tests and tables iterate it: a new model is tested by being listed.
pub const ALL: &[Entry] = &[
    Entry { name: "linear", config: linear, citation: "Aertsen & Johannesma 1981" },
    Entry { name: "ln", config: ln, citation: "Chichilnisky 2001; Machens et al. 2004" },
    Entry { name: "ln-ic", config: ln_ic, citation: "Willmore et al. 2016" },
    Entry { name: "ln-onoff", config: ln_onoff, citation: "Fishbach et al. 2001; Scholl et al. 2010" },
    Entry { name: "ln-stp", config: ln_stp, citation: "David & Shamma 2013; Tsodyks & Markram 1997" },
    Entry { name: "ln-gain", config: ln_gain, citation: "Rabinowitz et al. 2011; Rabinowitz et al. 2012" },
    Entry { name: "nrf", config: nrf, citation: "Harper et al. 2016" },
    Entry { name: "dnet", config: dnet, citation: "Rahman et al. 2019" },
    Entry { name: "cnn2d", config: cnn2d, citation: "Pennington & David 2023; Rançon et al. 2025" },
    Entry { name: "transformer", config: transformer, citation: "Vaswani et al. 2017; Rançon et al. 2025" },
    Entry { name: "statenet-rnn", config: statenet_rnn, citation: "Rançon et al. 2025; Elman 1990" },
    Entry { name: "statenet-gru", config: statenet_gru, citation: "Rançon et al. 2025" },
    Entry {
        name: "statenet-gru-chrono",
        config: statenet_gru_chrono,
        citation: "Rançon et al. 2025; Tallec & Ollivier 2018",
    },
    Entry {
        name: "statenet-gru-adaptrans",
        config: statenet_gru_adaptrans,
        citation: "Rançon et al. 2025; Rançon et al. 2024",
    },
    Entry {
        name: "statenet-lstm",
        config: statenet_lstm,
        citation: "Rançon et al. 2025; Hochreiter & Schmidhuber 1997",
    },
    Entry {
        name: "statenet-sublstm",
        config: statenet_sublstm,
        citation: "Rançon et al. 2025; Costa et al. 2017",
    },
    Entry {
        name: "statenet-lmu", config: statenet_lmu, citation: "Rançon et al. 2025; Voelker et al. 2019"
    },
    Entry { name: "statenet-mamba", config: statenet_mamba, citation: "Rançon et al. 2025; Gu & Dao 2023" },
    Entry { name: "statenet-s4", config: statenet_s4, citation: "Rançon et al. 2025; Gu, Goel & Ré 2022" },
    Entry { name: "statenet-s4d", config: statenet_s4d, citation: "Rançon et al. 2025; Gu et al. 2022" },
];

/// The config of a model by its name.
///
/// # Errors
/// [`Error::UnknownModel`] with the names there are.
pub fn by_name(name: &str, axes: &Axes) -> Result<ModelConfig> {
    let entry = ALL.iter().find(|entry| entry.name == name).ok_or_else(|| Error::UnknownModel {
        name: name.to_owned(),
        known: ALL.iter().map(|entry| entry.name.to_owned()).collect(),
    })?;
    Ok((entry.config)(axes))
}

/// Bins of the default receptive field: 200 ms, at least one.
///
/// Windows of 45 ms are common in the literature, and too short: a ridge regression on NS1 explains much more with
/// 200 ms. A baseline with less would prove nothing.
fn default_lags(axes: &Axes) -> usize {
    const WINDOW_MS: f64 = 200.0;
    Millis::new(WINDOW_MS).map_or(1, |window| axes.dt.nearest_bins(window))
}
