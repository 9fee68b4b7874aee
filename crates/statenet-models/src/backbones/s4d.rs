//! S4D (Gu, Gupta, Goel & Ré 2022): per unit a diagonal linear state space, discretised by zero-order hold.
//!
//! ```text
//! A[h,n] = -exp(a[h,n]) + i w[h,n]        d[h] = exp(log_dt[h])
//! s[t] = exp(d A) s[t-1] + (exp(d A) - 1) / A x[t]        y[t] = 2 Re sum_n C s[t] + D x[t]
//! ```
//! N = `states` / 2 conjugate pairs per unit, then GELU and a gated linear layer (see `state_space`).
//! In and out (B, H, T), H the number of inputs. Memory: unbounded. Before t = 0: s = 0.
//! Parameters: H (D) + H (log_dt) + 2 H N (C) + H N (a) + H N (w) + 2 H H + 2 H.
//! Starts at S4D-Lin: a = ln 1/2, w = pi n, C complex normal, dt log-uniform; B is 1 and part of C.
//!
//! Gu A, Gupta A, Goel K, Ré C (2022). On the parameterization and initialization of diagonal state space models.
//! NeurIPS 35.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_kernels::{Step, steps};

use super::state_space::{self, COMPLEX_NORMAL, Spaces, StateSpace};
use crate::{
    error::{During, Result},
    layers::complex::Complex,
    model::stage::Units,
    params::{init::Init, store::Scope},
};

/// Diagonal state spaces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S4dConfig {
    /// States per unit, an even number from 2 to 256. Default 64.
    pub states: usize,
    /// Smallest step that a unit starts with, in units of the state space's own time per bin. Default 0.001.
    pub dt_min: f64,
    /// Largest step that a unit starts with. Default 0.1.
    pub dt_max: f64,
}

impl Default for S4dConfig {
    fn default() -> Self {
        Self { states: 64, dt_min: 0.001, dt_max: 0.1 }
    }
}

impl S4dConfig {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        state_space::validate(self.states, (self.dt_min, self.dt_max), field)
    }
}

pub(crate) struct Diagonal {
    log_dt: Tensor,
    c: Tensor,
    log_a_real: Tensor,
    a_imag: Tensor,
    pairs: usize,
}

pub(crate) type S4d = StateSpace<Diagonal>;

/// A block of as many units as it has inputs.
pub(crate) fn new(config: &S4dConfig, input: Units, scope: &mut Scope<'_>) -> Result<S4d> {
    let hidden = input.n;
    let pairs = config.states / 2;
    let turning = |_: &mut statenet_core::RandomStream| {
        (0..hidden * pairs).map(|k| std::f64::consts::PI * (k % pairs) as f64).collect()
    };
    StateSpace::new(input, scope, |kernel| {
        let steps = state_space::log_steps(hidden, (config.dt_min, config.dt_max));
        Ok(Diagonal {
            log_dt: kernel.parameter_with("log_dt", (hidden, 1), steps)?,
            c: kernel.parameter("C", (hidden, pairs, 2), COMPLEX_NORMAL)?,
            log_a_real: kernel.parameter(
                "log_A_real",
                (hidden, pairs),
                Init::Constant(-std::f64::consts::LN_2),
            )?,
            a_imag: kernel.parameter_with("A_imag", (hidden, pairs), turning)?,
            pairs,
        })
    })
}

impl Diagonal {
    /// A and B of one bin, each (H, N, 2).
    fn discretize(&self) -> Result<(Tensor, Tensor)> {
        let run = || -> candle_core::Result<_> {
            let dt = self.log_dt.exp()?;
            let rate = Complex { re: self.log_a_real.exp()?.neg()?, im: self.a_imag.clone() };
            let a = rate.scaled(&dt)?.exp()?;
            let b = a.affine(1.0, -1.0)?.times(&rate.recip()?)?;
            Ok((a.to_pairs()?, b.to_pairs()?))
        };
        run().during("discretizing a state space")
    }
}

impl Spaces for Diagonal {
    fn pairs(&self) -> usize {
        self.pairs
    }

    fn scan(&self, u: &Tensor, before: &Tensor) -> Result<(Tensor, Tensor)> {
        let (a, b) = self.discretize()?;
        Ok(statenet_kernels::diagonal_scan(u, &a, &b, &self.c, before)?)
    }

    fn step(&self) -> Result<Box<dyn Step>> {
        let (a, b) = self.discretize()?;
        Ok(Box::new(steps::DiagonalScan::new(&a, &b, &self.c)?))
    }
}
