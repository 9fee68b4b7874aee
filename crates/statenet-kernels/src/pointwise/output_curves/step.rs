//! Output curves, one bin at a time.

use candle_core::Tensor;

use super::{
    cpu::{Curve, MAX_PARAMETERS},
    double_exponential::DoubleExponentialCurve,
    exponential::ExponentialCurve,
    sigmoid::SigmoidCurve,
    softplus::SoftplusCurve,
};
use crate::{
    error::Result,
    simd::dispatch::multiversion,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// An output curve of one bin: N numbers in, N rates out, no state.
pub struct OutputCurve {
    op: &'static str,
    /// Row p holds parameter p of every neuron.
    parameters: [Vec<f32>; MAX_PARAMETERS],
    run: Run,
}

type Run = fn(&[f32], &[Vec<f32>; MAX_PARAMETERS], &mut [f32]);

impl OutputCurve {
    /// [`softplus_curve`](crate::softplus_curve) with parameters (N).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn softplus(beta: &Tensor, offset: &Tensor) -> Result<Self> {
        Self::new::<SoftplusCurve>(&[("beta", beta), ("offset", offset)])
    }

    /// [`sigmoid_curve`](crate::sigmoid_curve) with parameters (N).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn sigmoid(center: &Tensor, width: &Tensor, scale: &Tensor, offset: &Tensor) -> Result<Self> {
        let parameters = [("center", center), ("width", width), ("scale", scale), ("offset", offset)];
        Self::new::<SigmoidCurve>(&parameters)
    }

    /// [`double_exponential_curve`](crate::double_exponential_curve) with parameters (N).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn double_exponential(
        slope: &Tensor,
        shift: &Tensor,
        scale: &Tensor,
        offset: &Tensor,
    ) -> Result<Self> {
        let parameters = [("slope", slope), ("shift", shift), ("scale", scale), ("offset", offset)];
        Self::new::<DoubleExponentialCurve>(&parameters)
    }

    /// [`exponential_curve`](crate::exponential_curve) with parameters (N).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn exponential(slope: &Tensor, scale: &Tensor, offset: &Tensor) -> Result<Self> {
        Self::new::<ExponentialCurve>(&[("slope", slope), ("scale", scale), ("offset", offset)])
    }

    fn new<C: Curve>(named: &[(&'static str, &Tensor)]) -> Result<Self> {
        let check = Check::new(C::NAME);
        let neurons = named.first().map_or(1, |(_, first)| first.elem_count());
        let mut parameters = std::array::from_fn(|_| vec![0.0; neurons]);
        for (row, (argument, tensor)) in parameters.iter_mut().zip(named) {
            check.dims(argument, tensor, [Some(neurons)])?;
            *row = values(C::NAME, tensor)?;
        }
        Ok(Self { op: C::NAME, parameters, run: bin::<f32, C> })
    }
}

impl Step for OutputCurve {
    fn name(&self) -> &'static str {
        self.op
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.parameters[0].len(), state: 0, outputs: self.parameters[0].len() }
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        (self.run)(input, &self.parameters, output);
    }
}

multiversion! {
    fn bin<F, M; C: Curve>(x: &[F], parameters: &[Vec<F>; MAX_PARAMETERS], y: &mut [F]) {
        let [a, b, c, d] = parameters;
        for (((((y, x), a), b), c), d) in y.iter_mut().zip(x).zip(a).zip(b).zip(c).zip(d) {
            *y = C::value::<F, M>(*x, [*a, *b, *c, *d]);
        }
    }
}
