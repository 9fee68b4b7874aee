//! The real-time form allocates nothing per frame, and names what does not fit.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use candle_core::{DType, Device, Tensor};
use statenet_core::{Axes, Input, Seed, TimeBin};
use statenet_models::{RealTime, ResponseModel, zoo};

/// The system's allocator, which counts the calls of each thread.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, n: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.realloc(at, layout, n) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn model(name: &str, n_bands: usize, n_neurons: usize) -> Box<dyn ResponseModel> {
    let axes = Axes::new(n_bands, n_neurons, TimeBin::from_millis(5.0).unwrap());
    zoo::by_name(name, &axes).unwrap().build(Seed::new(1), &Device::Cpu).unwrap()
}

#[test]
fn the_counter_counts() {
    let before = CALLS.get();
    drop(std::hint::black_box(vec![1u8; 100]));
    assert_eq!(CALLS.get() - before, 2);
}

#[test]
fn frames_allocate_nothing() {
    for entry in zoo::taking(Input::Cochleagram) {
        let model = model(entry.name, 34, 119);
        if model.steps().unwrap().is_none() {
            continue;
        }
        let mut live = RealTime::new(&*model).unwrap();
        let mut rates = vec![0.0; 119];
        let mut frame: Vec<f32> = (0..34).map(|i| (i as f32).sin()).collect();
        live.frame(&frame, &mut rates).unwrap();
        let before = CALLS.get();
        for t in 0..1000 {
            frame.rotate_left(1);
            frame[t % 34] *= -1.0;
            live.frame(&frame, &mut rates).unwrap();
        }
        live.reset();
        assert_eq!(CALLS.get() - before, 0, "{}", entry.name);
        assert!(rates.iter().all(|r| r.is_finite()), "{}", entry.name);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let model = model("statenet-gru", 12, 3);
    let mut live = RealTime::new(&*model).unwrap();
    let mut rates = [0.0; 3];
    let before = live.state().unwrap();
    let error = live.frame(&[0.0; 11], &mut rates).unwrap_err();
    assert_eq!(error.to_string(), "sequential: input has shape (11), expected (12)");
    assert!(live.frame(&[0.0; 12], &mut rates[..2]).is_err());
    let text = |live: &RealTime| {
        format!("{:?}", live.state().unwrap().iter().map(|(_, t)| t.to_string()).collect::<Vec<_>>())
    };
    let error = live.set_state(&model.init_state(2).unwrap()).unwrap_err();
    assert!(error.to_string().contains("core.backbone.h"), "{error}");
    assert_eq!(text(&live), format!("{:?}", before.iter().map(|(_, t)| t.to_string()).collect::<Vec<_>>()));
}

#[test]
fn a_reset_forgets_and_weights_are_those_of_the_start() {
    let model = model("statenet-gru", 12, 3);
    let mut live = RealTime::new(&*model).unwrap();
    let answer = |live: &mut RealTime| {
        let mut rates = [0.0; 3];
        live.frame(&[1.0; 12], &mut rates).unwrap();
        rates
    };
    let first = answer(&mut live);
    assert_ne!(first, answer(&mut live));
    for param in model.params().trained() {
        let zeros = Tensor::zeros(param.var.shape(), DType::F32, &Device::Cpu).unwrap();
        param.var.set(&zeros).unwrap();
    }
    live.reset();
    assert_eq!(first, answer(&mut live));
}
