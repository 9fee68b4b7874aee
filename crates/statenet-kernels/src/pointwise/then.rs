//! What follows a normalisation or an affine map in the same pass.
//!
//! Slopes are computed from what came out, so that an operation need not keep what went in. At 0 the slope of a
//! rectifier is that of its left side, as PyTorch has it.

use candle_core::Tensor;

use super::softplus::reference::sigmoid;
use crate::{
    error::Result,
    simd::{
        dispatch::multiversion,
        float::{MulAdd, Real},
    },
    tensor::arguments::Check,
};

/// What follows a normalisation or an affine map in the same pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Then {
    /// Nothing: phi(v) = v.
    Identity,
    /// The logistic function 1 / (1 + e^-v).
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// The rectifier max(v, 0); its slope at 0 is 0.
    Relu,
    /// The rectifier that lets a part of what is negative through: v above 0, slope v from 0 on down (Maas, Hannun & Ng
    /// 2013).
    LeakyRelu {
        /// At least 0.
        slope: f64,
    },
}

impl Then {
    /// A slope is a finite number, at least 0.
    pub(crate) fn check(self, check: Check) -> Result<()> {
        match self {
            Self::LeakyRelu { slope } => {
                check.range("slope", slope, slope >= 0.0 && slope.is_finite(), "finite and at least 0")
            }
            Self::Identity | Self::Sigmoid | Self::Tanh | Self::Relu => Ok(()),
        }
    }

    /// phi of plain tensors.
    pub(crate) fn of_tensor(self, v: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Identity => Ok(v.clone()),
            Self::Sigmoid => sigmoid(v),
            Self::Tanh => v.tanh(),
            Self::Relu => v.detach().le(0.0)?.where_cond(&v.zeros_like()?, v),
            Self::LeakyRelu { slope } => v.detach().gt(0.0)?.where_cond(v, &(v * slope)?),
        }
    }
}

/// phi of a row, in place.
#[inline(always)]
pub(crate) fn follow<F: Real, M: MulAdd>(then: Then, row: &mut [F]) {
    match then {
        Then::Identity => {}
        Then::Sigmoid => row.iter_mut().for_each(|v| *v = v.sigmoid::<M>()),
        Then::Tanh => row.iter_mut().for_each(|v| *v = v.tanh::<M>()),
        Then::Relu => row.iter_mut().for_each(|v| *v = if *v <= F::ZERO { F::ZERO } else { *v }),
        Then::LeakyRelu { slope } => {
            let slope = F::of(slope);
            row.iter_mut().for_each(|v| *v = if *v > F::ZERO { *v } else { slope * *v });
        }
    }
}

/// e = g phi', from the row that phi gave.
#[inline(always)]
pub(crate) fn unfollow<F: Real>(then: Then, y: &[F], grad: &[F], e: &mut [F]) {
    let rows = e.iter_mut().zip(grad).zip(y);
    match then {
        Then::Identity => e.copy_from_slice(grad),
        Then::Sigmoid => rows.for_each(|((e, g), y)| *e = *g * *y * (F::ONE - *y)),
        Then::Tanh => rows.for_each(|((e, g), y)| *e = *g * (F::ONE - *y * *y)),
        Then::Relu => rows.for_each(|((e, g), y)| *e = if *y <= F::ZERO { F::ZERO } else { *g }),
        Then::LeakyRelu { slope } => {
            let slope = F::of(slope);
            rows.for_each(|((e, g), y)| *e = if *y > F::ZERO { *g } else { slope * *g });
        }
    }
}

multiversion! {
    /// [`follow`] for callers that are not compiled for an instruction set themselves.
    pub(crate) fn follow_all<F, M>(then: Then, values: &mut [F]) {
        follow::<F, M>(then, values);
    }
}

multiversion! {
    /// [`unfollow`] for callers that are not compiled for an instruction set themselves.
    pub(crate) fn unfollow_all<F, M>(then: Then, y: &[F], grad: &[F], e: &mut [F]) {
        unfollow(then, y, grad, e);
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::simd::float::Separate;

    /// Values and slopes around 0, on slices and on tensors.
    #[test]
    fn rectifiers_have_their_left_slope_at_zero() {
        let cases = [
            (Then::Relu, [0.0, 0.0, 0.0, 3.0], [0.0, 0.0, 0.0, 1.0]),
            (Then::LeakyRelu { slope: 0.25 }, [-0.5, 0.0, 0.0, 3.0], [0.25, 0.25, 0.25, 1.0]),
            (Then::LeakyRelu { slope: 0.0 }, [0.0, 0.0, 0.0, 3.0], [0.0, 0.0, 0.0, 1.0]),
        ];
        let v = [-2.0, 0.0, -0.0, 3.0];
        for (then, values, slopes) in cases {
            let (mut y, mut e) = (v, [f64::NAN; 4]);
            follow::<f64, Separate>(then, &mut y);
            unfollow(then, &y, &[1.0; 4], &mut e);
            assert_eq!((y, e), (values, slopes), "{then:?}");
            let var = Var::new(&v, &Device::Cpu).unwrap();
            let y = then.of_tensor(&var).unwrap();
            let grads = y.sum_all().unwrap().backward().unwrap();
            assert_eq!(y.to_vec1::<f64>().unwrap(), values, "{then:?}");
            assert_eq!(grads.get(&var).unwrap().to_vec1::<f64>().unwrap(), slopes, "{then:?}");
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for then in [Then::Relu, Then::LeakyRelu { slope: 0.1 }] {
            let mut y = [f32::NAN];
            follow::<f32, Separate>(then, &mut y);
            let of_tensor = then.of_tensor(&candle_core::Tensor::new(&[f32::NAN], &Device::Cpu).unwrap());
            assert!(y[0].is_nan() && of_tensor.unwrap().to_vec1::<f32>().unwrap()[0].is_nan(), "{then:?}");
        }
    }
}
