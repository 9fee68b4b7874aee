//! The description of a whole model: serde, versioned, nested.
//!
//! ```json
//! {
//!   "format": 1,
//!   "axes": {"n_bands": 34, "n_neurons": 53, "dt_ms": 5.0},
//!   "model": {"pipeline": {
//!     "prefilter": "none",
//!     "core": {"statenet": {"encoder": {"locally_connected": {"channels": 7, "kernel": 7, "stride": 3}},
//!                           "backbone": {"gru": {}}}},
//!     "readout": {"linear": {"activation": {"softplus": {}}}}
//!   }}
//! }
//! ```
//!
//! A checkpoint writes every field; a file written by hand may leave defaults out, and the axes too, which a recording
//! then fills in ([`ModelConfig::for_axes`]). Unknown fields are errors. A config may hold anything;
//! building checks it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use statenet_core::{Axes, Input, Sampling};

use crate::{
    build::architecture::{Architecture, CustomConfig, PipelineConfig},
    config::{limits::expect_size, text},
    error::{Result, config_error},
    front_ends::FrontEndConfig,
};

/// The version of the config format that this library writes.
pub(crate) const FORMAT: u32 = 1;

/// A model, described whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Version of this format: 1.
    pub format: u32,
    /// Bands, neurons and dt; needed to build, filled in from a recording where a file leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axes: Option<Axes>,
    /// The model.
    pub model: Architecture,
}

impl ModelConfig {
    /// A pipeline for a recording's axes.
    #[must_use]
    pub fn pipeline(axes: &Axes, pipeline: PipelineConfig) -> Self {
        Self { format: FORMAT, axes: Some(axes.clone()), model: Architecture::Pipeline(pipeline) }
    }

    /// A model of your own for a recording's axes.
    #[must_use]
    pub fn custom(axes: &Axes, name: &str, body: serde_json::Value) -> Self {
        let custom = CustomConfig { name: name.to_owned(), body };
        Self { format: FORMAT, axes: Some(axes.clone()), model: Architecture::Custom(custom) }
    }

    /// The same behind a front end, for sound so sampled: a model that took cochleagrams hears.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) for a model of your own, and for one that hears already.
    pub fn behind(mut self, front_end: FrontEndConfig, sampling: &Sampling) -> Result<Self> {
        let Architecture::Pipeline(pipeline) = &mut self.model else {
            let expected = "a pipeline, which has a place for a front end";
            return Err(config_error("model", self.model.kind(), expected));
        };
        if pipeline.input() == Input::Sound {
            return Err(config_error("model.pipeline", "a model that hears", "one that takes cochleagrams"));
        }
        pipeline.front_end = Some(Box::new(front_end));
        self.axes =
            self.axes.map(|axes| Axes { response_unit: axes.response_unit, ..sampling.axes(axes.n_neurons) });
        Ok(self)
    }

    /// What the model takes; a model of your own takes cochleagrams.
    #[must_use]
    pub fn input(&self) -> Input {
        self.model.input()
    }

