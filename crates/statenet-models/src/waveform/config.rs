//! The description of a waveform model whole: serde, versioned, nested.
//!
//! ```json
//! {
//!   "format": 1,
//!   "axes": {"sample_rate_hz": 48000.0, "dt_ms": 5.0, "n_neurons": 53},
//!   "model": {"heard": {
//!     "front_end": {"leaf": {"n_bands": 34}},
//!     "model": {"format": 1, "model": {"pipeline": {"core": {"statenet": {}}, "readout": {"linear": {}}}}}
//!   }}
//! }
//! ```
//!
//! The inner model is a [`ModelConfig`] as it stands in a file of its own; the front end fills in its axes. What is said there
//! about defaults and unknown fields holds here too.

use std::path::Path;

use candle_core::{DType, Device};
use serde::{Deserialize, Serialize};
use statenet_core::{Axes, Seed, Standardization};

use super::{axes::WaveformAxes, front_ends::FrontEndConfig, icnet::IcnetConfig, model::WaveformModel};
use crate::{
    build::{
        model_config::{FORMAT, ModelConfig, parse, parse_file},
        registry::Registry,
    },
    config::text,
    error::{Error, Result, config_error},
};

/// A waveform model, described whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveformConfig {
    /// Version of this format: 1.
    pub format: u32,
    /// Sample rate, dt and neurons; needed to build, filled in from a recording where a file leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axes: Option<WaveformAxes>,
    /// The model.
    pub model: WaveformArchitecture,
}

/// What kind of model hears.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaveformArchitecture {
    /// A front end before a model of cochleagrams.
    Heard(Box<HeardConfig>),
    /// A stack of strided convolutions.
    Icnet(IcnetConfig),
}

/// A front end before a model of cochleagrams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeardConfig {
    /// From sound to cochleagram.
    pub front_end: FrontEndConfig,
    /// How the front end's bands are scaled before the model sees them; as they are if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Standardization>,
    /// From cochleagram to rates. Its axes may be missing; if not, they must be those that the front end gives.
    pub model: ModelConfig,
}

impl WaveformConfig {
    /// A front end before a model of cochleagrams, for a recording's axes.
    #[must_use]
    pub fn heard(axes: &WaveformAxes, front_end: FrontEndConfig, model: ModelConfig) -> Self {
        let heard = WaveformArchitecture::Heard(Box::new(HeardConfig { front_end, input: None, model }));
        Self { format: FORMAT, axes: Some(*axes), model: heard }
    }

    /// The same with the front end's bands scaled before the model sees them. ICNet has no bands and stays as it is.
    #[must_use]
    pub fn with_input(mut self, input: Standardization) -> Self {
        if let WaveformArchitecture::Heard(heard) = &mut self.model {
            heard.input = Some(input);
        }
        self
    }

    /// ICNet for a recording's axes.
    #[must_use]
    pub fn icnet(axes: &WaveformAxes, icnet: IcnetConfig) -> Self {
        Self { format: FORMAT, axes: Some(*axes), model: WaveformArchitecture::Icnet(icnet) }
    }

    /// This model for other axes: those of the recording that it is to be fitted to.
    #[must_use]
    pub fn for_axes(mut self, axes: &WaveformAxes) -> Self {
        self.axes = Some(*axes);
        if let WaveformArchitecture::Heard(heard) = &mut self.model {
            heard.model.axes = None;
        }
        self
    }

    /// The axes.
    ///
    /// # Errors
    /// [`Error::Config`] if the config has none yet.
    pub fn axes(&self) -> Result<&WaveformAxes> {
        let missing = || config_error("axes", "missing", "sample_rate_hz, dt_ms and n_neurons");
        self.axes.as_ref().ok_or_else(missing)
    }

    /// Reads a config from JSON text.
    ///
    /// # Errors
    /// [`Error::ConfigText`] with line and column if the text is not of our form.
    pub fn from_json(source: &str) -> Result<Self> {
        parse(text::from_json(source), "config")
    }

    /// Reads a config from TOML text.
    ///
    /// # Errors
    /// [`Error::ConfigText`] with line and column if the text is not of our form.
    pub fn from_toml(source: &str) -> Result<Self> {
        parse(text::from_toml(source), "config")
    }

    /// Reads a config file: TOML if its name ends in `.toml`, else JSON.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, [`Error::ConfigText`] if it is not of our form.
    pub fn read(path: &Path) -> Result<Self> {
        parse_file(path)
    }

