//! Receptive fields of any parameterisation, with their biases.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::{
    full::{Full, FullConfig},
    gaussians::{Gaussians, GaussiansConfig},
    raised_cosines::{RaisedCosines, RaisedCosinesConfig},
    separable::{Separable, SeparableConfig},
    weights::{Span, Weights},
};
use crate::{
    error::{During, Result},
    params::{init::Init, store::Scope},
};

/// Which parameterisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrfConfig {
    /// A weight for every band and lag.
    Full(FullConfig),
    /// A sum of products of a spectral and a temporal profile.
    Separable(SeparableConfig),
    /// A mixture of Gaussians.
    Gaussians(GaussiansConfig),
    /// Smooth functions of the lag.
    RaisedCosines(RaisedCosinesConfig),
}

impl StrfConfig {
    /// A full receptive field of this many frames.
    #[must_use]
    pub fn full(lags: usize) -> Self {
        Self::Full(FullConfig { lags })
    }

    /// Frames spanned.
    #[must_use]
    pub fn lags(&self) -> usize {
        match self {
            Self::Full(full) => full.lags,
            Self::Separable(separable) => separable.lags,
            Self::Gaussians(gaussians) => gaussians.lags,
            Self::RaisedCosines(cosines) => cosines.lags,
        }
    }

    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        match self {
            Self::Full(full) => full.validate(&format!("{field}.full")),
            Self::Separable(separable) => separable.validate(&format!("{field}.separable")),
            Self::Gaussians(gaussians) => gaussians.validate(&format!("{field}.gaussians")),
            Self::RaisedCosines(cosines) => cosines.validate(&format!("{field}.raised_cosines")),
        }
    }

    /// `t40`, or with the parameterisation before it: `separable2-t40`.
    pub(crate) fn slug(&self) -> String {
        let lags = self.lags();
        match self {
            Self::Full(_) => format!("t{lags}"),
            Self::Separable(separable) => format!("separable{}-t{lags}", separable.rank),
            Self::Gaussians(gaussians) => format!("gaussians{}-t{lags}", gaussians.n_gaussians),
            Self::RaisedCosines(cosines) => format!("cosines{}-t{lags}", cosines.n_functions()),
        }
    }
}

/// Receptive fields with their biases.
pub(crate) struct Strf {
    weights: Box<dyn Weights>,
    bias: Tensor,
    span: Span,
}

impl Strf {
    /// Receptive fields of `outputs` units over `channels` and `n_bands`.
    pub(crate) fn new(
        config: &StrfConfig,
        outputs: usize,
        (channels, n_bands): (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let span = Span { outputs, channels, n_bands, lags: config.lags() };
        let within_one = Init::within(1.0);
        let fan_in = |n: usize| Init::fan_in(channels * n_bands * n);
        let (weights, init): (Box<dyn Weights>, _) = match config {
            StrfConfig::Full(_) => (Box::new(Full::new(&span, scope)?), fan_in(span.lags)),
            StrfConfig::Separable(c) => (Box::new(Separable::new(c, &span, scope)?), within_one),
            StrfConfig::Gaussians(c) => (Box::new(Gaussians::new(c, &span, scope)?), within_one),
            StrfConfig::RaisedCosines(c) => {
                (Box::new(RaisedCosines::new(c, &span, scope)?), fan_in(c.n_functions()))
            }
        };
        Ok(Self { weights, bias: scope.parameter("bias", outputs, init)?, span })
    }

    /// `(outputs, channels, F, lags)`.
    pub(crate) fn weight(&self) -> Result<Tensor> {
        self.weights.weight().during("computing receptive fields")
    }

    /// Frames spanned.
    pub(crate) fn lags(&self) -> usize {
        self.span.lags
    }

    /// `(outputs)`.
    pub(crate) fn bias(&self) -> &Tensor {
        &self.bias
    }

    /// The parameter whose zeros make all weights zero.
    pub(crate) fn amplitude(&self) -> &Tensor {
        self.weights.amplitude()
    }
}
