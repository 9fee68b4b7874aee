//! Several arguments in one input of a kernel: where each of them lies.

use candle_core::Tensor;

use crate::{
    parallel::{take, take_mut},
    tensor::array::collect,
};

/// The lengths of P arguments that lie one after the other, as [`Input::packed`](super::driver::Input::packed) puts them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing<const P: usize>(pub(crate) [usize; P]);

impl<const P: usize> Packing<P> {
    /// Each argument's part.
    pub(crate) fn slices<F>(self, mut packed: &[F]) -> [&[F]; P] {
        self.0.map(|n| take(&mut packed, n))
    }

    /// Each argument's part, to be written.
    pub(crate) fn slices_mut<F>(self, mut packed: &mut [F]) -> [&mut [F]; P] {
        self.0.map(|n| take_mut(&mut packed, n))
    }

    /// Each argument's part of a tensor of one axis.
    pub(crate) fn tensors(self, packed: &Tensor) -> candle_core::Result<[Tensor; P]> {
        let mut from = 0;
        collect(self.0.into_iter().map(|n| {
            from += n;
            packed.narrow(0, from - n, n)
        }))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn slices_and_tensors_are_the_same_parts() {
        let (packing, mut numbers) = (Packing([2, 0, 3]), [1f32, 2.0, 3.0, 4.0, 5.0]);
        let [a, b, c] = packing.slices(&numbers);
        assert_eq!((a, b, c), (&[1.0, 2.0][..], &[][..], &[3.0, 4.0, 5.0][..]));
        let tensor = Tensor::new(&numbers, &Device::Cpu).unwrap();
        let parts = packing.tensors(&tensor).unwrap().map(|part| part.to_vec1::<f32>().unwrap());
        assert_eq!(parts, [vec![1.0, 2.0], vec![], vec![3.0, 4.0, 5.0]]);
        packing.slices_mut(&mut numbers)[2][0] = 9.0;
        assert_eq!(numbers[2], 9.0);
    }
}
