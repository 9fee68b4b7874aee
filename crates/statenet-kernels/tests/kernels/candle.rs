//! What the references take from Candle, so that an upgrade tells us what changed: each plain operation's
//! gradient against central differences, and the traits of operations of one's own that `op.rs` builds on.

use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Shape, Tensor, Var};

use crate::harness::*;

#[test]
fn elementary_functions_have_right_gradients() {
    let x = [Numbers(1).tensor(&[3, 4], 0.3, 2.0)];
    check_differences(|x| vec![x[0].exp().unwrap()], &x);
    check_differences(|x| vec![x[0].log().unwrap()], &x);
    check_differences(|x| vec![x[0].tanh().unwrap()], &x);
    check_differences(|x| vec![x[0].sqr().unwrap()], &x);
    check_differences(|x| vec![x[0].sqrt().unwrap()], &x);
    check_differences(|x| vec![x[0].neg().unwrap()], &x);
    check_differences(|x| vec![x[0].abs().unwrap()], &x);
    check_differences(|x| vec![x[0].affine(2.0, 3.0).unwrap()], &x);
    check_differences(|x| vec![x[0].mean_keepdim(1).unwrap()], &x);
    check_differences(|x| vec![x[0].sum((0, 1)).unwrap()], &x);
}

#[test]
fn broadcasts_have_right_gradients() {
    let mut n = Numbers(2);
    let x = [n.tensor(&[2, 3, 4], 0.5, 2.0), n.tensor(&[1, 3, 1], 0.5, 2.0)];
    check_differences(|x| vec![x[0].broadcast_add(&x[1]).unwrap()], &x);
    check_differences(|x| vec![x[0].broadcast_sub(&x[1]).unwrap()], &x);
    check_differences(|x| vec![x[0].broadcast_mul(&x[1]).unwrap()], &x);
    check_differences(|x| vec![x[0].broadcast_div(&x[1]).unwrap()], &x);
}

#[test]
fn products_of_contiguous_tensors_have_right_gradients() {
    let mut n = Numbers(3);
    let x = [n.signed(&[2, 3, 4]), n.signed(&[2, 4, 5])];
    check_differences(|x| vec![x[0].matmul(&x[1]).unwrap()], &x);
    let x = [n.signed(&[3, 4]), n.signed(&[5, 4])];
    check_differences(|x| vec![x[0].matmul(&x[1].t().unwrap().contiguous().unwrap()).unwrap()], &x);
    let x = [n.signed(&[1, 3, 4]), n.signed(&[2, 4, 5])];
    let broadcast = |x: &[Tensor]| {
        let left = x[0].broadcast_as((2, 3, 4)).unwrap().contiguous().unwrap();
        vec![left.matmul(&x[1]).unwrap()]
    };
    check_differences(broadcast, &x);
}

#[test]
fn rearrangements_have_right_gradients() {
    let mut n = Numbers(4);
    let x = [n.signed(&[2, 3, 4]), n.signed(&[2, 3, 4])];
    check_differences(|x| vec![Tensor::cat(&[&x[0], &x[1]], 2).unwrap()], &x);
    check_differences(|x| vec![Tensor::stack(&[&x[0], &x[1]], 1).unwrap()], &x);
    check_differences(|x| vec![x[0].narrow(1, 1, 2).unwrap(), x[1].clone()], &x);
    check_differences(|x| vec![x[0].transpose(1, 2).unwrap().contiguous().unwrap(), x[1].clone()], &x);
    check_differences(|x| vec![x[0].reshape((6, 4)).unwrap(), x[1].clone()], &x);
}

#[test]
fn a_selection_cuts_what_it_does_not_take() {
    let values = Tensor::new(&[1f64, f64::NAN, 3.0], &Device::Cpu).unwrap();
    let (x, take) = (Var::from_tensor(&values).unwrap(), Tensor::new(&[1u8, 0, 1], &Device::Cpu).unwrap());
    let y = take.where_cond(&x, &values.zeros_like().unwrap()).unwrap().sqr().unwrap().sum_all().unwrap();
    assert_eq!(y.to_scalar::<f64>().unwrap(), 10.0);
    assert_eq!(numbers(y.backward().unwrap().get(&x).unwrap()), [2.0, 0.0, 6.0]);
}

#[test]
fn maximum_passes_the_gradient_to_the_larger() {
    let x =
        [Tensor::new(&[1f64, 5.0], &Device::Cpu).unwrap(), Tensor::new(&[2f64, 3.0], &Device::Cpu).unwrap()];
    check_differences(|x| vec![x[0].maximum(&x[1]).unwrap()], &x);
}

/// Doubles; notes what it is given.
struct Double;

impl CustomOp1 for Double {
    fn name(&self) -> &'static str {
        "double"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let (start, end) = layout.contiguous_offsets().unwrap();
        let values = storage.as_slice::<f64>()?[start..end].iter().map(|x| 2.0 * x).collect();
        Ok((CpuStorage::F64(values), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, result: &Tensor, grad: &Tensor) -> candle_core::Result<Option<Tensor>> {
        assert_eq!((x.dims(), result.dims()), (grad.dims(), grad.dims()));
        Ok(Some((grad * 2.0)?))
    }
}

#[test]
fn an_operation_of_ones_own_sees_offsets_and_is_differentiated() {
    let x = Var::from_tensor(&Tensor::new(&[1f64, 2.0, 3.0], &Device::Cpu).unwrap()).unwrap();
    let part = x.narrow(0, 1, 2).unwrap();
    assert_eq!(part.layout().start_offset(), 1);
    let y = part.apply_op1(Double).unwrap();
    assert_eq!(numbers(&y), [4.0, 6.0]);
    assert_eq!(numbers(y.sum_all().unwrap().backward().unwrap().get(&x).unwrap()), [0.0, 2.0, 2.0]);
}

#[test]
fn variables_and_what_comes_from_them_are_tracked_and_nothing_else() {
    let x = Tensor::zeros(2, DType::F64, &Device::Cpu).unwrap();
    assert!(!x.track_op() && !x.exp().unwrap().track_op());
    let x = Var::from_tensor(&x).unwrap();
    assert!(x.track_op() && x.exp().unwrap().track_op() && !x.detach().track_op());
}