    /// Checks every field, before anything is built.
    ///
    /// # Errors
    /// [`Error::Config`] with the field, its value and what would be allowed.
    pub fn validate(&self) -> Result<()> {
        if self.format != FORMAT {
            return Err(config_error("format", self.format, FORMAT.to_string()));
        }
        let axes = self.axes()?;
        axes.validate()?;
        match &self.model {
            WaveformArchitecture::Icnet(icnet) => icnet.validate(axes, "model.icnet"),
            WaveformArchitecture::Heard(heard) => {
                heard.front_end.validate(axes, "model.heard.front_end")?;
                if let Some(input) = &heard.input {
                    expect_input(input, heard.front_end.n_bands())?;
                }
                heard.inner(axes)?.validate().map_err(|e| within(e, "model.heard.model"))
            }
        }
    }

    /// A short spoken name: `leaf-statenet-gru-h70`, `icnet`. Not unique; see [`hash`](Self::hash).
    #[must_use]
    pub fn slug(&self) -> String {
        match &self.model {
            WaveformArchitecture::Icnet(_) => "icnet".to_owned(),
            WaveformArchitecture::Heard(heard) => {
                let inner = self.axes.as_ref().and_then(|axes| heard.inner(axes).ok());
                let inner = inner.as_ref().unwrap_or(&heard.model);
                format!("{}-{}", heard.front_end.slug(), inner.slug())
            }
        }
    }

    /// Eight hexadecimal digits of the whole config, where a name must be unique (job, file).
    #[must_use]
    pub fn hash(&self) -> String {
        crate::build::model_config::hash(self)
    }

    /// Builds the model in f32 with first values drawn from a seed.
    ///
    /// # Errors
    /// As [`build_with`](Self::build_with); custom models need a registry.
    pub fn build(&self, seed: Seed, device: &Device) -> Result<WaveformModel> {
        self.build_with(&Registry::new(), seed, DType::F32, device)
    }

    /// Builds the model in f32 or f64; what stands behind the front end may be a registered model of your own.
    ///
    /// # Errors
    /// [`Error::Config`] for impossible values, [`Error::UnknownModel`] for a custom model nobody registered.
    pub fn build_with(
        &self,
        registry: &Registry,
        seed: Seed,
        dtype: DType,
        device: &Device,
    ) -> Result<WaveformModel> {
        self.validate()?;
        let axes = self.axes()?;
        match &self.model {
            WaveformArchitecture::Icnet(icnet) => WaveformModel::icnet(axes, icnet, seed, dtype, device),
            WaveformArchitecture::Heard(heard) => {
                let inner = registry.build(&heard.inner(axes)?, seed, dtype, device)?;
                let model = WaveformModel::new(axes, &heard.front_end, inner)?;
                match &heard.input {
                    Some(input) => model.with_input(input.clone()),
                    None => Ok(model),
                }
            }
        }
    }
}

impl HeardConfig {
    /// The inner model with the axes that the front end gives it.
    fn inner(&self, axes: &WaveformAxes) -> Result<ModelConfig> {
        let mut given = Axes::new(self.front_end.n_bands(), axes.n_neurons, axes.dt);
        if let Some(own) = &self.model.axes {
            expect_axes(own, &given)?;
        }
        given.band_centers = self.front_end.band_centers(axes)?;
        Ok(self.model.clone().for_axes(&given))
    }
}

/// A scale has a mean and a deviation for every band of the front end.
pub(super) fn expect_input(input: &Standardization, n_bands: usize) -> Result<()> {
    if input.n_bands() == n_bands {
        return Ok(());
    }
    let got = format!("for {} bands", input.n_bands());
    Err(config_error("model.heard.input", got, format!("for {n_bands}, those of the front end")))
}

/// The axes of an inner model are those that a front end gives, but for the bands' frequencies, which are set from it.
pub(super) fn expect_axes(own: &Axes, given: &Axes) -> Result<()> {
    let fields = [
        ("n_bands", own.n_bands as f64, given.n_bands as f64),
        ("n_neurons", own.n_neurons as f64, given.n_neurons as f64),
        ("dt_ms", own.dt.ms(), given.dt.ms()),
    ];
    match fields.into_iter().find(|(_, own, given)| own != given) {
        None => Ok(()),
        Some((name, own, given)) => {
            let field = format!("model.heard.model.axes.{name}");
            Err(config_error(&field, own, format!("{given}, as the front end gives, or no axes")))
        }
    }
}

