//! Compares values and gradients of the operations on a CUDA device with those on the CPU, and times the GRU. Started by
//! `run`; needs a GPU and the feature `cuda`.
//!
//! Prints a line for each operation and size, then a line `gru ours B MILLISECONDS` for each batch; fails if an operation
//! differs by more than [`TOLERANCE`] or gives different bits when run twice.

use std::{process::ExitCode, time::Instant};

use candle_core::{Device, Result, Tensor, Var};
use statenet::kernels::{self, DplrWeights, GatedCell, Layout, LmuWeights, SelectiveScan, Then};
use statenet_benches::normal;

/// Largest difference from the CPU, relative to the largest number of each result or gradient: both compute in f32, with sums of
/// up to 12,800 bins in different orders.
const TOLERANCE: f64 = 1e-4;

/// Number of runs, of which the median is taken.
const RUNS: usize = 20;

type Op = fn(&[Tensor]) -> kernels::Result<Vec<Tensor>>;

/// An operation with the shapes of its inputs.
struct Case {
    name: &'static str,
    op: Op,
    shapes: Vec<Vec<usize>>,
}

fn recurrences([b, t, h]: [usize; 3]) -> Vec<Case> {
    let case = |cell: GatedCell, op: Op| {
        let rows = cell.n_gates() * h;
        let mut shapes = vec![vec![b, t, rows], vec![rows, h], vec![rows]];
        shapes.extend(vec![vec![b, h]; cell.carried().len()]);
        Case { name: cell.name(), op, shapes }
    };
    vec![
        case(GatedCell::Gru, |x| gated(GatedCell::Gru, x)),
        case(GatedCell::Elman, |x| gated(GatedCell::Elman, x)),
        case(GatedCell::Lstm, |x| gated(GatedCell::Lstm, x)),
        case(GatedCell::SubLstm, |x| gated(GatedCell::SubLstm, x)),
    ]
}

/// States, and what is carried out of the last bin.
fn gated(cell: GatedCell, x: &[Tensor]) -> kernels::Result<Vec<Tensor>> {
    let (states, last) = kernels::gated_recurrence(cell, &x[0], &x[1], &x[2], &x[3..])?;
    Ok(std::iter::once(states).chain(last).collect())
}

/// Eigenvalues within a disc of radius 0.7, so that states decay.
fn fading_pairs(a: &Tensor) -> kernels::Result<Tensor> {
    a.tanh().and_then(|a| a * 0.5).map_err(kernels::Error::in_op("fading pairs"))
}

/// Linear recurrences with h channels of n states each.
fn scans([b, t, h, n]: [usize; 4]) -> Vec<Case> {
    let leaky: Op = |x| {
        // Decays are within (-1, 1).
        let decay = x[1].tanh().map_err(kernels::Error::in_op("decay"))?;
        kernels::leaky(&x[0], Layout::TimeFirst, &decay, &x[2], &x[3]).map(|(y, last)| vec![y, last])
    };
    let adaptation: Op = |x| {
        let decay = x[1].tanh().map_err(kernels::Error::in_op("decay"))?;
        kernels::adaptation(&x[0], Layout::ChannelsFirst, &decay, &x[2]).map(|(y, last)| vec![y, last])
    };
    let diagonal: Op = |x| {
        let a = fading_pairs(&x[1])?;
        kernels::diagonal_scan(&x[0], &a, &x[2], &x[3], &x[4]).map(|(y, last)| vec![y, last])
    };
    let selective: Op = |x| {
        // Step sizes are positive and rates negative.
        let delta = x[1].sqr().and_then(|d| d * 0.1).map_err(kernels::Error::in_op("delta"))?;
        let a = x[2].sqr().and_then(|a| a.neg()).map_err(kernels::Error::in_op("a"))?;
        let arguments =
            SelectiveScan { x: &x[0], delta: &delta, a: &a, b: &x[3], c: &x[4], d: &x[5], h0: &x[6] };
        kernels::selective_scan(arguments).map(|(y, last)| vec![y, last])
    };
    let pairs = vec![h, n, 2];
    vec![
        Case { name: "leaky", op: leaky, shapes: vec![vec![b, t, h], vec![h], vec![h], vec![b, h]] },
        Case { name: "adaptation", op: adaptation, shapes: vec![vec![b, h, t], vec![h], vec![b, h]] },
        Case {
            name: "diagonal_scan",
            op: diagonal,
            shapes: vec![vec![b, t, h], pairs.clone(), pairs.clone(), pairs, vec![b, h, n, 2]],
        },
        Case {
            name: "selective_scan",
            op: selective,
            shapes: vec![
                vec![b, t, h],
                vec![b, t, h],
                vec![h, n],
                vec![b, t, n],
                vec![b, t, n],
                vec![h],
                vec![b, h, n],
            ],
        },
    ]
}

