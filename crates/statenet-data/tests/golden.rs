//! Agreement with the published implementation's smoothing, whose numbers are in `golden/smoothing`.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

use std::path::Path;

use candle_core::{Device, Tensor};
use ndarray::Array3;
use statenet_core::{Millis, TimeBin};
use statenet_data::{Responses, Smoothing};

/// Its sums are in f32, in another order.
const TOLERANCE: f32 = 2e-6;

/// One neuron's responses, (1, R, T).
fn responses(values: &Tensor) -> Array3<f32> {
    let (n_repeats, n_bins) = values.dims2().unwrap();
    let values = values.flatten_all().unwrap().to_vec1().unwrap();
    Array3::from_shape_vec((1, n_repeats, n_bins), values).unwrap()
}

#[test]
fn hann_windows_smooth_as_published() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/smoothing/case.safetensors");
    let case = candle_core::safetensors::load(file, &Device::Cpu).unwrap();
    let counts = Responses::from_nan(responses(&case["counts"])).unwrap();
    for width_ms in [21.0, 50.0] {
        for dt_ms in [1.0, 2.0, 5.0, 10.0] {
            let smoothing = Smoothing::HannReference { width: Millis::new(width_ms).unwrap() };
            let smoothed = smoothing.weights(TimeBin::from_millis(dt_ms).unwrap()).smooth(&counts);
            let name = format!("hann{width_ms}.dt{dt_ms}");
            let expected = responses(&case[&name]);
            let largest = expected.iter().copied().fold(0.0, f32::max);
            for (found, expected) in smoothed.values().iter().zip(&expected) {
                assert!((found - expected).abs() < TOLERANCE * largest, "{name}: {found} for {expected}");
            }
        }
    }
}
