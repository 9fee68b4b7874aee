//! What kind of model a config describes.

use serde::{Deserialize, Serialize};
use statenet_core::{Axes, Input};

use crate::{
    cores::CoreConfig,
    error::{Result, config_error},
    front_ends::FrontEndConfig,
    prefilters::PrefilterConfig,
    readouts::ReadoutConfig,
};

/// What kind of model: one of ours, or one of yours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Front end, prefilter, core and readout.
    Pipeline(PipelineConfig),
    /// A model of your own, built by the builder registered under its name.
    Custom(CustomConfig),
    /// Several models of the same neurons, whose rates are averaged.
    Ensemble(EnsembleConfig),
}

/// Several models of the same neurons, whose rates are averaged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnsembleConfig {
    /// The models, 1 to 64; none is an ensemble itself.
    pub members: Vec<Architecture>,
}

/// Front end, prefilter, core and readout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineConfig {
    /// What makes a cochleagram of sound. Default none: the model takes cochleagrams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front_end: Option<Box<FrontEndConfig>>,
    /// Adaptation before the core. Default none.
    #[serde(default)]
    pub prefilter: PrefilterConfig,
    /// What turns the cochleagram into features. Default none: the readout sees the cochleagram.
    #[serde(default)]
    pub core: CoreConfig,
    /// What turns features into rates.
    pub readout: ReadoutConfig,
}

impl PipelineConfig {
    /// A core and a readout, without front end and prefilter.
    #[must_use]
    pub fn new(core: CoreConfig, readout: ReadoutConfig) -> Self {
        Self { front_end: None, prefilter: PrefilterConfig::None, core, readout }
    }
}

/// A model of your own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomConfig {
    /// The name under which its builder is registered.
    pub name: String,
    /// Whatever the builder needs.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub body: serde_json::Value,
}

impl Architecture {
    /// The field that holds it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Pipeline(_) => "pipeline",
            Self::Custom(_) => "custom",
            Self::Ensemble(_) => "ensemble",
        }
    }

    pub(crate) fn input(&self) -> Input {
        match self {
            Self::Pipeline(pipeline) => pipeline.input(),
            Self::Custom(_) => Input::Cochleagram,
            Self::Ensemble(ensemble) => ensemble.members.first().map_or(Input::Cochleagram, Self::input),
        }
    }

    pub(crate) fn is_signed(&self) -> bool {
        match self {
            Self::Pipeline(pipeline) => pipeline.readout.activation().is_signed(),
            Self::Custom(_) => true,
            Self::Ensemble(ensemble) => ensemble.members.iter().any(Self::is_signed),
        }
    }

    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        match self {
            Self::Pipeline(pipeline) => pipeline.validate(axes, &format!("{field}.pipeline")),
            Self::Custom(custom) if custom.name.is_empty() => Err(config_error(
                &format!("{field}.custom.name"),
                "empty",
                "the name of a registered builder",
            )),
            Self::Custom(_) => Ok(()),
            Self::Ensemble(ensemble) => ensemble.validate(axes, &format!("{field}.ensemble")),
        }
    }

    pub(crate) fn resolve(&mut self, axes: &Axes) -> Result<()> {
        match self {
            Self::Pipeline(pipeline) => {
                pipeline.core = pipeline.core.resolved(&pipeline.spectral_axes(axes)?);
            }
            Self::Custom(_) => {}
            Self::Ensemble(ensemble) => {
                ensemble.members.iter_mut().try_for_each(|member| member.resolve(axes))?;
            }
        }
        Ok(())
    }

    pub(crate) fn slug(&self, axes: Option<&Axes>) -> String {
        match self {
            Self::Custom(custom) => custom.name.clone(),
            Self::Pipeline(pipeline) => pipeline.slug(axes),
            Self::Ensemble(EnsembleConfig { members }) => {
                let first = members.first().map(|member| member.slug(axes));
                format!("{}-ensemble{}", first.unwrap_or_default(), members.len())
            }
        }
    }
}

impl EnsembleConfig {
    /// The most members.
    const MOST: usize = 64;

    fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        let field = format!("{field}.members");
        let n = self.members.len();
        if !(1..=Self::MOST).contains(&n) {
            return Err(config_error(&field, format!("{n} models"), format!("1 to {}", Self::MOST)));
        }
        let input = self.members.first().map_or(Input::Cochleagram, Architecture::input);
        for (i, member) in self.members.iter().enumerate() {
            let field = format!("{field}.{i}");
            if let Architecture::Ensemble(_) = member {
                return Err(config_error(&field, "an ensemble", "a model that is no ensemble"));
            }
            if member.input() != input {
                let (got, expected) = (member.input().name(), input.name());
                let expected = format!("one that takes a {expected}, as the first does");
                return Err(config_error(&field, format!("a model that takes a {got}"), expected));
            }
            member.validate(axes, &field)?;
        }
        Ok(())
    }
}
