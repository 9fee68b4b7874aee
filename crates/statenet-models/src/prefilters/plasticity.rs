//! Short-term plasticity of the synapses that carry each band (David & Shamma 2013; Tsodyks & Markram 1997).
//!
//! ```text
//! p[t] = relu(x[t])                                               presynaptic rate: the sound above its mean
//! d[t+1] = (d[t] + 1/tau) / (1 + 1/tau + u g[t] p[t])             resources, used up by what is released
//! g[t+1] = (g[t] + 1/tau_f + (u / U) p[t]) / (1 + 1/tau_f + u p[t])        release relative to rest; 1 if not facilitating
//! y[t] = d[t] g[t] x[t]
//! ```
//! In and out (B, 1, F, T). Memory: unbounded. Before t = 0: at rest, d = g = 1.
//! Parameters: 2 F (u = sp(raw_u) per bin, tau = 1 + root_tau^2 bins), with facilitation 4 F (U = 1 / (1 + h^2), the
//! probability of release at rest, and tau_f).
//! These are dd/dt = (1 - d) / tau - u g d p and dg/dt = (1 - g) / tau_f + u (1/U - g) p, the rate form of Tsodyks,
//! Pawelzik & Markram 1998 with u their U times the presynaptic rate per unit of sound, by the implicit Euler rule. A
//! lasting sound p ends at d = 1 / (1 + u tau p).
//! Differs from David & Shamma: the rule, whose explicit form falls below zero when a loud bin takes more than there
//! is; a standardised cochleagram, of which only what is above the mean uses up resources; parameters of their own for
//! each band, where theirs belong to a few spectral channels.
//!
//! David SV, Shamma SA (2013). Integration over multiple timescales in primary auditory cortex. Journal of Neuroscience
//! 33:19154-19166.
//! Tsodyks MV, Markram H (1997). The neural code between neocortical pyramidal neurons depends on neurotransmitter
//! release probability. PNAS 94:719-723.
//! Tsodyks M, Pawelzik K, Markram H (1998). Neural networks with dynamic synapses. Neural Computation 10:821-835.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::{Axes, Millis};
use statenet_kernels::steps::{self, values};
use statenet_kernels::{Step, StepSizes, plasticity, softplus};

use crate::{
    error::{During, Result, config_error},
    model::{memory::Memory, stage::Stage, state::State},
    params::{init::Init, softplus::inverse_softplus, store::Scope, time_constant},
};

/// Depression of each band's synapses, and facilitation if asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlasticityConfig {
    /// Time constant in which resources recover, at the start; above dt. Default 200 ms: depression in auditory cortex
    /// lasts hundreds of ms (Wehr & Zador 2005).
    pub initial_tau_ms: Millis,
    /// u tau at the start, above 0: a lasting sound one standard deviation above the mean leaves 1 / (1 + u tau) of the
    /// resources. Default 1.
    pub initial_u_tau: f64,
    /// Facilitation. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facilitation: Option<FacilitationConfig>,
}

/// Facilitation: release that grows with activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FacilitationConfig {
    /// Time constant in which release goes back to rest, at the start; above dt. Default 100 ms.
    pub initial_tau_ms: Millis,
    /// Probability of release U at rest, at the start; above 0 and below 1. Release can grow to 1 / U of that at rest.
    /// Default 0.5.
    pub initial_release: f64,
}

impl Default for PlasticityConfig {
    fn default() -> Self {
        Self { initial_tau_ms: Millis::whole::<200>(), initial_u_tau: 1.0, facilitation: None }
    }
}

impl Default for FacilitationConfig {
    fn default() -> Self {
        Self { initial_tau_ms: Millis::whole::<100>(), initial_release: 0.5 }
    }
}

impl PlasticityConfig {
    pub(super) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        time_constant::validate(self.initial_tau_ms, axes, &format!("{field}.initial_tau_ms"))?;
        if !(self.initial_u_tau.is_finite() && self.initial_u_tau > 0.0) {
            return Err(config_error(&format!("{field}.initial_u_tau"), self.initial_u_tau, "above 0"));
        }
        let Some(facilitation) = &self.facilitation else { return Ok(()) };
        let field = format!("{field}.facilitation");
        time_constant::validate(facilitation.initial_tau_ms, axes, &format!("{field}.initial_tau_ms"))?;
        if facilitation.initial_release > 0.0 && facilitation.initial_release < 1.0 {
            return Ok(());
        }
        let got = facilitation.initial_release;
        Err(config_error(&format!("{field}.initial_release"), got, "above 0 and below 1"))
    }
}

