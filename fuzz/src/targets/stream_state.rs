//! The saved state of a stream: loaded, saved, loaded again, equal; a stream that resumes from it goes on or says why not.

use std::{path::Path, sync::LazyLock};

use candle_core::{DType, Device, Tensor};
use statenet_core::{Input, SampleRate, Sampling};
use statenet_models::{RealTime, ResponseModel, SampleStream, State, Stream, zoo};

use super::{checkpoint::small, examples, some_numbers_a_byte, told};
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "stream_state",
    kind: Kind::Safetensors,
    most_bytes: 1 << 14,
    largest_block: some_numbers_a_byte,
    seeds,
    sealed: None,
    check,
};

const NAMES: [&str; 7] =
    ["statenet-gru", "statenet-s4d", "ln-stp", "transformer", "dnet", "mel-ln", "sincnet-statenet-gru"];

/// Which of these the state is for is not in the file: all try it.
static MODELS: LazyLock<Vec<Box<dyn ResponseModel>>> = LazyLock::new(|| {
    let rate = SampleRate::new(4000.0).expect("a rate");
    let sampling = Sampling::new(rate, examples::dt()).expect("a whole number of samples a bin");
    let entry = |name: &&str| zoo::ALL.iter().find(|entry| entry.name == *name).expect("a model of the zoo");
    let axes = |input| match input {
        Input::Cochleagram => examples::axes(),
        Input::Sound => sampling.axes(examples::N_NEURONS),
    };
    NAMES.iter().map(entry).map(|entry| examples::model(&small((entry.config)(&axes(entry.input))))).collect()
});

fn check(bytes: &[u8]) -> bool {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let path = scratch.path().join("state.safetensors");
    std::fs::write(&path, bytes).expect("a scratch file can be written");
    let state = match State::load(&path, &Device::Cpu) {
        Ok(state) => state,
        Err(error) => return told(&error),
    };
    round_trip(&state, &scratch.path().join("again.safetensors"));
    // One or two streams, as the first axis says.
    let batch = state.iter().next().and_then(|(_, t)| t.dims().first().copied()).unwrap_or(1).clamp(1, 2);
    for model in &*MODELS {
        resume(&**model, &state, batch);
    }
    true
}

fn round_trip(state: &State, path: &Path) {
    state.save(path).expect("a state that was loaded can be saved");
    let again = State::load(path, &Device::Cpu).expect("what we save we can load");
    let names = |state: &State| -> Vec<(String, Vec<usize>, DType)> {
        state.iter().map(|(name, t)| (name.to_owned(), t.dims().to_vec(), t.dtype())).collect()
    };
    assert_eq!(names(state), names(&again));
    for ((_, a), (_, b)) in state.iter().zip(again.iter()) {
        let values = |t: &Tensor| t.to_dtype(DType::F64).and_then(|t| t.flatten_all()?.to_vec1::<f64>());
        if let (Ok(a), Ok(b)) = (values(a), values(b)) {
            assert!(a.iter().zip(&b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())));
        }
    }
}

/// One chunk of one frame and one of two, from the state.
fn resume(model: &dyn ResponseModel, state: &State, batch: usize) {
    let frames =
        |n| Tensor::zeros((batch, 1, model.n_bands(), n), DType::F32, &Device::Cpu).expect("a few frames");
    for chunks in [[1, 2], [2, 1]] {
        let mut stream = Stream::new(model, batch).expect("a stream of a model of the zoo");
        stream.resume(state.clone());
        for n in chunks {
            match stream.push(&frames(n)) {
                Ok(rates) => assert_eq!(rates.dims(), [batch, model.n_neurons(), n]),
                Err(error) => {
                    told(&error);
                }
            }
        }
    }
    if let Ok(mut live) = RealTime::new(model) {
        match live.set_state(state) {
            Ok(()) => {
                let mut rates = vec![0.0; model.n_neurons()];
                live.frame(&vec![0.0; model.n_bands()], &mut rates).expect("a frame of the right length");
            }
            Err(error) => {
                told(&error);
            }
        }
    }
    if let Ok(mut stream) = SampleStream::new(model, batch) {
        match stream.resume(state.clone()) {
            Ok(()) => {
                let samples = Tensor::zeros((batch, 1, 2 * model.n_bands()), DType::F32, &Device::Cpu);
                if let Err(error) = stream.push(&samples.expect("a few samples")) {
                    told(&error);
                }
            }
            Err(error) => {
                told(&error);
            }
        }
    }
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let mut seeds = Vec::new();
    for (name, model) in NAMES.iter().zip(&*MODELS) {
        for batch in [1, 2] {
            let path = scratch.path().join("state.safetensors");
            let state = match SampleStream::new(&**model, batch) {
                Ok(mut stream) => {
                    let samples = Tensor::zeros((batch, 1, 33), DType::F32, &Device::Cpu).expect("samples");
                    stream.push(&samples).expect("a chunk");
                    stream.state()
                }
                Err(_) => {
                    let mut stream = Stream::new(&**model, batch).expect("a stream");
                    let frames = Tensor::ones((batch, 1, model.n_bands(), 3), DType::F32, &Device::Cpu);
                    stream.push(&frames.expect("frames")).expect("a chunk");
                    stream.state()
                }
            };
            state.and_then(|state| state.save(&path)).expect("a state can be saved");
            seeds.push((format!("{name}-{batch}"), std::fs::read(&path).expect("saved")));
        }
    }
    seeds
}
