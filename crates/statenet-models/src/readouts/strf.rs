//! A spectro-temporal receptive field per neuron (Aertsen & Johannesma 1981), through an output curve.
//!
//! ```text
//! r[n,t] = curve_n(norm_n(c[n] + sum_{c,f,k} W[n,c,f,k] x[c,f,t-(K-1)+k]))
//! ```
//! In (B, C, F, T), out (B, N, T). Memory: K frames; the last column of W is lag 0. Before t = 0: zeros, which is the
//! mean of a standardised cochleagram. Parameters: N (C F K + 1) where W is `full`, the norm's and the curve's; none is
//! shared between neurons.

use candle_core::{DType, Device, Tensor, Var};
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::{Step, steps};

use super::{
    norm::{BatchNorm, NormConfig},
    readout::Readout,
};
use crate::{
    activations::{ActivationConfig, Nonlinearity},
    error::{During, Result},
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::store::{Scope, set_vector},
    strfs::{Filter, StrfConfig},
};

/// A receptive field per neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrfReadoutConfig {
    /// How the weights are parameterised, and how many frames they span.
    pub strf: StrfConfig,
    /// Normalisation of the receptive field's output. Default none.
    #[serde(default)]
    pub norm: NormConfig,
    /// The output curve. Default identity.
    #[serde(default)]
    pub activation: ActivationConfig,
}

impl StrfReadoutConfig {
    pub(super) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        self.strf.validate(&format!("{field}.strf"))?;
        self.activation.validate(axes, &format!("{field}.activation"))
    }
}

pub(crate) struct StrfReadout {
    filter: Filter,
    norm: Option<BatchNorm>,
    nonlinearity: Nonlinearity,
}

impl StrfReadout {
    pub(crate) fn new(
        config: &StrfReadoutConfig,
        input: (usize, usize),
        axes: &Axes,
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let n_neurons = axes.n_neurons;
        let filter = Filter::new(&config.strf, n_neurons, input, scope)?;
        let norm = match config.norm {
            NormConfig::None => None,
            NormConfig::Batch => Some(BatchNorm::new(n_neurons, &mut scope.enter("norm"))?),
        };
        let nonlinearity = Nonlinearity::new(&config.activation, axes, &mut scope.enter("activation"))?;
        Ok(Self { filter, norm, nonlinearity })
    }

    fn follow(&self, filtered: Tensor, mode: Mode<'_>) -> Result<Tensor> {
        match &self.norm {
            Some(norm) => norm.apply(&filtered, mode),
            None => Ok(filtered),
        }
    }
}

impl Stage for StrfReadout {
    fn forward(&self, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.follow(self.filter.forward(x)?, mode)
    }

    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.filter.init_state(batch, state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        self.follow(self.filter.chunk(x, state)?, Mode::Eval)
    }

    fn memory(&self) -> Memory {
        self.filter.memory()
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let filter: Box<dyn Step> = match &self.norm {
            None => self.filter.step()?,
            Some(norm) => {
                let strf = self.filter.strf();
                let absorbed = norm.absorb(&strf.weight()?, strf.bias());
                let (weight, bias) = absorbed.during("folding a normalization into receptive fields")?;
                Box::new(steps::CausalStrf::new(&weight, Some(&bias))?)
            }
        };
        Ok(Some(vec![filter]))
    }
}

impl Readout for StrfReadout {
    fn nonlinearity(&self) -> &Nonlinearity {
        &self.nonlinearity
    }

    fn receptive_fields(&self) -> Result<Option<Tensor>> {
        let weight = self.filter.strf().weight()?.detach();
        let summed = weight.sum(1).and_then(|w| w.to_device(&Device::Cpu)?.to_dtype(DType::F64));
        let summed = summed.during("summing the channels of receptive fields")?;
        let Some(norm) = &self.norm else { return Ok(Some(summed)) };
        let scales = norm.scales()?;
        let column = (scales.len(), 1, 1);
        let scaled = Tensor::from_vec(scales, column, &Device::Cpu).and_then(|s| summed.broadcast_mul(&s));
        scaled.during("scaling receptive fields").map(Some)
    }

    /// Without a normalisation the weights start at 0: the first rates are the mean rates, and the fit of a linear
    /// model with full receptive fields does not depend on a seed.
    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<()> {
        let strf = self.filter.strf();
        if self.norm.is_none() {
            let zeros = strf.amplitude().zeros_like().during("making start values")?;
            let var = Var::from_tensor(strf.amplitude()).during("setting start values")?;
            var.set(&zeros).during("setting start values")?;
        }
        let offset = self.norm.as_ref().map_or(strf.bias(), BatchNorm::bias);
        set_vector(offset, &self.nonlinearity.init_to_mean_rates(mean_rates)?)
    }
}
