//! The diagonal scan and the one with a part of rank one.

use candle_core::{DType, Device, Tensor};
use statenet_kernels::{DplrWeights, diagonal_scan, dplr_scan};

use crate::harness::*;

/// u, s0, A, B, C and, with `low_rank`, the left and the right vector.
fn inputs(seed: u64, [batch, time, channels, pairs]: [usize; 4], low_rank: bool) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let weight = [channels, pairs, 2];
    let mut x = vec![
        n.signed(&[batch, time, channels]),
        n.signed(&[batch, channels, pairs, 2]),
        n.tensor(&weight, -0.6, 0.6),
        n.signed(&weight),
        n.signed(&weight),
    ];
    if low_rank {
        let scale = 0.4 / (pairs as f64).sqrt();
        x.extend([(n.signed(&weight) * scale).unwrap(), (n.signed(&weight) * scale).unwrap()]);
    }
    x
}

fn weights(x: &[Tensor]) -> DplrWeights<'_> {
    DplrWeights { diagonal: &x[2], b: &x[3], c: &x[4], left: &x[5], right: &x[6] }
}

type Complex = (f64, f64);

fn times((a, b): Complex, (c, d): Complex) -> Complex {
    (a * c - b * d, a * d + b * c)
}

fn conjugate((a, b): Complex) -> Complex {
    (a, -b)
}

fn scaled(x: f64, (a, b): Complex) -> Complex {
    (x * a, x * b)
}

/// The formulas of the documentation, put back into the equation that they solve: with rates
/// A = diag(l) - p p* and a step d, (1 - d/2 A) s' = (1 + d/2 A) s + d b u.
#[test]
fn the_discrete_weights_of_s4_are_its_bilinear_transform() {
    let step = 0.3;
    let rates = [(-0.5, 2.0), (-0.4, 5.0), (-0.9, 0.3)];
    let p = [(1.0, 0.5), (-0.7, 0.2), (0.3, -1.1)];
    let b = [(0.2, 1.0), (0.9, -0.3), (-0.6, 0.4)];
    let before = [(0.3, -0.2), (1.0, 0.7), (-0.5, 0.1)];
    let input = 0.8;

    let d = rates.map(|(re, im)| {
        let (re, im) = (1.0 - step / 2.0 * re, -step / 2.0 * im);
        scaled(1.0 / (re * re + im * im), (re, -im))
    });
    let dot = |x: &[Complex; 3], y: &[Complex; 3]| x.iter().zip(y).map(|(x, y)| times(*x, *y).0).sum::<f64>();
    let right: [Complex; 3] = std::array::from_fn(|n| times(conjugate(p[n]), d[n]));
    let q = 1.0 / (1.0 + step * dot(&right, &p));
    let diagonal = d.map(|(re, im)| (2.0 * re - 1.0, 2.0 * im));
    let left: [Complex; 3] = std::array::from_fn(|n| scaled(-step * q, times(d[n], p[n])));
    let b_read = dot(&right, &b);
    let discrete_b: [Complex; 3] = std::array::from_fn(|n| {
        let ((x, y), (v, w)) = (times(d[n], b[n]), scaled(step * q * b_read, times(d[n], p[n])));
        scaled(step, (x - v, y - w))
    });

    let cpu = &Device::Cpu;
    let pairs = |x: &[Complex; 3]| {
        Tensor::from_vec(x.iter().flat_map(|(a, b)| [*a, *b]).collect::<Vec<_>>(), (1, 3, 2), cpu).unwrap()
    };
    let u = Tensor::new(&[[[input]]], cpu).unwrap();
    let s0 = pairs(&before).unsqueeze(0).unwrap();
    let [diagonal, left, right, b_discrete, c] = [&diagonal, &left, &right, &discrete_b, &b].map(pairs);
    let weights = DplrWeights { diagonal: &diagonal, left: &left, right: &right, b: &b_discrete, c: &c };
    let (_, last) = dplr_scan(&u, weights, &s0).unwrap();
    let last = numbers(&last);
    let after: [Complex; 3] = std::array::from_fn(|n| (last[2 * n], last[2 * n + 1]));

    // A s, in which p* s runs over both of each pair.
    let rate = |s: &[Complex; 3]| -> [Complex; 3] {
        let inner = 2.0 * dot(&p.map(conjugate), s);
        std::array::from_fn(|n| {
            let ((x, y), (v, w)) = (times(rates[n], s[n]), scaled(inner, p[n]));
            (x - v, y - w)
        })
    };
    let (of_before, of_after) = (rate(&before), rate(&after));
    for n in 0..3 {
        let drive = scaled(step * input, b[n]);
        for (after, of_after, before, of_before, drive) in [
            (after[n].0, of_after[n].0, before[n].0, of_before[n].0, drive.0),
            (after[n].1, of_after[n].1, before[n].1, of_before[n].1, drive.1),
        ] {
            let (lhs, rhs) = (after - step / 2.0 * of_after, before + step / 2.0 * of_before + drive);
            assert!((lhs - rhs).abs() < 1e-12, "pair {n}: {lhs}, expected {rhs}");
        }
    }
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 3, 4, 5], true);
    let text = |i: usize, wrong: Tensor| {
        let mut x = x.clone();
        x[i] = wrong;
        let diagonal = diagonal_scan(&x[0], &x[2], &x[3], &x[4], &x[1]).map(|_| String::new());
        let dplr = dplr_scan(&x[0], weights(&x), &x[1]).unwrap_err().to_string();
        (diagonal.unwrap_or_else(|error| error.to_string()), dplr)
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    let same = |i: usize, wrong: Tensor, message: &str| {
        let expected = (format!("diagonal_scan: {message}"), format!("dplr_scan: {message}"));
        let (got, dplr) = text(i, wrong);
        assert_eq!((got, dplr.replace("diagonal has", "a has")), expected);
    };
    same(0, part(0, 2, 3), "u has shape (2, 3, 3), expected (2, _, 4)");
    same(1, part(1, 3, 1), "s0 has shape (2, 4, 5, 1), expected (_, _, _, 2)");
    same(2, part(2, 1, 4), "a has shape (4, 4, 2), expected (4, 5, 2)");
    same(3, part(3, 0, 3), "b has shape (3, 5, 2), expected (4, 5, 2)");
    same(4, x[4].to_dtype(DType::F16).unwrap(), "c has dtype F16, expected F64");
    assert_eq!(text(5, part(5, 2, 1)).1, "dplr_scan: left has shape (4, 5, 1), expected (4, 5, 2)");
    assert_eq!(text(6, part(6, 0, 1)).1, "dplr_scan: right has shape (1, 5, 2), expected (4, 5, 2)");
}