    /// Whether the model can give values of either sign, as far as its output curve says; a model of your own can.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.model.is_signed()
    }

    /// This model for other axes: those of the recording that it is to be fitted to.
    #[must_use]
    pub fn for_axes(mut self, axes: &Axes) -> Self {
        self.axes = Some(axes.clone());
        self
    }

    /// The same with every size written out that follows from the axes, such as the hidden units of a recurrence: the config that a built
    /// model has.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn resolved(mut self) -> Result<Self> {
        self.validate()?;
        let axes = self.axes()?.clone();
        self.model.resolve(&axes)?;
        Ok(self)
    }

    /// The axes.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) if the config has none yet.
    pub fn axes(&self) -> Result<&Axes> {
        self.axes.as_ref().ok_or_else(|| config_error("axes", "missing", "n_bands, n_neurons and dt_ms"))
    }

    /// Reads a config from JSON text.
    ///
    /// # Errors
    /// [`Error::ConfigText`](crate::Error::ConfigText) with line and column if the text is not of our form.
    pub fn from_json(source: &str) -> Result<Self> {
        text::parse(text::from_json(source), "config")
    }

    /// Reads a config from TOML text.
    ///
    /// # Errors
    /// [`Error::ConfigText`](crate::Error::ConfigText) with line and column if the text is not of our form.
    pub fn from_toml(source: &str) -> Result<Self> {
        text::parse(text::from_toml(source), "config")
    }

    /// Reads a config file: TOML if its name ends in `.toml`, else JSON.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File) if it cannot be read, [`Error::ConfigText`](crate::Error::ConfigText) if it is not of our form.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        text::read(path)
    }

    /// Checks every field, before anything is built.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) with the field, its value and what would be allowed.
    pub fn validate(&self) -> Result<()> {
        if self.format != FORMAT {
            return Err(config_error("format", self.format, format!("{FORMAT}")));
        }
        let axes = self.axes()?;
        for (field, n) in [("axes.n_bands", axes.n_bands), ("axes.n_neurons", axes.n_neurons)] {
            expect_size(field, n, 1)?;
        }
        if !axes.band_centers.is_empty() && axes.band_centers.len() != axes.n_bands {
            let expected = format!("{} frequencies, one per band, or none", axes.n_bands);
            return Err(config_error(
                "axes.band_centers_hz",
                format!("{} frequencies", axes.band_centers.len()),
                expected,
            ));
        }
        self.model.validate(axes, "model")
    }

    /// A short spoken name: `linear-t40`, `ln-t40`, `statenet-gru-h70`, `statenet-gru-h70-ensemble5`. Not unique; see [`hash`](Self::hash).
    #[must_use]
    pub fn slug(&self) -> String {
        self.model.slug(self.axes.as_ref())
    }

    /// Eight hexadecimal digits of the whole config, where a name must be unique (job, file).
    #[must_use]
    pub fn hash(&self) -> String {
        hash(self)
    }
}

/// Eight hexadecimal digits of a whole config.
pub(crate) fn hash(config: &impl Serialize) -> String {
    let text = text::to_json(config).unwrap_or_default();
    format!("{:08x}", statenet_core::Digest::of(text.as_bytes()).value() >> 32)
}

#[cfg(test)]
mod tests {
    use statenet_core::TimeBin;

    use super::*;
    use crate::{
        activations::{ActivationConfig, ContrastGainConfig},
        cores::{Conv2dConfig, CoreConfig},
        prefilters::{FacilitationConfig, PlasticityConfig, PrefilterConfig},
        readouts::{MlpReadoutConfig, ReadoutConfig},
        zoo,
    };

    fn axes() -> Axes {
        Axes::new(34, 3, TimeBin::from_millis(5.0).unwrap())
    }

    #[test]
    fn a_hand_written_file_may_leave_defaults_and_axes_out() {
        let text =
            r#"{"format": 1, "model": {"pipeline": {"core": {"statenet": {}}, "readout": {"linear": {}}}}}"#;
        let config = ModelConfig::from_json(text).unwrap();
        assert!(config.validate().unwrap_err().to_string().contains("axes is missing"));
        assert_eq!(config.for_axes(&axes()), zoo::statenet_gru(&axes()));
        let toml = "format = 1\n[model.pipeline.readout.strf.strf.full]\nlags = 9\n";
        assert_eq!(ModelConfig::from_toml(toml).unwrap().for_axes(&axes()).slug(), "linear-t9");
    }

    #[test]
    fn an_unknown_field_is_an_error_with_its_place() {
        let text = "{\"format\": 1,\n \"model\": {\"pipeline\": {\"readuot\": {}}}}";
        let message = ModelConfig::from_json(text).unwrap_err().to_string();
        assert!(message.contains("readuot") && message.contains("line 2"), "{message}");
        let message =
            ModelConfig::from_toml("format = 1\n[model.pipeline]\nreaduot = 1\n").unwrap_err().to_string();
        assert!(message.contains("unknown field `readuot`"), "{message}");
        assert!(message.ends_with(" at line 3 column 1") && !message.contains('\n'), "{message}");
    }

