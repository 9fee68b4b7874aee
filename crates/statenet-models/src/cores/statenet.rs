//! StateNet: a spectral encoder per frame and a recurrent backbone (Rançon, Masquelier & Cottereau 2025).
//!
//! ```text
//! a[c,l,t] = encoder(x[.,.,t])                                       per frame, at places l along frequency
//! u[c,l,t] = sigmoid(gain[c] (a - mean_c a) / sqrt(var_c a + 1e-5) + bias[c])
//! h_1[.,t] = backbone_1(u[c*L+l, t], h_1[.,t-1])
//! h_d[.,t] = backbone_d(h_{d-1}[.,t], h_d[.,t-1])                    d = 2 .. depth; plus h_{d-1} (u) if residual
//! ```
//! In (B, C, F, T), out (B, H, T). Memory: that of the backbone, unbounded. Before t = 0: h = 0.
//! Parameters: those of the encoder, 2 C, and those of the backbones, the first over C L inputs, the others over H.
//! Follows the published implementation (LayerNorm over channels), not the paper's BatchNorm.
//!
//! Rançon U, Masquelier T, Cottereau BR (2025). Communications Biology 8:1456.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::{Layout, Step, Then};

use crate::{
    backbones::{self, BackboneConfig},
    config::limits::expect_size,
    encoders::{self, Encoder, EncoderConfig},
    error::{During, Result, config_error},
    layers::{channel_norm::ChannelNorm, steps::Around},
    model::{
        memory::Memory,
        stage::{Stage, Units},
        state::State,
    },
    params::store::Scope,
};

/// Encoder and backbone of a StateNet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatenetConfig {
    /// The per-frame part. Default locally connected, 7 channels, kernel 7, stride 3.
    pub encoder: EncoderConfig,
    /// The recurrent part. Default GRU with as many units as the encoder has outputs.
    pub backbone: BackboneConfig,
    /// Backbones one after the other, at least 1. Default 1.
    pub depth: usize,
    /// Whether a path leads around each backbone. Default none.
    pub residual: Residual,
}

/// Paths around backbones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Residual {
    /// None: what a backbone gives is all that goes on.
    #[default]
    None,
    /// What a backbone takes is added to what it gives; both must be as many.
    Add,
}

impl Default for StatenetConfig {
    fn default() -> Self {
        Self {
            encoder: EncoderConfig::default(),
            backbone: BackboneConfig::default(),
            depth: 1,
            residual: Residual::None,
        }
    }
}

impl StatenetConfig {
    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        self.encoder.validate(axes, &format!("{field}.encoder"))?;
        self.backbone.validate(&format!("{field}.backbone"))?;
        expect_size(&format!("{field}.depth"), self.depth, 1)?;
        let inputs = self.inputs(axes.n_bands);
        let hidden = self.backbone.hidden(inputs);
        if self.residual == Residual::Add && hidden != inputs {
            let name = self.backbone.name();
            let expected = format!("{inputs}, the encoder's outputs, for a residual to be added");
            return Err(config_error(&format!("{field}.backbone.{name}.hidden"), hidden, expected));
        }
        Ok(())
    }

    /// What the encoder gives per bin.
    pub(crate) fn inputs(&self, n_bands: usize) -> usize {
        let places = self.encoder.places();
        places.channels.saturating_mul(places.n_places(n_bands))
    }

    pub(crate) fn resolved(&self, axes: &Axes) -> Self {
        Self { backbone: self.backbone.resolved(self.inputs(axes.n_bands)), ..self.clone() }
    }

    pub(crate) fn slug(&self, axes: Option<&Axes>) -> String {
        let hidden = axes.map(|a| self.backbone.hidden(self.inputs(a.n_bands)));
        let encoder = match &self.encoder {
            EncoderConfig::LocallyConnected(_) => "",
            EncoderConfig::Dense(_) => "-dense",
            EncoderConfig::Convolution(_) => "-conv",
        };
        let size = hidden.map(|h| format!("-h{h}")).unwrap_or_default();
        let depth = if self.depth > 1 { format!("-d{}", self.depth) } else { String::new() };
        let residual = match self.residual {
            Residual::None => "",
            Residual::Add => "-res",
        };
        let chrono = if self.backbone.chrono().is_some() { "-chrono" } else { "" };
        format!("statenet-{}{chrono}{encoder}{size}{depth}{residual}", self.backbone.name())
    }
}