/// Operations that use plain tensor operations on a GPU.
fn others() -> Vec<Case> {
    vec![
        Case {
            name: "affine",
            op: |x| {
                kernels::affine(&x[0], Layout::ChannelsFirst, &x[1], Some(&x[2]), Layout::TimeFirst)
                    .map(|y| vec![y])
            },
            shapes: vec![vec![3, 34, 50], vec![7, 34], vec![7]],
        },
        Case {
            name: "causal_strf",
            op: |x| kernels::causal_strf(&x[0], &x[1], Some(&x[2]), None).map(|y| vec![y]),
            shapes: vec![vec![3, 2, 34, 50], vec![5, 2, 34, 9], vec![5]],
        },
        Case {
            name: "locally_connected",
            op: |x| kernels::locally_connected(&x[0], &x[1], &x[2], 3).map(|y| vec![y]),
            shapes: vec![vec![3, 1, 34, 50], vec![7, 7, 10], vec![7, 10]],
        },
        Case {
            name: "band_convolution",
            op: |x| kernels::band_convolution(&x[0], &x[1], &x[2], 3).map(|y| vec![y]),
            shapes: vec![vec![3, 1, 34, 50], vec![7, 1, 7], vec![7]],
        },
        Case {
            name: "channel_norm",
            op: |x| kernels::channel_norm(&x[0], &x[1], &x[2], 1e-5, Then::Sigmoid).map(|y| vec![y]),
            shapes: vec![vec![3, 7, 10, 50], vec![7], vec![7]],
        },
        Case {
            name: "softplus",
            op: |x| kernels::softplus(&x[0]).map(|y| vec![y]),
            shapes: vec![vec![3, 50]],
        },
        Case {
            name: "local_encoder",
            op: |x| kernels::local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], 3, 1e-5).map(|y| vec![y]),
            shapes: vec![vec![3, 1, 34, 50], vec![7, 7, 10], vec![7, 10], vec![7], vec![7]],
        },
        Case {
            name: "causal_conv2d",
            op: |x| kernels::causal_conv2d(&x[0], &x[1], &x[2], None).map(|y| vec![y]),
            shapes: vec![vec![3, 2, 12, 50], vec![5, 2, 3, 9], vec![5]],
        },
        Case {
            name: "causal_attention",
            op: |x| kernels::causal_attention(&x[0], &x[1], &x[2], 0.25, Some(16)).map(|y| vec![y]),
            shapes: vec![vec![3, 2, 50, 16]; 3],
        },
        Case {
            name: "lmu",
            // A memory that halves in every bin, with little feedback.
            op: |x| {
                let small = |x: &Tensor| (x * 0.1).map_err(kernels::Error::in_op("small"));
                let (memory, device) = (x[2].dims()[1], x[0].device());
                let ad = Tensor::eye(memory, x[0].dtype(), device).and_then(|ad| ad * 0.5);
                let ad = ad.map_err(kernels::Error::in_op("ad"))?;
                let bd = Tensor::ones(memory, x[0].dtype(), device).map_err(kernels::Error::in_op("bd"))?;
                let (w_h, e_h, e_m) = (small(&x[1])?, small(&x[3])?, small(&x[4])?);
                let weights = LmuWeights { w_h: &w_h, w_m: &x[2], e_h: &e_h, e_m: &e_m, ad: &ad, bd: &bd };
                kernels::lmu(&x[0], weights, &x[5], &x[6]).map(|(y, last, memory)| vec![y, last, memory])
            },
            shapes: vec![vec![3, 50, 8], vec![7, 7], vec![7, 12], vec![7], vec![12], vec![3, 7], vec![3, 12]],
        },
        Case {
            name: "dplr_scan",
            op: |x| {
                let diagonal = fading_pairs(&x[1])?;
                let small = |x: &Tensor| (x * 0.1).map_err(kernels::Error::in_op("small"));
                let (left, right) = (small(&x[4])?, small(&x[5])?);
                let weights =
                    DplrWeights { diagonal: &diagonal, left: &left, right: &right, b: &x[2], c: &x[3] };
                kernels::dplr_scan(&x[0], weights, &x[6]).map(|(y, last)| vec![y, last])
            },
            shapes: [vec![vec![3, 50, 7]], vec![vec![7, 5, 2]; 5], vec![vec![3, 7, 5, 2]]].concat(),
        },
        Case {
            name: "softplus_curve",
            // The sharpness of a curve is not close to 0.
            op: |x| {
                let beta = (x[1].sqr().and_then(|b| b + 0.5)).map_err(kernels::Error::in_op("beta"))?;
                kernels::softplus_curve(&x[0], &beta, &x[2]).map(|y| vec![y])
            },
            shapes: vec![vec![3, 5, 50], vec![5], vec![5]],
        },
        Case {
            name: "sigmoid_curve",
            // The width of a curve is not close to 0.
            op: |x| {
                let width = (x[2].sqr().and_then(|w| w + 0.5)).map_err(kernels::Error::in_op("width"))?;
                kernels::sigmoid_curve(&x[0], &x[1], &width, &x[3], &x[4]).map(|y| vec![y])
            },
            shapes: vec![vec![3, 5, 50], vec![5], vec![5], vec![5], vec![5]],
        },
        Case {
            name: "double_exponential_curve",
            op: |x| kernels::double_exponential_curve(&x[0], &x[1], &x[2], &x[3], &x[4]).map(|y| vec![y]),
            shapes: vec![vec![3, 5, 50], vec![5], vec![5], vec![5], vec![5]],
        },
        Case {
            name: "masked_mse",
            // Target and mask get no gradient; the mask must contain zeros.
            op: |x| {
                let target = x[0].zeros_like().map_err(kernels::Error::in_op("target"))?;
                let mask = x[0].ge(-1.0).and_then(|m| m.to_dtype(x[0].dtype()));
                let mask = mask.map_err(kernels::Error::in_op("mask"))?;
                kernels::masked_mse(&x[0], &target, &mask).map(|y| vec![y])
            },
            shapes: vec![vec![3, 5, 50]],
        },
        Case {
            name: "masked_poisson",
            // Rates are not close to 0, and every bin has a count.
            op: |x| {
                let rate = x[0].sqr().and_then(|r| r + 0.1).map_err(kernels::Error::in_op("rate"))?;
                let target = x[0].ones_like().map_err(kernels::Error::in_op("target"))?;
                let mask = x[0].ge(-1.0).and_then(|m| m.to_dtype(x[0].dtype()));
                let mask = mask.map_err(kernels::Error::in_op("mask"))?;
                kernels::masked_poisson(&rate, &target, &mask).map(|y| vec![y])
            },
            shapes: vec![vec![3, 5, 50]],
        },
    ]
}

