//! Normalisation over channels, one bin at a time.

use candle_core::Tensor;

use super::OP;
use crate::{
    error::Result,
    pointwise::then::{Then, follow},
    simd::dispatch::multiversion,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`channel_norm`](crate::channel_norm()) of one bin: C rows of L positions in and out, no state.
pub struct ChannelNorm {
    positions: usize,
    gain: Vec<f32>,
    bias: Vec<f32>,
    eps: f32,
    then: Then,
    mean: Vec<f32>,
    scale: Vec<f32>,
}

impl ChannelNorm {
    /// Takes `gain` (C) and `bias` (C), the number of `positions` L, what is added to the variance, and what follows.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) or [`Error::Range`](crate::Error::Range) by the argument at fault.
    pub fn new(gain: &Tensor, bias: &Tensor, positions: usize, eps: f64, then: Then) -> Result<Self> {
        let check = Check::new(OP);
        let [channels] = check.dims("gain", gain, [None])?;
        check.dims("bias", bias, [Some(channels)])?;
        check.range("positions", positions as f64, positions > 0, "at least 1")?;
        check.range("eps", eps, eps > 0.0 && eps.is_finite(), "positive and finite")?;
        then.check(check)?;
        let (gain, bias) = (values(OP, gain)?, values(OP, bias)?);
        let [mean, scale] = [0, 1].map(|_| vec![0.0; positions]);
        Ok(Self { positions, gain, bias, eps: eps as f32, then, mean, scale })
    }
}

impl Step for ChannelNorm {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.gain.len() * self.positions,
            state: 0,
            outputs: self.gain.len() * self.positions,
        }
    }

    fn multiplications(&self) -> u64 {
        // Squares for the variance, 1 / deviation, gains.
        3 * (self.gain.len() * self.positions) as u64
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        let Self { gain, bias, eps, then, mean, scale, .. } = self;
        bin::<f32>(input, gain, bias, *eps, *then, mean, scale, output);
    }
}

multiversion! {
    fn bin<F, M>(
        x: &[F],
        gain: &[F],
        bias: &[F],
        eps: F,
        then: Then,
        mean: &mut [F],
        scale: &mut [F],
        y: &mut [F],
    ) {
        let positions = mean.len();
        let share = F::ONE / F::of(gain.len() as f64);
        mean.fill(F::ZERO);
        scale.fill(F::ZERO);
        for x in x.chunks_exact(positions) {
            mean.iter_mut().zip(x).for_each(|(m, x)| *m += *x);
        }
        mean.iter_mut().for_each(|m| *m *= share);
        for x in x.chunks_exact(positions) {
            for ((s, m), x) in scale.iter_mut().zip(&*mean).zip(x) {
                let d = *x - *m;
                *s = M::mul_add(d, d, *s);
            }
        }
        scale.iter_mut().for_each(|s| *s = F::ONE / M::mul_add(*s, share, eps).root());
        let rows = x.chunks_exact(positions).zip(y.chunks_exact_mut(positions)).zip(gain).zip(bias);
        for (((x, y), gain), bias) in rows {
            for (((y, x), m), s) in y.iter_mut().zip(x).zip(&*mean).zip(&*scale) {
                *y = M::mul_add((*x - *m) * *s, *gain, *bias);
            }
        }
        follow::<F, M>(then, y);
    }
}
