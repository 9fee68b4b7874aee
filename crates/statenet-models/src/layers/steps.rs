//! Single-frame steps that the kernels lack: elementwise functions, gated linear units, residual connections.

use statenet_kernels::{Dims, Error, Result, Step, StepSizes, steps::Sequential};

/// Refuses a slice of another length, as the steps of the kernels do.
pub(crate) fn expect_length(
    op: &'static str,
    argument: &'static str,
    got: usize,
    expected: usize,
) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    let dims = |n: usize| Dims::from([n].as_slice());
    Err(Error::Shape { op, argument, got: dims(got), expected: dims(expected) })
}

/// A function of every number.
pub(crate) struct Map {
    n: usize,
    function: fn(f32) -> f32,
}

impl Map {
    pub(crate) fn new(n: usize, function: fn(f32) -> f32) -> Self {
        Self { n, function }
    }
}

impl Step for Map {
    fn name(&self) -> &'static str {
        "map"
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.n, state: 0, outputs: self.n }
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        output.iter_mut().zip(input).for_each(|(y, x)| *y = (self.function)(*x));
    }
}

/// A gated linear unit: the first half of the numbers times the sigmoid of the second.
pub(crate) struct Glu(pub(crate) usize);

impl Step for Glu {
    fn name(&self) -> &'static str {
        "glu"
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: 2 * self.0, state: 0, outputs: self.0 }
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        let (values, gates) = input.split_at(self.0);
        for ((y, a), b) in output.iter_mut().zip(values).zip(gates) {
            *y = a * sigmoid(*b);
        }
    }
}

/// A residual connection around a chain: y = chain(x) + gain x.
pub(crate) struct Around {
    chain: Sequential,
    gain: Vec<f32>,
}

impl Around {
    /// `gain` has as many numbers as the chain's input and output.
    pub(crate) fn new(links: Vec<Box<dyn Step>>, gain: Vec<f32>) -> Result<Self> {
        let chain = Sequential::new(links)?;
        expect_length("path around", "gain", gain.len(), chain.n_inputs())?;
        expect_length("path around", "output", chain.n_outputs(), chain.n_inputs())?;
        Ok(Self { chain, gain })
    }
}

impl Step for Around {
    fn name(&self) -> &'static str {
        self.chain.name()
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.chain.n_inputs(),
            state: self.chain.n_state(),
            outputs: self.chain.n_outputs(),
        }
    }

    fn multiplications(&self) -> u64 {
        self.chain.multiplications() + self.gain.len() as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        self.chain.bin(input, state, output);
        for ((y, x), gain) in output.iter_mut().zip(input).zip(&self.gain) {
            *y += gain * x;
        }
    }
}

pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

pub(crate) fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + candle_core::cpu::erf::erf_f32(x * std::f32::consts::FRAC_1_SQRT_2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_around_adds_what_went_in() {
        let double = Map::new(2, |x| 2.0 * x);
        let mut around = Around::new(vec![Box::new(double)], vec![1.0, 10.0]).unwrap();
        let mut y = [0.0; 2];
        around.step(&[3.0, 4.0], &mut [], &mut y).unwrap();
        assert_eq!(y, [9.0, 48.0]);
        let error = around.step(&[3.0], &mut [], &mut y).unwrap_err();
        assert_eq!(error.to_string(), "sequential: input has shape (1), expected (2)");
        assert!(Around::new(vec![Box::new(Glu(2))], vec![1.0; 4]).is_err());
    }
}