/// Computes on a device the results, and the gradients of their sum of squares with respect to all inputs; returns them on the
/// CPU.
fn run(case: &Case, device: &Device) -> anyhow::Result<Vec<Vec<f32>>> {
    let inputs: Vec<Var> = (case.shapes.iter().enumerate())
        .map(|(i, shape)| {
            // Weights are scaled by one over the square root of the number of terms, so that nothing saturates.
            let scale =
                if shape.len() > 1 && i == 1 { 1.0 / (shape[shape.len() - 1] as f64).sqrt() } else { 1.0 };
            Var::from_tensor(&(normal(&format!("{} {i}", case.name), shape)? * scale)?.to_device(device)?)
        })
        .collect::<Result<_>>()?;
    let tensors: Vec<Tensor> = inputs.iter().map(|x| x.as_tensor().clone()).collect();
    let mut results = (case.op)(&tensors)?;
    let mut loss = Tensor::zeros((), candle_core::DType::F32, device)?;
    for y in &results {
        loss = (loss + y.sqr()?.sum_all()?)?;
    }
    let mut gradients = loss.backward()?;
    for x in &inputs {
        let Some(gradient) = gradients.remove(x) else {
            anyhow::bail!("{}: an input gets no gradient", case.name)
        };
        results.push(gradient);
    }
    Ok(results.iter().map(|x| x.to_device(&Device::Cpu)?.flatten_all()?.to_vec1()).collect::<Result<_>>()?)
}

