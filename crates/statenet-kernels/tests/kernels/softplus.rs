use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{reference, softplus};

use crate::harness::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain_at_any_shape(seed: u64, shape in prop::collection::vec(1usize..7, 1..4), memory in 0usize..3) {
        check(
            |x| vec![softplus(&x[0]).unwrap()],
            |x| vec![reference::softplus(&x[0]).unwrap()],
            &[Numbers(seed).tensor(&shape, -8.0, 8.0)],
            MEMORIES[memory],
        );
    }
}

/// ln(1 + e^x) is e^x to the last digit where e^x is far below 1; a form that adds 1 first gives 0.
#[test]
fn small_values_keep_their_digits() {
    for dtype in [DType::F32, DType::F64] {
        let x = Tensor::new(&[-20f64, -40.0, 0.0, 30.0, 1e4], &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
        let y = numbers(&softplus(&x).unwrap());
        for (y, exact) in y.iter().zip([(-20f64).exp().ln_1p(), (-40f64).exp(), 2f64.ln(), 30.0, 1e4]) {
            assert!((y / exact - 1.0).abs() < 1e-6, "{y} {exact}");
        }
    }
}

#[test]
fn the_slope_at_zero_is_a_half_and_nan_stays() {
    let x = Var::from_tensor(&Tensor::new(&[0f32, -200.0, 200.0], &Device::Cpu).unwrap()).unwrap();
    let grads = softplus(&x).unwrap().sum_all().unwrap().backward().unwrap();
    let slopes = numbers(grads.get(&x).unwrap());
    assert_eq!((slopes[0], slopes[2]), (0.5, 1.0));
    assert!(slopes[1].abs() < 1e-37);
    let nan = softplus(&Tensor::new(&[f32::NAN], &Device::Cpu).unwrap()).unwrap();
    assert!(numbers(&nan)[0].is_nan());
}

#[test]
fn integers_are_refused() {
    let x = Tensor::new(&[1u8], &Device::Cpu).unwrap();
    assert_eq!(softplus(&x).unwrap_err().to_string(), "softplus: x has dtype U8, expected F32 or F64");
}
