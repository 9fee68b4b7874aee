//! StateNet: a spectral encoder per frame and a recurrent backbone (Rançon, Masquelier & Cottereau 2025).
//!
//! ```text
//! a[c,l,t] = encoder(x[.,.,t])                                       per frame, at places l along frequency
//! u[c,l,t] = sigmoid(gain[c] (a - mean_c a) / sqrt(var_c a + 1e-5) + bias[c])
//! h[.,t]   = backbone(u[c*L+l, t], h[.,t-1])
//! ```
//! In (B, C, F, T), out (B, H, T). Memory: that of the backbone, unbounded. Before t = 0: h = 0.
//! Follows the published implementation (LayerNorm over channels), not the paper's BatchNorm.
//!
//! Rançon U, Masquelier T, Cottereau BR (2025). Communications Biology 8:1456.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::{Step, Then};

use crate::{
    backbones::{self, BackboneConfig},
    channel_norm::ChannelNorm,
    encoders::{self, Encoder, EncoderConfig},
    error::{During, Result},
    mode::Mode,
    params::Scope,
    response_model::Memory,
    stage::Stage,
    state::State,
};

/// Encoder and backbone of a StateNet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatenetConfig {
    /// The per-frame part. Default locally connected, 7 channels, kernel 7, stride 3.
    pub encoder: EncoderConfig,
    /// The recurrent part. Default GRU with as many units as the encoder has outputs.
    pub backbone: BackboneConfig,
}

impl StatenetConfig {
    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        self.encoder.validate(axes, &format!("{field}.encoder"))?;
        self.backbone.validate(&format!("{field}.backbone"))
    }

    pub(crate) fn resolved(&self, axes: &Axes) -> Self {
        let places = self.encoder.places();
        let inputs = places.channels * places.n_places(axes.n_bands);
        Self { backbone: self.backbone.resolved(inputs), ..self.clone() }
    }

    pub(crate) fn slug(&self, axes: Option<&Axes>) -> String {
        let places = self.encoder.places();
        let hidden = axes.map(|a| self.backbone.hidden(places.channels * places.n_places(a.n_bands)));
        let encoder = match &self.encoder {
            EncoderConfig::LocallyConnected(_) => "",
            EncoderConfig::Dense(_) => "-dense",
            EncoderConfig::Convolution(_) => "-conv",
        };
        let size = hidden.map(|h| format!("-h{h}")).unwrap_or_default();
        format!("statenet-{}{encoder}{size}", self.backbone.name())
    }
}

pub(crate) struct Statenet {
    encoder: Box<dyn Encoder>,
    norm: ChannelNorm,
    backbone: Box<dyn Stage>,
    hidden: usize,
    n_places: usize,
}

impl Statenet {
    pub(crate) fn new(
        config: &StatenetConfig,
        (channels, n_bands): (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let places = config.encoder.places();
        let inputs = places.channels * places.n_places(n_bands);
        let encoder = encoders::build(&config.encoder, (channels, n_bands), &mut scope.enter("encoder"))?;
        let norm = ChannelNorm::new(places.channels, &mut scope.enter("norm"))?;
        let backbone = backbones::build(&config.backbone, inputs, &mut scope.enter("backbone"))?;
        let (hidden, n_places) = (config.backbone.hidden(inputs), places.n_places(n_bands));
        Ok(Self { encoder, norm, backbone, hidden, n_places })
    }

    pub(crate) fn hidden(&self) -> usize {
        self.hidden
    }

    /// What the backbone sees, `(B, channels * places, T)`.
    fn encode(&self, x: &Tensor) -> Result<Tensor> {
        let u = self.encoder.encode(x, &self.norm)?;
        u.flatten(1, 2).during("joining channels and places")
    }
}

impl Stage for Statenet {
    fn forward(&self, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.backbone.forward(&self.encode(x)?, mode)
    }

    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.backbone.init_state(batch, state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        self.backbone.chunk(&self.encode(x)?, state)
    }

    fn memory(&self) -> Memory {
        self.backbone.memory()
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let mut all: Vec<Box<dyn Step>> =
            vec![self.encoder.step()?, self.norm.step(self.n_places, Then::Sigmoid)?];
        Ok(self.backbone.steps()?.map(|backbone| {
            all.extend(backbone);
            all
        }))
    }
}