/// The largest difference between results and gradients, each relative to its largest number.
fn difference(got: &[Vec<f32>], expected: &[Vec<f32>]) -> f64 {
    let each = got.iter().zip(expected).map(|(got, expected)| {
        let scale = expected.iter().fold(1e-3, |a: f64, b| a.max(f64::from(b.abs())));
        let largest = got.iter().zip(expected).map(|(a, b)| f64::from(a - b).abs());
        // A NaN must count as a difference.
        largest.fold(0.0, |a: f64, b| if b > a || b.is_nan() { b } else { a }) / scale
    });
    each.fold(0.0, |a: f64, b| if b > a || b.is_nan() { b } else { a })
}

/// Checks an operation on the device, and prints how much it differs from the CPU.
fn is_right(case: &Case, sizes: &str, device: &Device) -> anyhow::Result<bool> {
    let on_device = run(case, device)?;
    let difference = difference(&on_device, &run(case, &Device::Cpu)?);
    let again = run(case, device)?;
    let same =
        on_device.iter().flatten().map(|x| x.to_bits()).eq(again.iter().flatten().map(|x| x.to_bits()));
    let right = difference <= TOLERANCE && same;
    let verdict = if right { "right" } else { "WRONG" };
    let note = if same { "" } else { ", other bits when run twice" };
    println!("{verdict} {} {sizes}: differs by {difference:.1e}{note}", case.name);
    Ok(right)
}

/// The median of a forward and backward pass of the GRU at T999, H70, in milliseconds.
fn time(batch: usize, device: &Device) -> anyhow::Result<f64> {
    let (t, h) = (999, 70);
    let input = |name, shape: &[usize], scale: f64| -> Result<Var> {
        Var::from_tensor(&(normal(name, shape)? * scale)?.to_device(device)?)
    };
    let gates = input("gates", &[batch, t, 3 * h], 1.0)?;
    let (weight, bias) = (input("weight", &[3 * h, h], 0.1)?, input("bias", &[3 * h], 0.1)?);
    let h0 = Tensor::zeros((batch, h), candle_core::DType::F32, device)?;
    let mut times = Vec::with_capacity(RUNS);
    for run in 0..RUNS + 3 {
        device.synchronize()?;
        let start = Instant::now();
        let first = [h0.clone()];
        let (states, _) = kernels::gated_recurrence(GatedCell::Gru, &gates, &weight, &bias, &first)?;
        states.sum_all()?.backward()?;
        device.synchronize()?;
        if run >= 3 {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}

fn main() -> anyhow::Result<ExitCode> {
    let device = Device::new_cuda(0)?;
    let mut right = true;
    for h in [1, 70, 128] {
        for [b, t] in [[1, 1], [1, 100], [14, 1], [14, 100], [128, 100]] {
            for case in recurrences([b, t, h]) {
                right &= is_right(&case, &format!("B{b} T{t} H{h}"), &device)?;
            }
        }
    }
    for sizes in [[1, 1, 1, 1], [1, 100, 70, 32], [14, 100, 140, 16], [128, 100, 70, 5]] {
        let [b, t, h, n] = sizes;
        for case in scans(sizes) {
            right &= is_right(&case, &format!("B{b} T{t} H{h} N{n}"), &device)?;
        }
    }
    for case in others() {
        right &= is_right(&case, "", &device)?;
    }
    for batch in [1, 14, 128, 1024] {
        println!("gru ours {batch} {:.3}", time(batch, &device)?);
    }
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
