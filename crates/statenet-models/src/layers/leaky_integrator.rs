//! A leaky integrator per unit with a time constant of its own: the memory of DNet's units (Rahman et al. 2019).
//!
//! ```text
//! z[t] = a z[t-1] + b u[t]      tau = 1 + d^2 (bins)      a = 1 - 1/tau      b = 1/tau, or 1 with gain `one`
//! ```
//! In and out (B, H, T). Memory: unbounded. Before t = 0: as if u\[0\] had lasted for ever, z = u\[0\] b tau.
//! Parameters: H (d). d starts exponentially distributed with mean sqrt(initial_tau - 1).
//!
//! The published implementation is a filter of K = round(7 initial_tau) bins, z\[t\] = sum_{j<K} a^j b u\[t-j\].
//! `truncate` K computes that, by the recurrence with u\[t\] - a^K u\[t-K\] in place of u\[t\].
//!
//! Rahman M, Willmore BDB, King AJ, Harper NS (2019). A dynamic network model of temporal receptive fields in primary
//! auditory cortex. PLoS Computational Biology 15:e1006618.

use candle_core::{DType, Tensor};
use serde::{Deserialize, Serialize};
use statenet_core::RandomStream;
use statenet_kernels::steps::values;
use statenet_kernels::{Layout, Step, StepSizes};

use crate::{
    config::limits::expect_size,
    error::{During, Result, config_error},
    layers::{
        hold_first::{HoldFirst, is_first},
        window::Window,
    },
    model::state::State,
    params::store::Scope,
};

/// A leaky integrator per unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeakConfig {
    /// Time constant around which units start, in bins, above 1. Default 2.
    pub initial_tau: f64,
    /// Weight b of the input. Default tau.
    pub gain: LeakGain,
    /// Bins after which the input is forgotten, at least 1, as in the published implementation. Default: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate: Option<usize>,
}

/// The weight of a leaky integrator's input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakGain {
    /// 1 / tau: an average.
    #[default]
    Tau,
    /// 1: a sum.
    One,
}

impl Default for LeakConfig {
    fn default() -> Self {
        Self { initial_tau: 2.0, gain: LeakGain::Tau, truncate: None }
    }
}

impl LeakConfig {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        if !(self.initial_tau.is_finite() && self.initial_tau > 1.0) {
            return Err(config_error(&format!("{field}.initial_tau"), self.initial_tau, "bins, above 1"));
        }
        expect_size(&format!("{field}.truncate"), self.truncate.unwrap_or(1), 1)
    }
}

pub(crate) struct Leak {
    d: Tensor,
    gain: LeakGain,
    truncate: Option<usize>,
    units: usize,
    hold_first: HoldFirst,
    past: Window,
    z_name: String,
}

/// a, b, a^K where inputs are forgotten, and the z that a constant input of 1 leads to; each (H).
struct Numbers {
    decay: Tensor,
    gain: Tensor,
    forgotten: Option<Tensor>,
    lasting: Tensor,
}

impl Leak {
    pub(crate) fn new(config: &LeakConfig, units: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let mean = (config.initial_tau - 1.0).sqrt();
        let exponential =
            |stream: &mut RandomStream| (0..units).map(|_| mean * stream.exponential()).collect::<Vec<_>>();
        Ok(Self {
            d: scope.parameter_with("d", units, exponential)?,
            gain: config.gain,
            truncate: config.truncate,
            units,
            hold_first: HoldFirst::new(scope.name("started"), 2),
            past: Window::new(scope.name("past"), &[units, config.truncate.unwrap_or(0)], 2),
            z_name: scope.name("z"),
        })
    }

    fn numbers(&self) -> candle_core::Result<Numbers> {
        let tau = self.d.sqr()?.affine(1.0, 1.0)?;
        let share = tau.recip()?;
        let decay = share.affine(-1.0, 1.0)?;
        let (gain, whole) = match self.gain {
            LeakGain::Tau => (share.clone(), share.ones_like()?),
            LeakGain::One => (share.ones_like()?, tau),
        };
        let forgotten = self.truncate.map(|bins| decay.powf(bins as f64)).transpose()?;
        let lasting = match &forgotten {
            Some(forgotten) => (whole * forgotten.affine(-1.0, 1.0)?)?,
            None => whole,
        };
        Ok(Numbers { decay, gain, forgotten, lasting })
    }

    /// The z that a constant input of 1 leads to, per unit.
    pub(crate) fn lasting(&self) -> Result<Vec<f64>> {
        let read = || self.numbers()?.lasting.to_dtype(DType::F64)?.to_vec1();
        read().during("reading time constants")
    }

