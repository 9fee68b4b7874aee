//! Steps one after the other.

use crate::{
    error::{Dims, Error, Result},
    step::{Step, StepSizes},
};

const OP: &str = "chain";

/// Steps in a row, each of which takes what the one before gives; itself a [`Step`].
///
/// Its state is that of its links, one after the other.
pub struct Chain {
    links: Vec<Box<dyn Step>>,
    /// What each link but the last gives.
    between: Vec<Vec<f32>>,
}

impl Chain {
    /// Joins steps, at least one.
    ///
    /// # Errors
    /// [`Error::Range`] without a step, [`Error::Shape`] if a step does not take as many numbers as the one before it
    /// gives.
    ///
    /// # Examples
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use statenet_kernels::{Step, steps};
    ///
    /// let double = steps::Affine::new(&Tensor::new(&[[2f32]], &Device::Cpu)?, None)?;
    /// let one_more = steps::Affine::new(
    ///     &Tensor::new(&[[1f32]], &Device::Cpu)?,
    ///     Some(&Tensor::new(&[1f32], &Device::Cpu)?),
    /// )?;
    /// let mut chain = steps::Chain::new(vec![Box::new(double), Box::new(one_more)])?;
    /// let mut y = [0.0];
    /// chain.step(&[3.0], &mut [], &mut y)?;
    /// assert_eq!(y, [7.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(links: Vec<Box<dyn Step>>) -> Result<Self> {
        if links.is_empty() {
            return Err(Error::Range { op: OP, argument: "steps", got: 0.0, expected: "at least 1" });
        }
        for (before, after) in links.iter().zip(links.iter().skip(1)) {
            let (given, taken) = (before.n_outputs(), after.n_inputs());
            if given != taken {
                let got = Dims::from([given].as_slice());
                let expected = Dims(vec![Some(taken)]);
                return Err(Error::Shape { op: OP, argument: "what a step gives", got, expected });
            }
        }
        let between = links.iter().take(links.len() - 1).map(|link| vec![0.0; link.n_outputs()]).collect();
        Ok(Self { links, between })
    }
}

impl Step for Chain {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.links.first().map_or(0, |link| link.n_inputs()),
            state: self.links.iter().map(|link| link.n_state()).sum(),
            outputs: self.links.last().map_or(0, |link| link.n_outputs()),
        }
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let mut rest = state;
        let mut given = input;
        let mut between = self.between.iter_mut();
        for link in &mut self.links {
            let (state, later) = rest.split_at_mut(link.n_state());
            rest = later;
            match between.next() {
                Some(next) => {
                    link.bin(given, state, next);
                    given = next;
                }
                None => link.bin(given, state, output),
            }
        }
    }
}
