use candle_core::Tensor;
use statenet_kernels::{band_convolution, locally_connected};

use crate::harness::*;

/// x, locally connected weights and biases, shared weight and bias.
fn inputs(
    seed: u64,
    [batch, ins, time, channels, width, positions, stride]: [usize; 7],
    spare: usize,
) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let bands = width + (positions - 1) * stride + spare.min(stride - 1);
    vec![
        n.signed(&[batch, ins, bands, time]),
        n.signed(&[channels, ins * width, positions]),
        n.signed(&[channels, positions]),
        n.signed(&[channels, ins, width]),
        n.signed(&[channels]),
    ]
}

#[test]
fn equal_filters_everywhere_are_a_convolution() {
    let x = inputs(6, [2, 2, 9, 3, 4, 5, 2], 1);
    let weights = x[3].reshape((3, 8, 1)).unwrap().broadcast_as((3, 8, 5)).unwrap();
    let biases = x[4].reshape((3, 1)).unwrap().broadcast_as((3, 5)).unwrap();
    let local = locally_connected(&x[0], &weights, &biases, 2).unwrap();
    let shared = band_convolution(&x[0], &x[3], &x[4], 2).unwrap();
    assert_eq!(bits(&local), bits(&shared));
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 2, 3, 4, 3, 5, 2], 0);
    let local = |weights: &Tensor, biases: &Tensor, stride| {
        locally_connected(&x[0], weights, biases, stride).unwrap_err().to_string()
    };
    assert_eq!(local(&x[1], &x[2], 0), "locally_connected: stride is 0, expected at least 1");
    let part = x[1].narrow(2, 0, 4).unwrap();
    assert_eq!(local(&part, &x[2], 2), "locally_connected: weights has shape (4, 6, 4), expected (4, 6, 5)");
    let odd = x[1].narrow(1, 0, 5).unwrap();
    assert_eq!(local(&odd, &x[2], 2), "locally_connected: weights has shape (4, 5, 5), expected (4, 4, 5)");
    let wide = Tensor::zeros((4, 2, 12), x[0].dtype(), x[0].device()).unwrap();
    let error = band_convolution(&x[0], &wide, &x[4], 2).unwrap_err().to_string();
    assert_eq!(error, "band_convolution: weight's width is 12, expected at most the number of bands");
}
