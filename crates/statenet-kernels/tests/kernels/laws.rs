//! The laws of every operation.
//!
//! [`check_all`] takes an [`OpCase`] through every [`Law`]. A case that cannot obey one says why, and the reason stands in the
//! table of laws (`tests/laws.md`): there is no gap.

use candle_core::{DType, Device, Tensor, Var};
use proptest::test_runner::{Config, TestRunner};
use statenet_kernels::Step;

use crate::{
    harness::*,
    op_case::{Carried, Extent, Instance, Law, OpCase},
};

/// Takes an operation through every law.
pub(crate) fn check_all(case: &OpCase) {
    for law in Law::ALL {
        if case.reason_without(law).is_none() {
            hold(law, case);
        }
    }
}

fn hold(law: Law, case: &OpCase) {
    println!("{}: {law:?}", case.title());
    match law {
        Law::Plain => plain(case),
        Law::Blocks => blocks(case),
        Law::Threads => threads(case),
        Law::Rows => rows(case),
        Law::Identical => identical(case),
        Law::Causal => causal(case),
        Law::Chunks => chunks(case),
        Law::Steps => steps(case),
        Law::Tracked => tracked(case),
        Law::Long => long(case),
        Law::Arguments => arguments(case),
    }
}

/// Runs a check with many seeds; a failure prints its seed.
fn with_seeds(cases: u32, check: impl Fn(u64)) {
    let config = Config { cases, failure_persistence: None, ..Default::default() };
    let result = TestRunner::new(config).run(&proptest::num::u64::ANY, |seed| {
        check(seed);
        Ok(())
    });
    result.unwrap();
}

fn plain(case: &OpCase) {
    with_seeds(32, |seed| {
        let memory = MEMORIES[(seed % 3) as usize];
        case.drawn(seed, Extent::Drawn).compare(memory);
    });
    case.drawn(1, Extent::Least).compare(Memory::Contiguous);
}

fn blocks(case: &OpCase) {
    for (i, &time) in case.blocks.iter().enumerate() {
        case.sized(time as u64, Extent::Drawn, 1 + i % 3, time).compare(Memory::Contiguous);
    }
}

fn threads(case: &OpCase) {
    for batch in [1, 2, 5, 14] {
        let instance = case.sized(9, Extent::Wide, batch, 40);
        let op = instance.fused;
        check_threads(|x| op(x).unwrap(), &instance.x);
    }
}

/// Each of `inputs` of an instance with `of_one` of its stimuli alone.
fn select(instance: &Instance, x: &[Tensor], of_one: impl Fn(&Tensor) -> Tensor) -> Vec<Tensor> {
    let alone =
        |(i, x): (usize, &Tensor)| if instance.of_stimuli.contains(&i) { of_one(x) } else { x.clone() };
    x.iter().enumerate().map(alone).collect()
}

fn in_dtype(x: &[Tensor], dtype: DType) -> Vec<Tensor> {
    x.iter().map(|x| x.to_dtype(dtype).unwrap()).collect()
}

fn rows(case: &OpCase) {
    let batch = 7;
    for extent in [Extent::Drawn, Extent::Wide] {
        let instance = case.sized(5, extent, batch, 20);
        let x = in_dtype(&instance.x, DType::F32);
        let all = instance.run(&x);
        for b in 0..batch {
            let alone = select(&instance, &x, |x| x.narrow(0, b, 1).unwrap().contiguous().unwrap());
            for (alone, all) in instance.run(&alone).iter().zip(&all) {
                assert!(
                    bits(alone) == bits(&all.narrow(0, b, 1).unwrap()),
                    "stimulus {b} has other bits alone"
                );
            }
        }
    }
}

fn identical(case: &OpCase) {
    for (seed, batch) in [(1, 2), (2, 3), (3, 9)] {
        for time in [9, 70] {
            let mut instance = case.sized(seed, Extent::Drawn, batch, time);
            let first = Tensor::new(vec![0u32; batch], &Device::Cpu).unwrap();
            instance.x = select(&instance, &instance.x, |x| x.index_select(&first, 0).unwrap());
            instance.compare(Memory::Contiguous);
        }
    }
}

fn causal(case: &OpCase) {
    // An input may be of no effect in an instance, such as the queries of attention to a single bin, but not in all.
    let changing = std::cell::RefCell::new(std::collections::BTreeMap::new());
    with_seeds(24, |seed| {
        let extent = if seed % 4 == 0 { Extent::Wide } else { Extent::Drawn };
        // An average of the bins before a bin knows nothing of the last one: from four bins on, half of them show.
        let time = 4 + (seed / 4 % 330) as usize;
        let instance = case.sized(seed, extent, 1 + (seed % 5) as usize, time);
        for &(input, axis) in &instance.timed {
            // The input whose future changes comes first.
            let mut x = instance.x.clone();
            x.swap(0, input);
            let op = |x: &[Tensor]| {
                let mut x = x.to_vec();
                x.swap(0, input);
                instance.run(&x).remove(0)
            };
            let changes = future_changes(op, &x, (axis, instance.out_time));
            *changing.borrow_mut().entry(instance.names[input]).or_insert(false) |= changes;
        }
    });
    for (name, changes) in changing.into_inner() {
        assert!(changes, "{name} never changed the later output");
    }
}

