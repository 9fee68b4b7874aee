use candle_core::{DType, Device, Tensor, Var};
use statenet_kernels::{dropout, reference};

use crate::harness::*;

#[test]
fn what_is_kept_gets_no_gradient() {
    let [x, kept] = [[2f32, 3.0, -1.0], [0.0, 2.0, 2.0]]
        .map(|values| Var::from_tensor(&Tensor::new(&values, &Device::Cpu).unwrap()).unwrap());
    for form in [dropout, reference::dropout] {
        let y = form(&x, &kept).unwrap();
        assert_eq!(numbers(&y), [0.0, 6.0, -2.0]);
        let grads = y.sum_all().unwrap().backward().unwrap();
        assert_eq!(numbers(grads.get(&x).unwrap()), [0.0, 2.0, 2.0]);
        assert!(grads.get(&kept).is_none());
    }
}

#[test]
fn wrong_arguments_are_named() {
    let x = Tensor::ones((2, 3), DType::F32, &Device::Cpu).unwrap();
    for form in [dropout, reference::dropout] {
        let text = |kept: Tensor| form(&x, &kept).unwrap_err().to_string();
        let text_of_shape = text(x.narrow(1, 0, 2).unwrap());
        assert_eq!(text_of_shape, "dropout: kept has shape (2, 2), expected (2, 3)");
        let text_of_dtype = text(x.to_dtype(DType::F64).unwrap());
        assert_eq!(text_of_dtype, "dropout: kept has dtype F64, expected F32");
    }
}