/// An error in a config that stands inside another.
fn within(error: Error, place: &str) -> Error {
    match error {
        Error::Config { field, got, expected } => {
            Error::Config { field: format!("{place}.{field}"), got, expected }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::{SampleRate, TimeBin};

    use super::*;

    fn axes() -> WaveformAxes {
        WaveformAxes::new(SampleRate::new(16_000.0).unwrap(), TimeBin::from_millis(5.0).unwrap(), 2)
    }

    fn text(front_end: &str) -> String {
        let model =
            r#"{"format": 1, "model": {"pipeline": {"core": {"statenet": {}}, "readout": {"linear": {}}}}}"#;
        format!(r#"{{"format": 1, "model": {{"heard": {{"front_end": {front_end}, "model": {model}}}}}}}"#)
    }

    fn refused(json: &str) -> String {
        WaveformConfig::from_json(json).unwrap().for_axes(&axes()).validate().unwrap_err().to_string()
    }

    #[test]
    fn a_hand_written_file_may_leave_defaults_and_axes_out() {
        let config = WaveformConfig::from_json(&text(r#"{"mel": {}}"#)).unwrap();
        assert!(config.validate().unwrap_err().to_string().contains("axes is missing"));
        let config = config.for_axes(&axes());
        config.validate().unwrap();
        assert_eq!(config.slug(), "mel-statenet-gru-h70");
        let toml = toml::to_string(&config).unwrap();
        assert_eq!(WaveformConfig::from_toml(&toml).unwrap(), config);
        assert_eq!(config.hash().len(), 8);
    }

    #[test]
    fn an_unknown_field_is_an_error_with_its_place() {
        let message = WaveformConfig::from_json(&text(r#"{"mel": {"bands": 3}}"#)).unwrap_err().to_string();
        assert!(message.contains("unknown field `bands`") && message.contains("line 1"), "{message}");
    }

    #[test]
    fn every_part_says_what_it_allows() {
        let cases = [
            (r#"{"mel": {"n_bands": 0}}"#, "mel.n_bands is 0, expected 1 to 4096"),
            (
                r#"{"mel": {"compression": {"log": {"floor": 0}}}}"#,
                "mel.compression.log.floor is 0, expected above 0",
            ),
            (
                r#"{"gammatone": {"filter_ms": 0}}"#,
                "gammatone.filter_ms is 0, expected 0.25 to 4096 ms (4 to 65536 samples at 16000 Hz)",
            ),
            (
                r#"{"gammatone": {"compression": {"pcen": {"smoothing": 0}}}}"#,
                "gammatone.compression.pcen.smoothing is 0, expected above 0 and at most 1",
            ),
            (r#"{"sincnet": {"taps": 1}}"#, "sincnet.taps is 1, expected 2 to 65536"),
            (
                r#"{"sincnet": {"low_hz": 8000}}"#,
                "sincnet.low_hz is 8000, expected below 8000 Hz, the highest (the sample rate holds 8000)",
            ),
            (
                r#"{"leaf": {"high_hz": 50}}"#,
                "leaf.low_hz is 60, expected below 50 Hz, the highest (the sample rate holds 8000)",
            ),
        ];
        for (front_end, expected) in cases {
            let message = refused(&text(front_end));
            assert_eq!(message, format!("model.heard.front_end.{expected}"));
        }
        let inner = text(r#"{"mel": {"n_bands": 5}}"#);
        assert!(
            refused(&inner).starts_with("model.heard.model.model.pipeline.core.statenet.encoder.kernel is 7")
        );
        let icnet =
            |fields: &str| refused(&format!(r#"{{"format": 1, "model": {{"icnet": {{{fields}}}}}}}"#));
        assert_eq!(
            icnet(r#""strides": [2, 2, 2, 2, 2]"#),
            "model.icnet.strides is 2 x 2 x 2 x 2 x 2, expected 5 strides whose product is 80, the samples of a bin"
        );
        assert_eq!(icnet(r#""channels": 0"#), "model.icnet.channels is 0, expected 1 to 65536");
    }

    #[test]
    fn a_scale_of_other_bands_is_refused() {
        let scale = Standardization::new(vec![0.0; 3], vec![1.0; 3]).unwrap();
        let config = WaveformConfig::from_json(&text(r#"{"mel": {}}"#)).unwrap().with_input(scale);
        let message = config.for_axes(&axes()).validate().unwrap_err().to_string();
        assert_eq!(message, "model.heard.input is for 3 bands, expected for 34, those of the front end");
    }

    #[test]
    fn an_inner_model_of_other_axes_is_refused() {
        let mut config = WaveformConfig::from_json(&text(r#"{"mel": {}}"#)).unwrap().for_axes(&axes());
        if let WaveformArchitecture::Heard(heard) = &mut config.model {
            heard.model.axes = Some(Axes::new(33, 2, TimeBin::from_millis(5.0).unwrap()));
        }
        let message = config.validate().unwrap_err().to_string();
        assert_eq!(
            message,
            "model.heard.model.axes.n_bands is 33, expected 34, as the front end gives, or no axes"
        );
    }
}