    #[test]
    fn impossible_values_say_what_would_be_allowed() {
        let message = |json: &str| {
            ModelConfig::from_json(json).unwrap().for_axes(&axes()).validate().unwrap_err().to_string()
        };
        assert_eq!(
            message(r#"{"format": 2, "model": {"custom": {"name": "x"}}}"#),
            "format is 2, expected 1"
        );
        assert_eq!(
            message(
                r#"{"format": 1, "model": {"pipeline": {"readout": {"strf": {"strf": {"full": {"lags": 0}}}}}}}"#
            ),
            "model.pipeline.readout.strf.strf.full.lags is 0, expected 1 to 1048576"
        );
        let wide = r#"{"format": 1, "model": {"pipeline": {"core": {"statenet": {"encoder":
            {"locally_connected": {"kernel": 40}}}}, "readout": {"linear": {}}}}}"#;
        assert_eq!(
            message(wide),
            "model.pipeline.core.statenet.encoder.kernel is 40, expected 1 to 34, the number of bands"
        );
        let residual = r#"{"format": 1, "model": {"pipeline": {"core": {"statenet": {"residual": "add",
            "backbone": {"lstm": {"hidden": 8}}}}, "readout": {"linear": {}}}}}"#;
        assert_eq!(
            message(residual),
            "model.pipeline.core.statenet.backbone.lstm.hidden is 8, expected 70, the encoder's outputs, for a \
             residual to be added"
        );
        let heads = r#"{"format": 1, "model": {"pipeline": {"core": {"transformer": {"heads": 5}},
            "readout": {"linear": {}}}}}"#;
        assert_eq!(message(heads), "model.pipeline.core.transformer.heads is 5, expected a divisor of 48");
    }

    #[test]
    fn every_part_says_what_it_allows() {
        let core = |core: &str| {
            format!(
                r#"{{"format": 1, "model": {{"pipeline": {{"core": {core}, "readout": {{"linear": {{}}}}}}}}}}"#
            )
        };
        let backbone = |backbone: &str| core(&format!(r#"{{"statenet": {{"backbone": {backbone}}}}}"#));
        let readout = |readout: &str| {
            let core = r#"{"nrf": {"strf": {"full": {"lags": 9}}}}"#;
            format!(r#"{{"format": 1, "model": {{"pipeline": {{"core": {core}, "readout": {readout}}}}}}}"#)
        };
        let gain =
            |gain: &str| readout(&format!(r#"{{"mlp": {{"activation": {{"contrast_gain": {gain}}}}}}}"#));
        let field = |strf: &str| {
            let readout = format!(r#"{{"strf": {{"strf": {strf}}}}}"#);
            format!(r#"{{"format": 1, "model": {{"pipeline": {{"readout": {readout}}}}}}}"#)
        };
        let prefilter = |prefilter: &str| {
            let readout = r#"{"strf": {"strf": {"full": {"lags": 9}}}}"#;
            format!(
                r#"{{"format": 1, "model": {{"pipeline": {{"prefilter": {prefilter}, "readout": {readout}}}}}}}"#
            )
        };
        let leak = r#"{"dnet": {"strf": {"full": {"lags": 9}}, "leak": {"initial_tau": 1}}}"#;
        let cases = [
            (backbone(r#"{"rnn": {"hidden": 0}}"#), "rnn.hidden is 0, expected 1 to 1048576"),
            (backbone(r#"{"lmu": {"theta": -1}}"#), "lmu.theta is -1, expected a number of bins above 0"),
            (backbone(r#"{"lmu": {"memory": 5000}}"#), "lmu.memory is 5000, expected 1 to 1024"),
            (backbone(r#"{"mamba": {"kernel": 0}}"#), "mamba.kernel is 0, expected 1 to 1048576"),
            (backbone(r#"{"s4": {"states": 3}}"#), "s4.states is 3, expected an even number from 2 to 256"),
            (backbone(r#"{"s4": {"kernel_bins": 0}}"#), "s4.kernel_bins is 0, expected 1 to 1048576"),
            (backbone(r#"{"s4d": {"dt_min": 1}}"#), "s4d.dt_max is 0.1, expected 1 (dt_min) or more"),
            (core(r#"{"statenet": {"depth": 0}}"#), "statenet.depth is 0, expected 1 to 1048576"),
            (core(r#"{"conv2d": {"hidden": 2000000}}"#), "conv2d.hidden is 2000000, expected 1 to 1048576"),
            (core(r#"{"conv2d": {"channels": 1}}"#), "conv2d.channels is 1, expected 2 to 1048576"),
            (
                core(r#"{"nrf": {"hidden": 1, "strf": {"full": {"lags": 9}}}}"#),
                "nrf.hidden is 1, expected 2 to 1048576",
            ),
            (
                core(r#"{"nrf": {"strf": {"full": {"lags": 2000000}}}}"#),
                "nrf.strf.full.lags is 2000000, expected 1 to 1048576",
            ),
            (
                core(r#"{"statenet": {"encoder": {"convolution": {"stride": 0}}}}"#),
                "statenet.encoder.stride is 0, expected 1 to 1048576",
            ),
            (
                core(r#"{"statenet": {"encoder": {"dense": {"channels": 0}}}}"#),
                "statenet.encoder.channels is 0, expected 1 to 1048576",
            ),
            (
                core(r#"{"dnet": {"strf": {"full": {"lags": 9}}, "leak": {"truncate": 0}}}"#),
                "dnet.leak.truncate is 0, expected 1 to 1048576",
            ),
            (
                core(r#"{"transformer": {"embedding": 0}}"#),
                "transformer.embedding is 0, expected 1 to 1048576",
            ),
            (
                core(r#"{"transformer": {"embedding": 3}}"#),
                "transformer.embedding is 3, expected an even number of units (embedding times patches)",
            ),
            (
                core(r#"{"transformer": {"window": 20000000}}"#),
                "transformer.window is 20000000, expected 1 to 16777216",
            ),
            (core(leak), "dnet.leak.initial_tau is 1, expected bins, above 1"),
            (
                core(r#"{"conv2d": {"kernel_bands": 13}}"#),
                "conv2d.kernel_bands is 13, expected 1 to 12, for 3 layers over 34 bands",
            ),
            (
                core(r#"{"transformer": {"patch_bands": 5}}"#),
                "transformer.patch_bands is 5, expected a divisor of 34, the number of bands",
            ),
            (
                core(r#"{"transformer": {"dropout": 1}}"#),
                "transformer.dropout is 1, expected 0 or more and below 1",
            ),
            (
                core(r#"{"transformer": {"attention_dropout": -0.1}}"#),
                "transformer.attention_dropout is -0.1, expected 0 or more and below 1",
            ),
            (readout(r#"{"mlp": {"hidden": 0}}"#), "mlp.hidden is 0, expected 1 to 1048576"),
            (readout(r#"{"factorized": {"rank": 0}}"#), "factorized.rank is 0, expected 1 to 1048576"),
            (
                readout(r#"{"strf": {"strf": {"full": {"lags": 9}}}}"#),
                "readout is strf, expected linear, mlp or factorized: the core gives hidden units, no bands",
            ),
            (
                gain(r#"{"initial_tau_ms": 5}"#),
                "mlp.activation.contrast_gain.initial_tau_ms is 5, expected above 5, the ms of a bin",
            ),
            (
                gain(r#"{"mean_tau_ms": 4}"#),
                "contrast_gain.mean_tau_ms is 4, expected above 5, the ms of a bin",
            ),
            (gain(r#"{"initial_strength": 0}"#), "contrast_gain.initial_strength is 0, expected above 0"),
            (
                gain(r#"{"curve": {"contrast_gain": {}}}"#),
                "contrast_gain.curve is contrast_gain, expected identity, softplus, sigmoid, exponential or \
                 double_exponential",
            ),
            (field(r#"{"separable": {"lags": 9, "rank": 0}}"#), "separable.rank is 0, expected 1 to 1048576"),
            (
                field(r#"{"gaussians": {"lags": 9, "n_gaussians": 0}}"#),
                "gaussians.n_gaussians is 0, expected 1 to 1048576",
            ),
            (
                field(r#"{"raised_cosines": {"lags": 5, "n_functions": 9}}"#),
                "raised_cosines.n_functions is 9, expected 2 to 5, the number of lags",
            ),
            (
                prefilter(r#"{"adaptrans": {"initial_w": 0}}"#),
                "adaptrans.initial_w is 0, expected above 0 and at most 1",
            ),
            (
                prefilter(r#"{"on_off": {"bands": "recording"}}"#),
                "on_off.bands is recording, expected spaced: the recording states no frequencies",
            ),
            (
                prefilter(r#"{"plasticity": {"initial_tau_ms": 5}}"#),
                "plasticity.initial_tau_ms is 5, expected above 5, the ms of a bin",
            ),
            (
                prefilter(r#"{"plasticity": {"initial_u_tau": 0}}"#),
                "plasticity.initial_u_tau is 0, expected above 0",
            ),
            (
                prefilter(r#"{"plasticity": {"facilitation": {"initial_tau_ms": 0}}}"#),
                "plasticity.facilitation.initial_tau_ms is 0, expected above 5, the ms of a bin",
            ),
            (
                prefilter(r#"{"plasticity": {"facilitation": {"initial_release": 1}}}"#),
                "plasticity.facilitation.initial_release is 1, expected above 0 and below 1",
            ),
            (
                prefilter(r#"{"ic_adaptation": {"bands": {"spaced": {"high_hz": 100}}}}"#),
                "ic_adaptation.bands.spaced.high_hz is 100, expected above 500 Hz, the lowest",
            ),
        ];
        for (json, expected) in cases {
            let config = ModelConfig::from_json(&json).unwrap().for_axes(&axes());
            let message = config.validate().unwrap_err().to_string();
            assert!(message.starts_with("model.pipeline.") && message.ends_with(expected), "{message}");
        }
    }

    /// Paths to every object inside a JSON value.
    fn objects(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
        if let Some(object) = value.as_object() {
            found.push(at.to_owned());
            object.iter().for_each(|(key, value)| objects(value, &format!("{at}/{key}"), found));
        }
    }

    #[test]
    fn a_stray_key_is_refused_wherever_it_stands() {
        let gain = ActivationConfig::ContrastGain(ContrastGainConfig::default());
        let readout = ReadoutConfig::Mlp(MlpReadoutConfig { activation: gain, ..Default::default() });
        let facilitation = Some(FacilitationConfig::default());
        let synapses = PlasticityConfig { facilitation, ..Default::default() };
        let prefilter = PrefilterConfig::Plasticity(synapses);
        let core = CoreConfig::Conv2d(Conv2dConfig::default());
        let all = ModelConfig::pipeline(
            &axes(),
            PipelineConfig { prefilter, ..PipelineConfig::new(core, readout) },
        );
        let configs = zoo::taking(Input::Cochleagram).map(|entry| (entry.name, (entry.config)(&axes())));
        for (name, config) in configs.chain([("all at once", all)]) {
            let whole = serde_json::to_value(&config).unwrap();
            let mut paths = Vec::new();
            objects(&whole, "", &mut paths);
            assert!(paths.len() >= 7, "{name}: {paths:?}");
            for path in paths {
                let mut stray = whole.clone();
                let object = stray.pointer_mut(&path).unwrap().as_object_mut().unwrap();
                object.insert("stray".to_owned(), 1.into());
                let result = ModelConfig::from_json(&stray.to_string());
                let message = result.expect_err(&format!("{name}{path}/stray")).to_string();
                assert!(message.contains(" at line 1 column "), "{name}{path}: {message}");
            }
        }
    }

    #[test]
    fn a_parameter_that_no_machine_holds_is_refused_before_it_is_drawn() {
        let wide = r#"{"format": 1, "model": {"pipeline": {"core": {"nrf": {"hidden": 1000000, "strf": {"full":
            {"lags": 1000}}}}, "readout": {"linear": {}}}}}"#;
        let config = ModelConfig::from_json(wide).unwrap().for_axes(&axes());
        let message =
            config.build(statenet_core::Seed::new(0), &candle_core::Device::Cpu).err().unwrap().to_string();
        assert!(message.starts_with("parameter core."), "{message}");
        assert!(message.ends_with("expected 2147483648 numbers or fewer"), "{message}");
    }

    #[test]
    fn every_config_of_the_zoo_round_trips() {
        for entry in zoo::ALL {
            let config = (entry.config)(&axes());
            let json = serde_json::to_string(&config).unwrap();
            assert_eq!(ModelConfig::from_json(&json).unwrap(), config, "{}", entry.name);
            let built =
                config.build(statenet_core::Seed::new(0), &candle_core::Device::Cpu).map(|m| m.config());
            assert_eq!(built.ok(), config.clone().resolved().ok(), "{}", entry.name);
            let toml = toml::to_string(&config).unwrap();
            assert_eq!(ModelConfig::from_toml(&toml).unwrap(), config, "{}", entry.name);
        }
    }
}
