//! Steps of a parameter on the CPU: in place, with one pass over values, gradient and moments.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var, WithDType, bail};

use super::rule::Rule;

/// Mean gradient and mean squared gradient of every number of a parameter.
#[derive(Debug)]
pub(super) struct CpuMoments {
    pub(super) mean: Vec<f64>,
    pub(super) square: Vec<f64>,
}

impl CpuMoments {
    pub(super) fn new(n: usize) -> Self {
        Self { mean: vec![0.0; n], square: vec![0.0; n] }
    }

    pub(super) fn step(&mut self, rule: Rule, var: &Var, grad: &Tensor) -> Result<()> {
        var.inplace_op2(&grad.contiguous()?, &Update { rule, moments: RefCell::new(self) })
    }
}

/// One step as Candle runs it on a parameter's memory.
struct Update<'a> {
    rule: Rule,
    moments: RefCell<&'a mut CpuMoments>,
}

impl Update<'_> {
    fn apply<T: WithDType>(&self, values: &mut [T], grad: &[T]) -> Result<()> {
        let CpuMoments { mean, square } = &mut **self.moments.borrow_mut();
        if values.len() != mean.len() || grad.len() != mean.len() {
            bail!("a gradient has {} numbers, its parameter {}", grad.len(), mean.len());
        }
        for (((w, g), m), v) in values.iter_mut().zip(grad).zip(mean).zip(square) {
            *w = T::from_f64(self.rule.number(w.to_f64(), g.to_f64(), m, v));
        }
        Ok(())
    }
}

impl InplaceOp2 for Update<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(
        &self,
        values: &mut CpuStorage,
        values_layout: &Layout,
        grad: &CpuStorage,
        grad_layout: &Layout,
    ) -> Result<()> {
        let (Some(at), Some(from)) = (values_layout.contiguous_offsets(), grad_layout.contiguous_offsets())
        else {
            bail!("adamw steps through contiguous numbers");
        };
        match (values, grad) {
            (CpuStorage::F32(values), CpuStorage::F32(grad)) => {
                self.apply(&mut values[at.0..at.1], &grad[from.0..from.1])
            }
            (CpuStorage::F64(values), CpuStorage::F64(grad)) => {
                self.apply(&mut values[at.0..at.1], &grad[from.0..from.1])
            }
            _ => bail!("adamw steps through f32 or f64, and a gradient like its parameter"),
        }
    }
}
