//! Memory by three measures and time constants, for models where both are known.

use super::known::{Known, Law};
use candle_core::{DType, Device, Tensor};
use ndarray::Array2;
use statenet_core::{Axes, Input, Millis, Seed, TimeBin};
use statenet_data::{NeuronKind, NeuronMix, SimulationConfig};
use statenet_interp::{
    Probes,
    memory::{NeuronMemory, memory, time_constants, time_constants_of},
};
use statenet_metrics::resampling::Resampling;
use statenet_models::{Memory, Registry, ResponseModel, zoo};

fn axes(n_bands: usize) -> Axes {
    Axes::new(n_bands, 1, TimeBin::whole_millis::<5>())
}

fn white_sounds(n: usize, n_bands: usize, n_bins: usize) -> Vec<Array2<f32>> {
    let mut stream = Seed::new(0).stream("white");
    (0..n).map(|_| Array2::from_shape_simple_fn((n_bands, n_bins), || stream.normal() as f32)).collect()
}

/// `(S, 1, 8, T)`.
fn white_tensor(n: usize, n_bins: usize) -> Tensor {
    let values: Vec<f32> = white_sounds(n, 8, n_bins).into_iter().flatten().collect();
    Tensor::from_vec(values, (n, 1, 8, n_bins), &Device::Cpu).unwrap()
}

fn of(model: &dyn ResponseModel, sounds: &[Array2<f32>], per_sound: usize, n_bins: usize) -> NeuronMemory {
    let views: Vec<_> = sounds.iter().map(|sound| sound.view()).collect();
    let probes = Probes::draw(&views, per_sound, n_bins, Seed::new(1), &Device::Cpu).unwrap();
    let resampling = Resampling::new(Seed::new(2), 400).unwrap();
    memory(model, &probes, &[0], &resampling).unwrap().remove(0)
}

fn three(found: &NeuronMemory) -> [f64; 3] {
    let memory = &found.memory;
    [memory.gradient, memory.forgetting, memory.truncation].map(|way| way.value.unwrap().ms())
}

#[test]
fn a_leaky_integrator_of_white_sound_remembers_its_time_constant_times_ln_10_in_every_way() {
    for tau_ms in [50.0f64, 100.0] {
        let law = Law::Leaky { decay: (-5.0 / tau_ms).exp() };
        let model = Known::new(Array2::from_elem((3, 1), 0.5), 0.0, law, &axes(3));
        let found = of(&model, &white_sounds(100, 3, 400), 4, 180);
        for ms in three(&found) {
            assert!((ms / (tau_ms * 10f64.ln()) - 1.0).abs() < 0.12, "{tau_ms}: {found:?}");
        }
        assert!(found.agreement.within_intervals && found.agreement.value.unwrap() > 0.85, "{found:?}");
    }
}

#[test]
fn a_window_of_equal_weights_remembers_all_of_it_but_a_hundredth() {
    // U(k) = 1 - k / 20.
    let model = Known::new(Array2::from_elem((2, 20), 1.0), 0.3, Law::Linear, &axes(2));
    let found = of(&model, &white_sounds(40, 2, 300), 5, 60);
    let expected = 5.0 * 20.0 * 0.99;
    for ms in three(&found) {
        assert!((ms / expected - 1.0).abs() < 0.06, "{expected}: {found:?}");
    }
    for curve in [&found.curves.gradient, &found.curves.forgetting, &found.curves.truncation] {
        assert!(
            curve.len() == 41 && (curve[0] - 1.0).abs() < 0.1 && curve[20..].iter().all(|&u| u < 1e-20),
            "{curve:?}"
        );
    }
}

#[test]
fn a_neuron_that_never_varies_has_no_memory_and_one_longer_than_the_present_reads_as_its_length() {
    let silent = Known::new(Array2::zeros((2, 3)), 1.0, Law::Linear, &axes(2));
    let found = of(&silent, &white_sounds(3, 2, 50), 2, 20);
    assert_eq!(found.memory.forgetting.value, None);
    assert!(found.curves.gradient.is_empty() && !found.agreement.within_intervals);
    let slow = Known::new(Array2::from_elem((2, 1), 1.0), 0.0, Law::Leaky { decay: 0.999 }, &axes(2));
    let found = of(&slow, &white_sounds(3, 2, 50), 2, 20);
    assert_eq!(found.memory.forgetting.value, Some(Millis::new(65.0).unwrap()));
}