/// The bins of a chunk of `x`, and what it carries from the chunk before, which left `before`.
fn chunk(
    instance: &Instance,
    x: &[Tensor],
    from: usize,
    bins: usize,
    before: Option<&[Tensor]>,
) -> Vec<Tensor> {
    let mut part = x.to_vec();
    for &(input, axis) in &instance.timed {
        part[input] = x[input].narrow(axis, from, bins).unwrap();
    }
    match (instance.carried, before) {
        (Carried::Nothing, _) | (Carried::States | Carried::Context { .. }, None) => {}
        (Carried::States, Some(before)) => {
            let first = part.len() - (before.len() - 1);
            part[first..].clone_from_slice(&before[1..]);
        }
        (Carried::Context { at, bins: kept }, Some(_)) => {
            let seen = seen(instance, x, at, kept);
            let context = seen.narrow(instance.timed[0].1, from, kept).unwrap();
            part.truncate(at);
            part.push(context);
        }
        (Carried::Earlier, _) => {
            for &(input, axis) in &instance.timed[1..] {
                part[input] = x[input].narrow(axis, 0, from + bins).unwrap();
            }
        }
    }
    part
}

/// Input 0 behind its context.
fn seen(instance: &Instance, x: &[Tensor], at: usize, bins: usize) -> Tensor {
    let axis = instance.timed[0].1;
    let context = x.get(at).cloned().unwrap_or_else(|| {
        let mut shape = x[0].dims().to_vec();
        shape[axis] = bins;
        Tensor::zeros(shape, x[0].dtype(), x[0].device()).unwrap()
    });
    Tensor::cat(&[&context, &x[0]], axis).unwrap()
}

fn chunks(case: &OpCase) {
    with_seeds(24, |seed| {
        let extent = if seed % 4 == 0 { Extent::Wide } else { Extent::Drawn };
        let (first, rest) = (1 + (seed / 4 % 20) as usize, 1 + (seed / 80 % 20) as usize);
        let instance = case.sized(seed, extent, 1 + (seed % 4) as usize, first + rest);
        let chunked = |x: &[Tensor]| {
            let mut a = instance.run(&chunk(&instance, x, 0, first, None));
            let mut b = instance.run(&chunk(&instance, x, first, rest, Some(&a)));
            b[0] = Tensor::cat(&[a.remove(0), b[0].clone()], instance.out_time).unwrap();
            b
        };
        check(chunked, |x| instance.run(x), &instance.x, Memory::Contiguous);
    });
}

/// (B, T, everything else) of a tensor with an axis of time.
fn bins(x: &Tensor, time: usize) -> Tensor {
    let mut axes: Vec<usize> = (0..x.rank()).filter(|axis| *axis != time).collect();
    axes.insert(1, time);
    x.permute(axes).unwrap().contiguous().unwrap().flatten_from(2).unwrap()
}

/// (B, everything) of tensors of stimuli, one behind the other.
fn flat(states: &[Tensor]) -> Option<Tensor> {
    let flat: Vec<Tensor> = states
        .iter()
        .filter(|x| x.elem_count() > 0)
        .map(|x| x.contiguous().unwrap().flatten_from(1).unwrap())
        .collect();
    (!flat.is_empty()).then(|| Tensor::cat(&flat, 1).unwrap())
}

fn steps(case: &OpCase) {
    with_seeds(32, |seed| {
        let extent = if seed % 4 == 0 { Extent::Wide } else { Extent::Drawn };
        let batch = 1 + (seed % 3) as usize;
        let instance = case.sized(seed, extent, batch, 1 + (seed / 4 % 20) as usize);
        let make = instance.step.clone().expect("a single-step form");
        let x = in_dtype(&instance.x, DType::F32);
        let input: Vec<Tensor> = instance.timed.iter().map(|&(input, axis)| bins(&x[input], axis)).collect();
        let input = Tensor::cat(&input, 2).unwrap();
        let tail = |n: usize| flat(&x[x.len() - n..]);
        let first = match instance.carried {
            Carried::Nothing | Carried::Earlier => None,
            Carried::States => tail(instance.n_states()),
            Carried::Context { at, .. } => x.get(at).and_then(|context| flat(std::slice::from_ref(context))),
        };
        // Rounding adds up from bin to bin.
        let of_single = if instance.time() < 9 { instance.step_tolerance } else { 1e-5 };
        for (dtype, tolerance) in [(DType::F64, 1e-4), (DType::F32, of_single)] {
            let x = in_dtype(&instance.x, dtype);
            let whole = instance.run(&x);
            let last = match instance.carried {
                Carried::Nothing | Carried::Earlier => None,
                Carried::States => flat(&whole[1..]),
                Carried::Context { at, bins } => {
                    let seen = seen(&instance, &x, at, bins);
                    flat(&[seen.narrow(instance.timed[0].1, instance.time(), bins).unwrap()])
                }
            };
            let y = bins(&whole[0], instance.out_time);
            let mut step = make(&in_dtype(&instance.x, DType::F32)).unwrap();
            check_step(&mut *step, &input, first.as_ref(), &y, last.as_ref(), tolerance);
        }
    });
}

