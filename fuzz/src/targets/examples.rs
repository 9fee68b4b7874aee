//! Small recordings and models from which seeds are made.

use candle_core::Device;
use ndarray::{Array2, Array3};
use statenet_core::{Axes, Seed, TimeBin};
use statenet_data::{Description, Metadata, Neuron, Recording, Responses, Stimulus};
use statenet_models::{ModelConfig, ResponseModel};

use crate::Random;

/// Bands of the example recordings and models.
pub(super) const N_BANDS: usize = 7;
/// Neurons of the same.
pub(super) const N_NEURONS: usize = 2;

pub(super) fn dt() -> TimeBin {
    TimeBin::from_millis(5.0).expect("a time bin")
}

/// Axes of the example recordings and models.
pub(super) fn axes() -> Axes {
    Axes::new(N_BANDS, N_NEURONS, dt())
}

/// `n` stimuli of 12 bins and more, two repeats, with a missing value.
pub(super) fn recording(n: usize) -> Recording {
    let stimulus = |s: usize| {
        let bins = 12 + s % 3;
        let mut random = Random::new(s as u64);
        let sound = Array2::from_shape_simple_fn((N_BANDS, bins), || random.below(64) as f32 / 16.0);
        let mut counts =
            Array3::from_shape_fn((N_NEURONS, 2, bins), |(n, r, t)| ((n + r + t + s) % 4) as f32);
        if s == 0 {
            counts[(0, 1, 2)] = f32::NAN;
        }
        let responses = Responses::from_nan(counts).expect("counts");
        let stimulus = Stimulus::new(format!("s{s}"), sound, responses).expect("a stimulus");
        if s == 1 { stimulus.with_kind("song") } else { stimulus }
    };
    let mut metadata = Metadata::new();
    metadata.insert("depth_um".to_owned(), 300.into());
    let neurons = vec![Neuron::new("u0").with_metadata(metadata), Neuron::new("u1")];
    let about =
        Description { name: "tiny".to_owned(), species: "finch".to_owned(), ..Description::default() };
    Recording::new(about, dt(), Vec::new(), neurons, (0..n).map(stimulus).collect()).expect("a recording")
}

/// The same with membrane potentials in place of counts.
pub(super) fn potentials(n: usize) -> Recording {
    let counts = recording(n);
    let in_mv = |stimulus: &Stimulus| {
        let values = stimulus.responses().expect("in memory").to_nan().mapv(|count| 2.5 * count - 65.0);
        let responses = Responses::from_nan_in(values, "mV".parse().expect("a unit")).expect("values");
        Stimulus::new(stimulus.name(), stimulus.cochleagram().to_owned(), responses).expect("a stimulus")
    };
    let stimuli = counts.stimuli().iter().map(in_mv).collect();
    let (about, neurons) = (counts.description().clone(), counts.neurons().to_vec());
    Recording::new(about, dt(), Vec::new(), neurons, stimuli).expect("a recording")
}

/// A model with first values from a fixed seed.
pub(super) fn model(config: &ModelConfig) -> Box<dyn ResponseModel> {
    config.build(Seed::new(0), &Device::Cpu).expect("a model of the zoo")
}