    pub(crate) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        let (dtype, device) = (self.d.dtype(), self.d.device());
        self.hold_first.init_state(batch, (dtype, device), state)?;
        self.past.init_state(batch, (dtype, device), state)?;
        state.set_zeros(&self.z_name, &[batch, self.units], dtype, device)
    }

    /// (B, H, T) to (B, H, T).
    pub(crate) fn chunk(&self, u: &Tensor, state: &mut State) -> Result<Tensor> {
        let (batch, units, _) = u.dims3().during("reading units")?;
        let Numbers { decay, gain, forgotten, lasting } =
            self.numbers().during("computing time constants")?;
        let first = u.narrow(2, 0, 1).during("reading a first bin")?;
        let begun = self.hold_first.begun(batch, state)?;
        let z = state.get(&self.z_name, &[batch, units])?;
        let z = first.squeeze(2).and_then(|first| begun.choose(z, &first.broadcast_mul(&lasting)?));
        let z = z.during("starting a leaky integrator")?;
        let past = self
            .past
            .bins(batch, state)?
            .map(|past| first.broadcast_as(past.shape()).and_then(|first| begun.choose(&past, &first)));
        let past = past.transpose().during("starting a leaky integrator")?;
        let entering = match (&past, &forgotten) {
            (Some(past), Some(forgotten)) => less_the_forgotten(u, past, forgotten),
            _ => Ok(u.clone()),
        };
        let entering = entering.during("forgetting old bins")?;
        let (states, last) = statenet_kernels::leaky(&entering, Layout::ChannelsFirst, &decay, &gain, &z)?;
        self.hold_first.advance(&begun, state)?;
        self.past.advance(past.as_ref(), u, state)?;
        state.set(&self.z_name, &last);
        Ok(states)
    }

    pub(crate) fn step(&self) -> Result<Box<dyn Step>> {
        let numbers = self.numbers().during("computing time constants")?;
        Ok(Box::new(LeakStep {
            decay: values(OP, &numbers.decay)?,
            gain: values(OP, &numbers.gain)?,
            forgotten: numbers.forgotten.map_or_else(|| Ok(Vec::new()), |f| values(OP, &f))?,
            lasting: values(OP, &numbers.lasting)?,
            bins: self.truncate.unwrap_or(0),
        }))
    }
}

/// u[t] - a^K u[t-K], from u (B, H, T), the K bins before it and a^K (H).
fn less_the_forgotten(u: &Tensor, past: &Tensor, forgotten: &Tensor) -> candle_core::Result<Tensor> {
    let old = Tensor::cat(&[past, u], 2)?.narrow(2, 0, u.dim(2)?)?;
    u - old.broadcast_mul(&forgotten.unsqueeze(1)?)?
}

const OP: &str = "leak";

/// One bin; the state is whether a bin has been, the last K inputs (H, K), and z (H).
struct LeakStep {
    decay: Vec<f32>,
    gain: Vec<f32>,
    forgotten: Vec<f32>,
    lasting: Vec<f32>,
    bins: usize,
}

impl Step for LeakStep {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.decay.len(),
            state: 1 + self.decay.len() * (self.bins + 1),
            outputs: self.decay.len(),
        }
    }

    fn multiplications(&self) -> u64 {
        let of_a_unit = if self.bins > 0 { 3 } else { 2 };
        (of_a_unit * self.decay.len()) as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let (begun, rest) = state.split_at_mut(1);
        let first = is_first(&mut begun[0]);
        let (past, z) = rest.split_at_mut(self.decay.len() * self.bins);
        for (h, (z, &u)) in z.iter_mut().zip(input).enumerate() {
            let past = &mut past[h * self.bins..][..self.bins];
            if first {
                *z = u * self.lasting[h];
                past.fill(u);
            }
            let mut enters = u;
            if let Some(&oldest) = past.first() {
                enters -= self.forgotten[h] * oldest;
                past.copy_within(1.., 0);
                past[self.bins - 1] = u;
            }
            *z = self.decay[h] * *z + self.gain[h] * enters;
            output[h] = *z;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use statenet_core::Seed;

    use super::*;
    use crate::params::store::{ParamStore, set_vector};

    fn run(config: &LeakConfig, u: &[f64]) -> Vec<f64> {
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let leak = Leak::new(config, 1, &mut store.root()).unwrap();
        set_vector(&leak.d, &[1.0]).unwrap(); // tau = 2, a = b = 1/2
        let mut state = State::new();
        leak.init_state(1, &mut state).unwrap();
        let u = Tensor::new(u, &Device::Cpu).unwrap().reshape((1, 1, ())).unwrap();
        leak.chunk(&u, &mut state).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn a_lasting_sound_is_where_it_ends_from_the_first_bin_on() {
        let config = LeakConfig::default();
        assert_eq!(run(&config, &[4.0, 4.0, 0.0, 0.0]), [4.0, 4.0, 2.0, 1.0]);
        let sum = LeakConfig { gain: LeakGain::One, ..config.clone() };
        assert_eq!(run(&sum, &[4.0, 0.0]), [8.0, 4.0]);
        // Two bins of the filter: 1/2 u[t] + 1/4 u[t-1].
        let short = LeakConfig { truncate: Some(2), ..config };
        assert_eq!(run(&short, &[4.0, 4.0, 0.0, 0.0, 8.0]), [3.0, 3.0, 1.0, 0.0, 4.0]);
    }
}