/// Bin by bin from `first` (B, S), zeros if there is none, a step turns `x` (B, T, I) into `y` (B, T, O) and ends in `last`
/// (B, S).
#[track_caller]
pub(crate) fn check_step(
    step: &mut dyn Step,
    x: &Tensor,
    first: Option<&Tensor>,
    y: &Tensor,
    last: Option<&Tensor>,
    tolerance: f64,
) {
    let (batch, time, _) = x.dims3().unwrap();
    let row = |x: Tensor| x.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let (mut outputs, mut states) = (Vec::new(), Vec::new());
    for b in 0..batch {
        let mut state = first.map_or_else(|| vec![0.0; step.n_state()], |first| row(first.get(b).unwrap()));
        for t in 0..time {
            let mut output = vec![f32::NAN; step.n_outputs()];
            step.step(&row(x.get(b).unwrap().get(t).unwrap()), &mut state, &mut output).unwrap();
            outputs.extend(output);
        }
        states.extend(state);
    }
    let as_tensor = |values: Vec<f32>, like: &Tensor| {
        Tensor::from_vec(values, like.dims(), like.device()).unwrap().to_dtype(like.dtype()).unwrap()
    };
    assert_near("outputs of the steps", &as_tensor(outputs, y), y, tolerance);
    if let Some(last) = last {
        assert_near("last state of the steps", &as_tensor(states, last), last, tolerance);
    }
    let (input, mut output) = (vec![0.0; step.n_inputs() + 1], vec![0.0; step.n_outputs()]);
    let error = step.step(&input, &mut vec![0.0; step.n_state()], &mut output).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: input has shape", step.name())), "{error}");
}

fn tracked(case: &OpCase) {
    let instance = case.sized(4, Extent::Wide, 3, 20);
    let (_, all) = run(|x| instance.run(x), &instance.x, Memory::Contiguous);
    for (i, of_all) in all.iter().enumerate() {
        let others: Vec<Var> = instance.x.iter().map(|x| Var::from_tensor(x).unwrap()).collect();
        let alone = |one: &[Tensor]| {
            let mut x: Vec<Tensor> = others.iter().map(|x| x.detach()).collect();
            x[i] = one[0].clone();
            instance.run(&x)
        };
        let (_, grads) = run(alone, &instance.x[i..=i], Memory::Contiguous);
        let name = instance.names[i];
        assert!(
            bits(&grads[0]) == bits(of_all),
            "the gradient of {name} alone has other bits than among all"
        );
    }
}

fn long(case: &OpCase) {
    let instance = case.sized(2, Extent::Least, 1, LONG);
    let vars: Vec<Var> =
        in_dtype(&instance.x, DType::F32).iter().map(|x| Var::from_tensor(x).unwrap()).collect();
    let x: Vec<Tensor> = vars.iter().map(|x| x.as_tensor().clone()).collect();
    let grads = instance.run(&x)[0].sqr().unwrap().mean_all().unwrap().backward().unwrap();
    for (var, name) in vars.iter().zip(&instance.names) {
        let grad = grads.get(var).expect(name);
        assert!(numbers(grad).iter().all(|g| g.is_finite()), "the gradient of {name} is finite");
    }
}

/// Bins of a long clip.
pub(crate) const LONG: usize = 100_000;

fn arguments(case: &OpCase) {
    let instance = case.sized(4, Extent::Wide, 2, 20);
    let x = &instance.x;
    for (i, name) in instance.names.iter().enumerate() {
        let wrong = |tensor: Tensor| {
            let mut x = x.clone();
            x[i] = tensor;
            let error = (instance.fused)(&x).expect_err("a wrong argument is refused");
            let reference = (instance.plain)(&x).expect_err("the reference refuses it too");
            assert_eq!(error.to_string(), reference.to_string(), "{name}: fused and plain say the same");
            assert_eq!(error.op(), case.error_name(), "{name}");
            error.to_string()
        };
        let text = wrong(x[i].unsqueeze(0).unwrap());
        assert!(text.contains("has shape"), "{name}: {text}");
        let text = wrong(x[i].to_dtype(DType::F16).unwrap());
        assert!(text.contains("has dtype"), "{name}: {text}");
    }
}
