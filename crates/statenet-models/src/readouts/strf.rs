//! A spectro-temporal receptive field per neuron (Aertsen & Johannesma 1981), through an output curve.
//!
//! ```text
//! r[n,t] = curve_n(norm_n(c[n] + sum_{c,f,k} W[n,c,f,k] x[c,f,t-(K-1)+k]))
//! ```
//! In (B, C, F, T), out (B, N, T). Memory: K frames; the last column of W is lag 0. Before t = 0: zeros, which is the
//! mean of a standardised cochleagram. Parameters: N (C F K + 1), the norm's and the curve's; none is shared between
//! neurons.

use candle_core::{Tensor, Var};
use serde::{Deserialize, Serialize};
use statenet_kernels::{Step, steps};

use super::{
    Readout,
    norm::{BatchNorm, NormConfig},
};
use crate::{
    activations::{self, Activation, ActivationConfig},
    error::{During, Result},
    mode::Mode,
    params::{Scope, set_vector},
    response_model::Memory,
    stage::Stage,
    state::State,
    strfs::{Strf, StrfConfig},
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
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        self.strf.validate(&format!("{field}.strf"))
    }
}

pub(crate) struct StrfReadout {
    strf: Strf,
    norm: Option<BatchNorm>,
    activation: Box<dyn Activation>,
    channels: usize,
    n_bands: usize,
    state_name: String,
}

impl StrfReadout {
    pub(crate) fn new(
        config: &StrfReadoutConfig,
        (channels, n_bands): (usize, usize),
        n_neurons: usize,
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let strf = Strf::new(&config.strf, n_neurons, (channels, n_bands), &mut scope.enter("strf"))?;
        let norm = match config.norm {
            NormConfig::None => None,
            NormConfig::Batch => Some(BatchNorm::new(n_neurons, &mut scope.enter("norm"))?),
        };
        let activation = activations::build(&config.activation, n_neurons, &mut scope.enter("activation"))?;
        Ok(Self { strf, norm, activation, channels, n_bands, state_name: scope.name("context") })
    }

    fn run(&self, x: &Tensor, context: Option<&Tensor>, mode: Mode<'_>) -> Result<Tensor> {
        let filtered = statenet_kernels::causal_strf(x, self.strf.weight(), Some(self.strf.bias()), context)?;
        let normed = match &self.norm {
            Some(norm) => norm.apply(&filtered, mode)?,
            None => filtered,
        };
        self.activation.apply(&normed)
    }

    fn context_shape(&self, batch: usize) -> [usize; 4] {
        [batch, self.channels, self.n_bands, self.strf.lags() - 1]
    }
}

impl Stage for StrfReadout {
    fn forward(&self, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.run(x, None, mode)
    }

    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        if self.strf.lags() == 1 {
            return Ok(());
        }
        let weight = self.strf.weight();
        state.set_zeros(&self.state_name, &self.context_shape(batch), weight.dtype(), weight.device())
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let window = self.strf.lags() - 1;
        if window == 0 {
            return self.run(x, None, Mode::Eval);
        }
        let batch = x.dim(0).during("reading a batch")?;
        let context = state.get(&self.state_name, &self.context_shape(batch))?;
        let rates = self.run(x, Some(context), Mode::Eval)?;
        let seen = Tensor::cat(&[context, x], 3).during("advancing a window")?;
        let n_seen = seen.dim(3).during("advancing a window")?;
        let last = seen.narrow(3, n_seen - window, window).and_then(|w| w.force_contiguous());
        state.set(&self.state_name, &last.during("advancing a window")?);
        Ok(rates)
    }

    fn memory(&self) -> Memory {
        Memory::Frames(self.strf.lags())
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let (weight, bias) = match &self.norm {
            None => (self.strf.weight().clone(), self.strf.bias().clone()),
            Some(norm) => norm.absorb(self.strf.weight(), self.strf.bias()).during("absorbing a norm")?,
        };
        let mut all: Vec<Box<dyn Step>> = vec![Box::new(steps::CausalStrf::new(&weight, Some(&bias))?)];
        all.extend(self.activation.step()?);
        Ok(Some(all))
    }
}

impl Readout for StrfReadout {
    /// Without a normalisation the weights start at 0: the first rates are the mean rates, and the fit of a linear
    /// model does not depend on a seed.
    fn start_at(&self, mean_rates: &[f64]) -> Result<()> {
        if self.norm.is_none() {
            let zeros = self.strf.weight().zeros_like().during("making start values")?;
            let var = Var::from_tensor(self.strf.weight()).during("setting start values")?;
            var.set(&zeros).during("setting start values")?;
        }
        let offset = self.norm.as_ref().map_or(self.strf.bias(), BatchNorm::bias);
        set_vector(offset, &self.activation.start_at(mean_rates)?)
    }
}
