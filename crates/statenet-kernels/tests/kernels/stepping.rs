//! The law of single-step forms.

use candle_core::{DType, Tensor};
use statenet_kernels::Step;

use crate::harness::assert_near;

/// Bin by bin from `first` (B, S), a step turns `x` (B, T, I) into `y` (B, T, O) and ends in `last` (B, S).
#[track_caller]
pub(crate) fn check_step(step: &mut dyn Step, x: &Tensor, first: &Tensor, y: &Tensor, last: &Tensor) {
    let (batch, time, _) = x.dims3().unwrap();
    let row = |x: &Tensor| x.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let (mut outputs, mut states) = (Vec::new(), Vec::new());
    for b in 0..batch {
        let mut state = row(&first.get(b).unwrap());
        for t in 0..time {
            let mut output = vec![0.0; step.n_outputs()];
            step.step(&row(&x.get(b).unwrap().get(t).unwrap()), &mut state, &mut output).unwrap();
            outputs.extend(output);
        }
        states.extend(state);
    }
    let as_tensor = |values: Vec<f32>, like: &Tensor| {
        Tensor::from_vec(values, like.dims(), like.device()).unwrap().to_dtype(like.dtype()).unwrap()
    };
    assert_near("outputs of the steps", &as_tensor(outputs, y), y, 1e-4);
    assert_near("last state of the steps", &as_tensor(states, last), last, 1e-4);
    assert!(step.step(&[], &mut [], &mut []).is_err(), "slices of the wrong length are refused");
}