pub(crate) struct Statenet {
    encoder: Box<dyn Encoder>,
    norm: ChannelNorm,
    backbones: Vec<Backbone>,
    residual: Residual,
    hidden: usize,
    n_places: usize,
}

struct Backbone {
    stage: Box<dyn Stage>,
    /// What it gives.
    layout: Layout,
}

impl Statenet {
    pub(crate) fn new(
        config: &StatenetConfig,
        (channels, n_bands): (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<(Self, Units)> {
        let places = config.encoder.places();
        let encoder = encoders::build(&config.encoder, (channels, n_bands), &mut scope.enter("encoder"))?;
        let norm = ChannelNorm::new(places.channels, &mut scope.enter("norm"))?;
        let mut units = Units::channels_first(config.inputs(n_bands));
        let (hidden, n_places) = (config.backbone.hidden(units.n), places.n_places(n_bands));
        let mut backbones = Vec::with_capacity(config.depth);
        for d in 0..config.depth {
            let name = if d == 0 { "backbone".to_owned() } else { format!("backbone.{d}") };
            let own = if d == 0 { config.backbone.clone() } else { config.backbone.resolved(hidden) };
            let (stage, given) = backbones::build(&own, units, &mut scope.enter(&name))?;
            backbones.push(Backbone { stage, layout: given.layout });
            units = match config.residual {
                Residual::None => given,
                Residual::Add => Units::channels_first(given.n),
            };
        }
        Ok((Self { encoder, norm, backbones, residual: config.residual, hidden, n_places }, units))
    }

    /// What the backbone sees, `(B, channels * places, T)`.
    fn encode(&self, x: &Tensor) -> Result<Tensor> {
        let u = self.encoder.encode(x, &self.norm)?;
        u.flatten(1, 2).during("joining channels and places")
    }

    /// What a backbone makes of h; with a path around it both are channels first.
    fn behind(&self, backbone: &Backbone, h: Tensor, state: &mut State) -> Result<Tensor> {
        let next = backbone.stage.chunk(&h, state)?;
        let added = match (self.residual, backbone.layout) {
            (Residual::None, _) => return Ok(next),
            (Residual::Add, Layout::ChannelsFirst) => next + h,
            (Residual::Add, Layout::TimeFirst) => next.transpose(1, 2).and_then(|next| next + h),
        };
        added.during("adding a residual")
    }
}

impl Stage for Statenet {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.backbones.iter().try_for_each(|backbone| backbone.stage.init_state(batch, state))
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        self.backbones.iter().try_fold(self.encode(x)?, |h, backbone| self.behind(backbone, h, state))
    }

    fn advance(&self, x: &Tensor, state: &mut State) -> Result<()> {
        let Some((last, before)) = self.backbones.split_last() else { return Ok(()) };
        let h = before.iter().try_fold(self.encode(x)?, |h, backbone| self.behind(backbone, h, state))?;
        last.stage.advance(&h, state)
    }

    fn memory(&self) -> Memory {
        self.backbones.iter().fold(Memory::Frames(1), |memory, backbone| memory.then(backbone.stage.memory()))
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let mut all: Vec<Box<dyn Step>> =
            vec![self.encoder.step()?, self.norm.step(self.n_places, Then::Sigmoid)?];
        for backbone in &self.backbones {
            let Some(steps) = backbone.stage.steps()? else { return Ok(None) };
            match self.residual {
                Residual::None => all.extend(steps),
                Residual::Add => all.push(Box::new(Around::new(steps, vec![1.0; self.hidden])?)),
            }
        }
        Ok(Some(all))
    }
}
