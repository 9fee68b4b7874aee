//! What all operations are put through.

use candle_core::{DType, Device, Result, Tensor, Var};

/// Largest deviation of fused from plain in f64, relative to the largest entry: rounding, nothing else.
const F64_TOLERANCE: f64 = 1e-9;
/// The same in f32, where sums run in another order and functions are off by a few units in the last place.
const F32_TOLERANCE: f64 = 1e-4;
/// Of gradients from central differences in f64, relative to the largest entry.
const DIFFERENCE_TOLERANCE: f64 = 1e-6;
/// The step of the central differences: its truncation and its rounding are both near 1e-10.
const STEP: f64 = 1e-5;
/// Elements of each input whose gradient is checked against differences.
const PROBES: usize = 8;

/// Numbers from a printed seed (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in \[low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// An f64 tensor, uniform in \[low, high).
    pub(crate) fn tensor(&mut self, shape: &[usize], low: f64, high: f64) -> Tensor {
        let values: Vec<f64> = (0..shape.iter().product()).map(|_| self.between(low, high)).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    /// Uniform in \[-1, 1).
    pub(crate) fn signed(&mut self, shape: &[usize]) -> Tensor {
        self.tensor(shape, -1.0, 1.0)
    }
}

/// How an input lies in memory when the operation sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Memory {
    Contiguous,
    /// All axes reversed.
    Transposed,
    /// A part of something larger along the last axis, with an offset.
    Narrowed,
}

pub(crate) const MEMORIES: [Memory; 3] = [Memory::Contiguous, Memory::Transposed, Memory::Narrowed];

/// A variable, and the tensor of the given values that a graph derives from it.
fn place(values: &Tensor, memory: Memory) -> Result<(Var, Tensor)> {
    let reversed: Vec<usize> = (0..values.rank()).rev().collect();
    match memory {
        Memory::Contiguous => {
            let var = Var::from_tensor(values)?;
            let x = var.as_tensor().clone();
            Ok((var, x))
        }
        Memory::Transposed => {
            let var = Var::from_tensor(&values.permute(reversed.clone())?.contiguous()?)?;
            let x = var.permute(reversed)?;
            Ok((var, x))
        }
        Memory::Narrowed => {
            let last = values.rank() - 1;
            let edge = values.narrow(last, 0, 1)?;
            let var = Var::from_tensor(&Tensor::cat(&[&edge, values, &edge], last)?)?;
            let x = var.narrow(last, 1, values.dim(last)?)?;
            Ok((var, x))
        }
    }
}

pub(crate) fn numbers(x: &Tensor) -> Vec<f64> {
    x.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

#[track_caller]
pub(crate) fn assert_near(what: &str, got: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_near_at_scale(what, got, expected, tolerance, 1e-3);
}

/// As [`assert_near`], relative to the largest entry or to `least`, whichever is larger.
#[track_caller]
fn assert_near_at_scale(what: &str, got: &Tensor, expected: &Tensor, tolerance: f64, least: f64) {
    assert_eq!(got.dims(), expected.dims(), "{what}: shapes");
    let (got, expected) = (numbers(got), numbers(expected));
    let scale = expected.iter().fold(least, |a, b| a.max(b.abs()));
    for (i, (g, e)) in got.iter().zip(&expected).enumerate() {
        assert!((g - e).abs() <= tolerance * scale, "{what}[{i}]: {g}, expected {e} (largest {scale})");
    }
}

/// The sum of all outputs, each weighted with its own fixed numbers.
fn scalar(outputs: &[Tensor]) -> Result<Tensor> {
    let mut numbers = Numbers(7);
    let mut total: Option<Tensor> = None;
    for y in outputs {
        let weights = numbers.signed(y.dims()).to_dtype(y.dtype())?;
        let sum = (y * weights)?.sum_all()?;
        total = Some(match total {
            Some(total) => (total + sum)?,
            None => sum,
        });
    }
    Ok(total.unwrap())
}

/// Outputs and the gradients of all inputs.
pub(crate) fn run(
    op: impl Fn(&[Tensor]) -> Vec<Tensor>,
    inputs: &[Tensor],
    memory: Memory,
) -> (Vec<Tensor>, Vec<Tensor>) {
    let placed: Vec<(Var, Tensor)> = inputs.iter().map(|x| place(x, memory).unwrap()).collect();
    let (vars, views): (Vec<Var>, Vec<Tensor>) = placed.into_iter().unzip();
    let outputs = op(&views);
    let grads = scalar(&outputs).unwrap().backward().unwrap();
    let grads = vars.iter().map(|v| grads.get(v).expect("a gradient reaches every input").clone()).collect();
    (outputs, grads)
}

/// Fused equals plain in f64 and f32, values and gradients, however the inputs lie in memory; and the fused
/// gradients equal central differences. Inputs are f64.
pub(crate) fn check(
    fused: impl Fn(&[Tensor]) -> Vec<Tensor>,
    plain: impl Fn(&[Tensor]) -> Vec<Tensor>,
    inputs: &[Tensor],
    memory: Memory,
) {
    compare(&fused, plain, inputs, memory);
    check_differences(fused, inputs);
}

/// The first half of [`check`], for operations with kinks: a difference taken across one is no gradient.
pub(crate) fn compare(
    fused: impl Fn(&[Tensor]) -> Vec<Tensor>,
    plain: impl Fn(&[Tensor]) -> Vec<Tensor>,
    inputs: &[Tensor],
    memory: Memory,
) {
    for (dtype, tolerance) in [(DType::F64, F64_TOLERANCE), (DType::F32, F32_TOLERANCE)] {
        let inputs: Vec<Tensor> = inputs.iter().map(|x| x.to_dtype(dtype).unwrap()).collect();
        let (got, got_grads) = run(&fused, &inputs, memory);
        let (expected, expected_grads) = run(&plain, &inputs, memory);
        for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
            assert_near(&format!("{dtype:?} output {i}"), got, expected, tolerance);
        }
        // A gradient is a sum over all outputs, weighted with either sign: where it cancels, rounding does not.
        let outputs: usize = got.iter().map(Tensor::elem_count).sum();
        let least = 1e-2 * (outputs as f64).sqrt();
        for (i, (got, expected)) in got_grads.iter().zip(&expected_grads).enumerate() {
            let what = format!("{dtype:?} gradient of input {i}");
            assert_near_at_scale(&what, got, expected, tolerance, least);
        }
    }
}

