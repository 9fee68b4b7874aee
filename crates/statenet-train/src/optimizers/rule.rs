//! What one step of AdamW does to a number, and the same to all numbers of a tensor.

use candle_core::{Result, Tensor};

/// The factors of one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// What gradients are multiplied by first (clipping).
    pub(super) factor: f64,
    pub(super) learning_rate: f64,
    pub(super) beta1: f64,
    pub(super) beta2: f64,
    pub(super) eps: f64,
    pub(super) weight_decay: f64,
    /// 1 / (1 - beta^t) of both moments.
    pub(super) correct1: f64,
    pub(super) correct2: f64,
}

impl Rule {
    /// The parameter `w` after a step along the gradient `g`; its moments `m` and `v` advance.
    pub(super) fn number(&self, w: f64, g: f64, m: &mut f64, v: &mut f64) -> f64 {
        let &Self { factor, learning_rate, beta1, beta2, eps, weight_decay, correct1, correct2 } = self;
        let g = g * factor;
        *m = beta1 * *m + (1.0 - beta1) * g;
        *v = beta2 * *v + (1.0 - beta2) * g * g;
        let direction = (*m * correct1) / ((*v * correct2).sqrt() + eps);
        w - learning_rate * (weight_decay * w + direction)
    }

    /// The same products and sums in the same order: parameter and both moments after a step.
    pub(super) fn tensors(&self, w: &Tensor, g: &Tensor, m: &Tensor, v: &Tensor) -> Result<[Tensor; 3]> {
        let &Self { factor, learning_rate, beta1, beta2, eps, weight_decay, correct1, correct2 } = self;
        let g = (g * factor)?;
        let m = ((m * beta1)? + (&g * (1.0 - beta1))?)?;
        let v = ((v * beta2)? + ((&g * (1.0 - beta2))? * &g)?)?;
        let direction = ((&m * correct1)? / ((&v * correct2)?.sqrt()? + eps)?)?;
        let w = (w - (((w * weight_decay)? + direction)? * learning_rate)?)?;
        Ok([w, m, v])
    }
}
