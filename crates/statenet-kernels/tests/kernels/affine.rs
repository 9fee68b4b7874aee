use candle_core::{DType, Tensor};
use statenet_kernels::{Layout, affine};

use crate::harness::*;

fn inputs(seed: u64, from: Layout, [batch, ins, outs, time]: [usize; 4]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let (a, b, c) = from.shape(batch, ins, time);
    vec![n.signed(&[a, b, c]), n.signed(&[outs, ins]), n.signed(&[outs])]
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, Layout::TimeFirst, [2, 3, 4, 5]);
    let text = |x: &Tensor, weight: &Tensor, bias: &Tensor| {
        affine(x, Layout::TimeFirst, weight, Some(bias), Layout::TimeFirst).unwrap_err().to_string()
    };
    let short = x[1].narrow(1, 0, 2).unwrap();
    assert_eq!(text(&x[0], &short, &x[2]), "affine: x has shape (2, 5, 3), expected (_, _, 2)");
    let wide = Tensor::cat(&[&x[2], &x[2]], 0).unwrap();
    assert_eq!(text(&x[0], &x[1], &wide), "affine: bias has shape (8), expected (4)");
    let single = x[1].to_dtype(DType::F32).unwrap();
    assert_eq!(text(&x[0], &single, &x[2]), "affine: weight has dtype F32, expected F64");
}