/// The gradients of an operation equal central differences, at some elements of each input.
pub(crate) fn check_differences(op: impl Fn(&[Tensor]) -> Vec<Tensor>, inputs: &[Tensor]) {
    let (_, grads) = run(&op, inputs, Memory::Contiguous);
    let value = |inputs: &[Tensor]| scalar(&op(inputs)).unwrap().to_scalar::<f64>().unwrap();
    let mut choice = Numbers(11);
    for (i, (x, grad)) in inputs.iter().zip(&grads).enumerate() {
        let (x_values, grad) = (numbers(x), numbers(grad));
        let scale = grad.iter().fold(1e-2f64, |a, b| a.max(b.abs()));
        for _ in 0..PROBES.min(x_values.len()) {
            let at = (choice.next() % x_values.len() as u64) as usize;
            let moved = |by: f64| {
                let mut values = x_values.clone();
                values[at] += by;
                let mut inputs = inputs.to_vec();
                inputs[i] = Tensor::from_vec(values, x.dims(), &Device::Cpu).unwrap();
                value(&inputs)
            };
            let central = |step: f64| (moved(step) - moved(-step)) / (2.0 * step);
            // Extrapolated to a step of 0 (Richardson 1911): a recurrence whose gradients grow bends within one step.
            let difference = (4.0 * central(STEP / 2.0) - central(STEP)) / 3.0;
            assert!(
                (grad[at] - difference).abs() <= DIFFERENCE_TOLERANCE * scale,
                "gradient of input {i} at {at}: {}, by differences {difference}",
                grad[at]
            );
        }
    }
}

/// Bits of a tensor of either dtype.
pub(crate) fn bits(x: &Tensor) -> Vec<u64> {
    numbers(x).into_iter().map(f64::to_bits).collect()
}

/// The same bits of outputs and gradients in a pool of one thread and of two (and of three).
pub(crate) fn check_threads(op: impl Fn(&[Tensor]) -> Vec<Tensor> + Sync, inputs: &[Tensor]) {
    let inputs: Vec<Tensor> = inputs.iter().map(|x| x.to_dtype(DType::F32).unwrap()).collect();
    let in_pool = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (outputs, grads) = pool.install(|| run(&op, &inputs, Memory::Contiguous));
        outputs.iter().chain(&grads).map(bits).collect::<Vec<_>>()
    };
    let one = in_pool(1);
    assert!(one == in_pool(2), "two threads give other bits than one");
    assert!(one == in_pool(3), "three threads give other bits than one");
}

/// Asserts that values of input 0 after a bin leave the output up to it bit-equal; `time` gives the axes of time in input 0
/// and in the output. Returns whether they change the later output, as they need not in a degenerate instance.
pub(crate) fn future_changes(
    op: impl Fn(&[Tensor]) -> Tensor,
    inputs: &[Tensor],
    time: (usize, usize),
) -> bool {
    let mut numbers = Numbers(13);
    let mut changes = true;
    for dtype in [DType::F32, DType::F64] {
        let mut inputs: Vec<Tensor> = inputs.iter().map(|x| x.to_dtype(dtype).unwrap()).collect();
        let before = op(&inputs);
        let bins = inputs[0].dim(time.0).unwrap();
        let keep = bins.div_ceil(2);
        let mut shape = inputs[0].dims().to_vec();
        shape[time.0] = bins - keep;
        if bins == keep {
            return true;
        }
        let future = (numbers.signed(&shape).to_dtype(dtype).unwrap() * 100.0).unwrap();
        let past = inputs[0].narrow(time.0, 0, keep).unwrap();
        inputs[0] = Tensor::cat(&[&past, &future], time.0).unwrap();
        let after = op(&inputs);
        let prefix = |y: &Tensor| bits(&y.narrow(time.1, 0, keep).unwrap().contiguous().unwrap());
        assert!(prefix(&before) == prefix(&after), "{dtype:?}: the future changed the past");
        changes &= bits(&before) != bits(&after);
    }
    changes
}