pub(super) struct Plasticity {
    raw_u: Tensor,
    root_tau: Tensor,
    facilitation: Option<Facilitation>,
    n_bands: usize,
    resources_name: String,
}

struct Facilitation {
    root_tau: Tensor,
    root_release: Tensor,
    name: String,
}

impl Plasticity {
    pub(super) fn new(config: &PlasticityConfig, axes: &Axes, scope: &mut Scope<'_>) -> Result<Self> {
        let n_bands = axes.n_bands;
        let rate = time_constant::rate_of(config.initial_tau_ms, axes);
        let raw_u = Init::Constant(inverse_softplus(config.initial_u_tau * rate));
        let raw_u = scope.parameter("raw_u", n_bands, raw_u)?;
        let root_tau = scope.parameter("root_tau", n_bands, Init::Constant(time_constant::root(rate)))?;
        let facilitation = config.facilitation.as_ref().map(|facilitation| {
            let name = scope.name("release");
            let mut scope = scope.enter("facilitation");
            let rate = time_constant::rate_of(facilitation.initial_tau_ms, axes);
            let root = |share| Init::Constant(time_constant::root(share));
            Ok::<_, crate::Error>(Facilitation {
                root_tau: scope.parameter("root_tau", n_bands, root(rate))?,
                root_release: scope.parameter("root_release", n_bands, root(facilitation.initial_release))?,
                name,
            })
        });
        let resources_name = scope.name("resources");
        Ok(Self { raw_u, root_tau, facilitation: facilitation.transpose()?, n_bands, resources_name })
    }

    /// u, 1 / tau; and 1 / tau_f, u / U with facilitation. (F) each.
    fn numbers(&self) -> Result<Numbers> {
        let u = softplus(&self.raw_u)?;
        let run = || -> candle_core::Result<Numbers> {
            let facilitation = match &self.facilitation {
                Some(Facilitation { root_tau, root_release, .. }) => {
                    let growth = (&u / time_constant::rate(root_release)?)?;
                    Some((time_constant::rate(root_tau)?, growth))
                }
                None => None,
            };
            Ok(Numbers { recovery: time_constant::rate(&self.root_tau)?, facilitation, u })
        };
        run().during("computing synapses")
    }
}

struct Numbers {
    u: Tensor,
    recovery: Tensor,
    facilitation: Option<(Tensor, Tensor)>,
}

impl Stage for Plasticity {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        let rest = Tensor::ones((batch, self.n_bands), self.raw_u.dtype(), self.raw_u.device());
        let rest = rest.during("making a state")?;
        state.set(&self.resources_name, &rest);
        if let Some(facilitation) = &self.facilitation {
            state.set(&facilitation.name, &rest);
        }
        Ok(())
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let shape = [x.dim(0).during("reading a batch")?, self.n_bands];
        let Numbers { u, recovery, facilitation } = self.numbers()?;
        let each_bin = |p: &Tensor, number: &Tensor| p.broadcast_mul(&number.unsqueeze(1)?);
        let x = x.squeeze(1).and_then(|x| x.contiguous()).during("reading a cochleagram")?;
        let p = x.relu().during("rectifying")?;
        let mut used = each_bin(&p, &u).during("computing synapses")?;
        let mut x = x;
        if let (Some(Facilitation { name, .. }), Some((rate, growth))) = (&self.facilitation, &facilitation) {
            let grown = each_bin(&p, growth).during("computing synapses")?;
            let (release, next) = plasticity(&grown, &used, rate, state.get(name, &shape)?)?;
            state.set(name, &next);
            used = (used * &release).during("computing release")?;
            x = (x * release).during("computing release")?;
        }
        let nothing = used.zeros_like().during("computing synapses")?;
        let before = state.get(&self.resources_name, &shape)?;
        let (resources, next) = plasticity(&nothing, &used, &recovery, before)?;
        state.set(&self.resources_name, &next);
        (x * resources).and_then(|y| y.unsqueeze(1)).during("computing depression")
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let numbers = self.numbers()?;
        let facilitation = match &numbers.facilitation {
            Some((rate, growth)) => Some((steps::Plasticity::new(rate)?, values(OP, growth)?)),
            None => None,
        };
        Ok(Some(vec![Box::new(PlasticityStep {
            u: values(OP, &numbers.u)?,
            resources: steps::Plasticity::new(&numbers.recovery)?,
            facilitation,
            flows: vec![0.0; 2 * self.n_bands],
            found: vec![0.0; self.n_bands],
        })]))
    }
}

