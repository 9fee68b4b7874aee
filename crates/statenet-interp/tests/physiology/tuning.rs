//! Tuning from maps of neurons whose receptive field is known.

use candle_core::Device;
use ndarray::Array2;
use statenet_core::{Axes, Hertz, Millis, Seed};
use statenet_interp::{
    Probes, gradient_maps,
    tuning::{FieldTuning, Tuning, tuning},
};
use statenet_metrics::resampling::Resampling;

use super::{
    experiments::{CURVE, axes, field, gain_control, neuron},
    known::{Known, Law},
};

fn of(model: &Known, axes: &Axes) -> Tuning {
    let mut stream = Seed::new(3).stream("sounds");
    let mut white = || Array2::from_shape_simple_fn(shape(axes), || stream.normal() as f32);
    let sounds: Vec<Array2<f32>> = (0..8).map(|_| white()).collect();
    let views: Vec<_> = sounds.iter().map(|sound| sound.view()).collect();
    let probes = Probes::draw(&views, 4, 60, Seed::new(1), &Device::Cpu).unwrap();
    let maps = gradient_maps(model, probes.windows(), &[0]).unwrap().remove(0);
    let resampling = Resampling::new(Seed::new(0), 300).unwrap();
    tuning(&maps, probes.sounds(), axes, &resampling).unwrap()
}

fn shape(axes: &Axes) -> (usize, usize) {
    (axes.n_bands, 120)
}

#[test]
fn the_tuning_of_an_ln_neuron_s_maps_is_that_of_its_weights_at_any_sounds() {
    let found = of(&neuron(Law::Ln(CURVE)), &axes());
    let truth = FieldTuning::of(field().view(), &axes().band_centers, axes().dt);
    let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * b.abs();
    assert!(close(found.best_frequency.value.unwrap().hz(), truth.best_frequency.unwrap().hz()), "{found:?}");
    assert!(close(found.bandwidth_octaves.value.unwrap(), truth.bandwidth_octaves.unwrap()));
    assert!(close(found.latency.value.unwrap().ms(), truth.latency.unwrap().ms()));
    assert!(close(found.duration.value.unwrap().ms(), truth.duration.unwrap().ms()));
    assert!(close(found.separability.value.unwrap(), truth.separability.unwrap()));
    assert!(close(found.balance.value.unwrap(), truth.balance.unwrap()));
    // The maps of different sounds differ only by a factor, so that the intervals have no width but for rounding.
    let [lower, upper] = found.latency.ci95.map(|ends| ends.map(Millis::ms)).unwrap();
    assert!(upper - lower < 1e-6);
}

#[test]
fn a_neuron_whose_field_moves_has_intervals_and_they_are_ordered() {
    let found = of(&gain_control(), &axes());
    let truth = FieldTuning::of(field().view(), &axes().band_centers, axes().dt);
    let octaves = (found.best_frequency.value.unwrap().hz() / truth.best_frequency.unwrap().hz()).log2();
    assert!(octaves.abs() < 0.1, "{octaves}");
    let [lower, upper] = found.balance.ci95.unwrap();
    let value = found.balance.value.unwrap();
    assert!(lower < upper && lower <= value && value <= upper, "{:?}", found.balance);
}

#[test]
fn json_names_carry_units() {
    let json = serde_json::to_value(of(&neuron(Law::Linear), &axes())).unwrap();
    for name in
        ["best_frequency_hz", "bandwidth_octaves", "latency_ms", "duration_ms", "separability", "balance"]
    {
        assert!(json[name]["value"].is_number() && json[name]["ci95"].is_array(), "{name}: {json}");
    }
    let again: Tuning = serde_json::from_value(json).unwrap();
    assert!(again.best_frequency.value.unwrap() > Hertz::whole::<500>());
}

#[test]
fn sounds_that_are_not_one_per_map_are_refused() {
    let model = neuron(Law::Linear);
    let windows = candle_core::Tensor::zeros((2, 1, 16, 20), candle_core::DType::F64, &Device::Cpu).unwrap();
    let maps = gradient_maps(&model, &windows, &[0]).unwrap().remove(0);
    let message = tuning(&maps, &[0], &axes(), &Resampling::default()).unwrap_err().to_string();
    assert_eq!(message, "sounds of the maps has shape (1), expected (2)");
}