#[test]
fn the_state_s_time_constants_are_those_of_its_leaks() {
    let resampling = Resampling::new(Seed::new(2), 100).unwrap();
    let sounds = white_tensor(2, 30);
    let leaky = Known::new(Array2::from_elem((8, 2), 0.5), 0.0, Law::Leaky { decay: 0.9 }, &axes(8));
    let found = time_constants_of(&leaky, &sounds, 10, &|name| name == "m", &resampling).unwrap();
    let expected = -5.0 / 0.9f64.ln();
    assert_eq!(found.spectra.len(), 6);
    assert!((found.slowest.value.unwrap().ms() - expected).abs() < 1e-6, "{:?}", found.slowest);

    let dnet = zoo::dnet(&Axes { n_neurons: 2, ..axes(8) }).build(Seed::new(1), &Device::Cpu).unwrap();
    let d = dnet.params().get("core.leak.d").unwrap().var.as_detached_tensor().to_vec1::<f32>().unwrap();
    let mut taus: Vec<f64> = d
        .iter()
        .map(|&d| f64::from(d))
        .map(|d| 1.0 - 1.0 / (1.0 + d * d))
        .map(|decay| if decay > 0.0 { -5.0 / decay.ln() } else { 0.0 })
        .collect();
    taus.sort_by(|a, b| b.total_cmp(a));
    let found = time_constants(&*dnet, &sounds, 15, &resampling).unwrap();
    assert_eq!((found.spectra.len(), found.growing), (4, 0.0));
    for (ours, tau) in found.spectra[3].iter().zip(&taus) {
        assert!((ours.ms() - tau).abs() < 0.01 * tau.max(1.0), "{ours:?} {tau}");
    }
}

#[test]
fn a_model_of_finite_memory_has_no_time_constants_and_a_network_some_at_every_bin() {
    let resampling = Resampling::new(Seed::new(2), 100).unwrap();
    let sounds = white_tensor(2, 12);
    let ln = zoo::ln(&axes(8)).build(Seed::new(0), &Device::Cpu).unwrap();
    let found = time_constants(&*ln, &sounds, 6, &resampling).unwrap();
    assert!(found.spectra.is_empty() && found.slowest.value.is_none());
    let gru = zoo::statenet_gru(&axes(8)).build(Seed::new(0), &Device::Cpu).unwrap();
    let found = time_constants(&*gru, &sounds, 6, &resampling).unwrap();
    assert_eq!(found.spectra.len(), 4);
    // A GRU with initial weights forgets within a few bins.
    let slowest = found.slowest.value.unwrap().ms();
    assert!((2.0..60.0).contains(&slowest), "{slowest}");
    let message = time_constants(&*gru, &sounds, 13, &resampling).unwrap_err().to_string();
    assert_eq!(message, "bins between Jacobians is 13, expected 1 to 12");
}

#[test]
fn simulated_gain_control_remembers_longer_the_slower_it_is_and_longer_than_ln() {
    let neurons = NeuronMix { linear: 0, ln: 3, adaptation: 0, gain_control: 3, long_memory: 0 };
    let config = SimulationConfig {
        n_stimuli: 40,
        duration: Millis::whole::<5000>(),
        n_bands: 10,
        n_repeats: 1,
        neurons,
        ..SimulationConfig::default()
    };
    let simulation = config.simulate().unwrap();
    let recording = simulation.recording;
    let sounds: Vec<Array2<f32>> = recording.stimuli().iter().map(|s| s.cochleagram().to_owned()).collect();
    let mut memories = Vec::new();
    for truth in &simulation.truth {
        let model = Known::simulated(truth, &recording.axes());
        let found = of(&model, &sounds, 1, 900);
        println!("{} {:?} {:?}", truth.id, three(&found), found.agreement);
        // The gradient overestimates the memory of the slowest neuron; the other two measures agree.
        if truth.time_constant.is_none_or(|tau| tau.ms() < 600.0) {
            assert!(
                found.agreement.within_intervals,
                "{}: {:?} {:?}",
                truth.id, found.memory, found.agreement
            );
        }
        memories.push((truth.kind, three(&found)));
    }
    let (ln, gain): (Vec<_>, Vec<_>) = memories.iter().partition(|(kind, _)| *kind == NeuronKind::Ln);
    for way in 0..3 {
        let of_gain: Vec<f64> = gain.iter().map(|(_, ms)| ms[way]).collect();
        assert!(of_gain.windows(2).all(|w| w[0] < w[1]), "way {way}: {of_gain:?}");
        assert!(ln.iter().all(|(_, ms)| ms[way] < of_gain[0]), "way {way}: {ln:?} {of_gain:?}");
    }
}

#[test]
fn every_model_of_the_zoo_has_finite_time_constants_or_says_that_its_state_is_too_large() {
    let resampling = Resampling::new(Seed::new(2), 50).unwrap();
    let sounds = white_tensor(1, 12);
    let mut spectra = 0;
    for entry in zoo::taking(Input::Cochleagram) {
        let config = (entry.config)(&axes(8));
        let model = Registry::new().build(&config, Seed::new(0), DType::F64, &Device::Cpu).unwrap();
        match time_constants(&*model, &sounds, 12, &resampling) {
            Ok(found) => {
                println!("{}: {:?}, growing {}", entry.name, found.slowest.value, found.growing);
                assert_eq!(found.spectra.is_empty(), model.memory() != Memory::Unbounded, "{}", entry.name);
                // The Legendre memory feeds back into itself and may grow; gated and leaky units cannot.
                let grows = if entry.name == "statenet-lmu" { 1.0 } else { 0.0 };
                assert_eq!(found.growing, grows, "{}", entry.name);
                spectra += found.spectra.len();
            }
            Err(error) => {
                println!("{}: {error}", entry.name);
                assert!(error.to_string().contains("expected 1024 or fewer"), "{}: {error}", entry.name);
            }
        }
    }
    assert!(spectra >= 6, "{spectra}");
}