const OP: &str = "plasticity of bands";

/// One frame; the state is d (F), then g (F) with facilitation.
struct PlasticityStep {
    u: Vec<f32>,
    resources: steps::Plasticity,
    /// And u / U.
    facilitation: Option<(steps::Plasticity, Vec<f32>)>,
    /// What builds up and what uses up, (2, F).
    flows: Vec<f32>,
    found: Vec<f32>,
}

impl Step for PlasticityStep {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.u.len(),
            state: self.u.len() * if self.facilitation.is_some() { 2 } else { 1 },
            outputs: self.u.len(),
        }
    }

    fn multiplications(&self) -> u64 {
        let n = self.u.len() as u64;
        let facilitation = self.facilitation.as_ref().map_or(0, |(step, _)| step.multiplications() + 3 * n);
        self.resources.multiplications() + 2 * n + facilitation
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let (resources, release) = state.split_at_mut(self.u.len());
        let (grown, used) = self.flows.split_at_mut(self.u.len());
        for ((used, x), u) in used.iter_mut().zip(input).zip(&self.u) {
            *used = u * x.max(0.0);
        }
        output.copy_from_slice(input);
        if let Some((step, growth)) = &mut self.facilitation {
            for ((grown, x), growth) in grown.iter_mut().zip(input).zip(growth) {
                *grown = *growth * x.max(0.0);
            }
            step.bin(&self.flows, release, &mut self.found);
            let used = &mut self.flows[self.found.len()..];
            for ((y, used), g) in output.iter_mut().zip(used).zip(&self.found) {
                *y *= g;
                *used *= g;
            }
        }
        self.flows[..self.found.len()].fill(0.0);
        self.resources.bin(&self.flows, resources, &mut self.found);
        output.iter_mut().zip(&self.found).for_each(|(y, d)| *y *= d);
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::{Seed, TimeBin};

    use super::*;
    use crate::{
        model::mode::Mode,
        params::store::{ParamStore, set_vector},
    };

    /// One band with u and tau of 1, U of 1/2 and tau_f of 1 bin.
    fn run(config: &PlasticityConfig, x: &[f64]) -> Vec<f64> {
        let axes = Axes::new(1, 1, TimeBin::from_millis(5.0).unwrap());
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let synapses = Plasticity::new(config, &axes, &mut store.root()).unwrap();
        set_vector(&synapses.raw_u, &[inverse_softplus(1.0)]).unwrap();
        set_vector(&synapses.root_tau, &[0.0]).unwrap();
        if let Some(facilitation) = &synapses.facilitation {
            set_vector(&facilitation.root_tau, &[0.0]).unwrap();
        }
        let x = Tensor::new(x, &Device::Cpu).unwrap().reshape((1, 1, 1, ())).unwrap();
        synapses.forward(&x, Mode::Eval).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn a_lasting_sound_depresses_and_silence_restores() {
        // d = 1, 2/4, (1/2 + 1)/4, (3/8 + 1)/4, (11/32 + 1)/2: below the mean nothing is used.
        let y = run(&PlasticityConfig::default(), &[2.0, 2.0, 2.0, -1.0, -1.0]);
        let expected = [2.0, 1.0, 0.75, -11.0 / 32.0, -43.0 / 64.0];
        assert!(y.iter().zip(expected).all(|(y, expected)| (y - expected).abs() < 1e-12), "{y:?}");
    }

    #[test]
    fn release_grows_with_use_and_uses_up_more() {
        let config = PlasticityConfig {
            facilitation: Some(FacilitationConfig::default()),
            ..PlasticityConfig::default()
        };
        // g = 1, (1 + 1 + 2)/3; d = 1, 2/3, (2/3 + 1)/(2 + 4/3).
        let y = run(&config, &[1.0, 1.0, 0.0, 2.0]);
        let g = [1.0, 4.0 / 3.0, (4.0 / 3.0 + 3.0) / 3.0, ((4.0 / 3.0 + 3.0) / 3.0 + 1.0) / 2.0];
        let d = [1.0, 2.0 / 3.0, 0.5, 0.75];
        let expected = [g[0] * d[0], g[1] * d[1], 0.0, 2.0 * g[3] * d[3]];
        assert!(y.iter().zip(expected).all(|(y, expected)| (y - expected).abs() < 1e-12), "{y:?}");
    }
}
