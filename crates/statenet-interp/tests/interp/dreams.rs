//! Dreams, compared with the known optimum of linear neurons.

use crate::small::{N_BANDS, by_name, of_zoo};
use candle_core::{Device, Tensor};
use ndarray::{Array2, ArrayView2};
use statenet_core::Input;
use statenet_interp::{
    Target, agreement,
    dreams::{Constraint, Direction, DreamConfig, Start, When, best_recorded, clusters, dream},
    receptive_fields,
};
use statenet_models::{Mode, ResponseModel, zoo};

fn in_a_box() -> Constraint {
    Constraint::Box { lowest: vec![-1.5; N_BANDS], highest: vec![2.0; N_BANDS] }
}

/// The rate of a neuron at the last bin of a sound.
fn last_rate(model: &dyn ResponseModel, sound: ArrayView2<'_, f32>, neuron: usize) -> f64 {
    let values: Vec<f64> = sound.iter().map(|&x| f64::from(x)).collect();
    let sound = Tensor::from_vec(values, (1, 1, sound.nrows(), sound.ncols()), &Device::Cpu).unwrap();
    let rates = model.forward(&sound, Mode::Eval).unwrap().get(0).unwrap().to_vec2::<f64>().unwrap();
    *rates[neuron].last().unwrap()
}

#[test]
fn the_dream_of_a_linear_neuron_of_fixed_energy_is_its_receptive_field() {
    let model = by_name("linear");
    let field = &receptive_fields(&*model).unwrap()[1];
    let n_bins = field.ncols();
    let config = DreamConfig {
        n_bins,
        steps: 400,
        step_size: 0.1,
        constraints: vec![Constraint::Energy(1.0)],
        starts: vec![Start::Noise(1.0)],
        ..DreamConfig::default()
    };
    let dreams = dream(&*model, &[Target::Neuron(1)], &config).unwrap();
    let mut found = dreams[0][0].sound.mapv(f64::from);
    found.invert_axis(ndarray::Axis(1));
    let cosine = agreement::cosine(found.view(), field.view()).unwrap();
    assert!(cosine > 0.999, "{cosine}");
}

#[test]
fn in_a_box_it_is_the_corner_where_the_field_points_and_the_response_only_rises() {
    let model = by_name("linear");
    let field = &receptive_fields(&*model).unwrap()[0];
    let n_bins = field.ncols();
    for direction in [Direction::Maximize, Direction::Minimize] {
        let config = DreamConfig {
            direction,
            n_bins,
            steps: 200,
            step_size: 0.1,
            constraints: vec![in_a_box()],
            ..DreamConfig::default()
        };
        let dream = &dream(&*model, &[Target::Neuron(0)], &config).unwrap()[0][0];
        let up = if direction == Direction::Maximize { 1.0 } else { -1.0 };
        for ((f, t), &x) in dream.sound.indexed_iter() {
            let weight = up * field[(f, n_bins - 1 - t)];
            assert!((x - if weight > 0.0 { 2.0 } else { -1.5 }).abs() < 1e-6, "{f} {t} {weight} {x}");
        }
        let average = dream.moving_average(10);
        assert!(average.windows(2).all(|pair| up * (pair[1] - pair[0]) >= -1e-9));
    }
}

#[test]
fn the_response_of_every_model_of_the_zoo_rises_on_average_and_the_sound_stays_in_the_box() {
    for entry in zoo::taking(Input::Cochleagram) {
        let model = of_zoo(entry);
        let config = DreamConfig {
            n_bins: 12,
            steps: 60,
            step_size: 0.05,
            constraints: vec![in_a_box()],
            starts: vec![Start::Spectrum(vec![0.1; N_BANDS])],
            ..DreamConfig::default()
        };
        let before = model.params().snapshot().unwrap();
        let dream = &dream(&*model, &[Target::Neuron(2)], &config).unwrap()[0][0];
        let name = entry.name;
        assert!(
            dream.response > dream.response_by_step[0],
            "{name} {} {}",
            dream.response,
            dream.response_by_step[0]
        );
        assert!(dream.sound.iter().all(|x| (-1.5..=2.0).contains(x)), "{name}");
        let average = dream.moving_average(15);
        let rise = average.last().unwrap() - average[0];
        assert!(average.windows(2).all(|pair| pair[1] >= pair[0] - 0.01 * rise), "{name} {average:?}");
        let rate = last_rate(&*model, dream.sound.view(), 2);
        assert!(
            (rate - dream.response).abs() < 1e-6 * rate.abs().max(1.0),
            "{name} {rate} {}",
            dream.response
        );
        for param in model.params().iter() {
            let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            assert_eq!(values(param.var.as_tensor()), values(&before[&param.name]), "{name}");
        }
    }
}

#[test]
fn dreams_of_a_batch_are_independent_and_reproducible_from_the_seed() {
    let model = by_name("statenet-gru");
    let config = |starts| DreamConfig { n_bins: 8, steps: 20, starts, ..DreamConfig::default() };
    let noise = || Start::Noise(0.3);
    let targets = Target::neurons([0, 2]);
    let many = dream(&*model, &targets, &config(vec![noise(), noise(), Start::Null])).unwrap();
    assert_eq!(many, dream(&*model, &targets, &config(vec![noise(), noise(), Start::Null])).unwrap());
    let alone = dream(&*model, &targets[..1], &config(vec![noise()])).unwrap();
    let there = many[0].iter().find(|dream| dream.start == 0).unwrap();
    for (a, b) in there.sound.iter().zip(&alone[0][0].sound) {
        assert!((a - b).abs() < 1e-6);
    }
    let other = many[0].iter().find(|dream| dream.start == 1).unwrap();
    assert_ne!(there.sound, other.sound);
    let sounds: Vec<_> = many[0].iter().map(|dream| dream.sound.view()).collect();
    assert_eq!(clusters(&sounds, 0.9).len(), 3);
}

#[test]
fn sustained_dreams_penalties_contrasts_and_hidden_units_work_too() {
    let model = by_name("statenet-gru");
    let target = [Target::Contrast { raised: vec![0], lowered: vec![1, 2] }];
    let config = DreamConfig {
        when: When::All,
        n_bins: 10,
        steps: 60,
        step_size: 0.05,
        starts: vec![Start::Noise(0.5)],
        ..DreamConfig::default()
    };
    let power = |sound: &Array2<f32>| sound.iter().map(|x| x * x).sum::<f32>();
    let free = dream(&*model, &target, &config).unwrap().remove(0).remove(0);
    assert!(free.response > free.response_by_step[0]);
    let paying = DreamConfig { constraints: vec![Constraint::L2(3.0)], ..config.clone() };
    let paid = dream(&*model, &target, &paying).unwrap().remove(0).remove(0);
    assert!(power(&paid.sound) < 0.5 * power(&free.sound));
    let unit = [Target::Hidden { entry: "core.backbone.h".into(), unit: 0 }];
    let error = dream(&*model, &unit, &config).unwrap_err();
    assert_eq!(error.to_string(), "when is All for a hidden unit, expected Last");
    let last = DreamConfig { when: When::Last, ..config };
    let found = &dream(&*model, &unit, &last).unwrap()[0][0];
    assert!(found.response > found.response_by_step[0] && found.response <= 1.0);
}

#[test]
fn the_best_recorded_stretch_is_found_where_it_was_hidden() {
    let model = by_name("linear");
    let field = receptive_fields(&*model).unwrap()[1].mapv(|w| w as f32);
    let n_bins = field.ncols();
    let mut loud = Array2::<f32>::zeros((N_BANDS, 3 * n_bins));
    let mut reversed = field.clone();
    reversed.invert_axis(ndarray::Axis(1));
    loud.slice_mut(ndarray::s![.., 7..7 + n_bins]).assign(&reversed);
    let quiet = Array2::<f32>::zeros((N_BANDS, 2 * n_bins));
    let config = DreamConfig { n_bins, ..DreamConfig::default() };
    let sounds = [quiet.view(), loud.view()];
    let best = &best_recorded(&*model, &sounds, &[Target::Neuron(1)], &config, 1).unwrap()[0];
    assert_eq!((best.sound, best.start), (1, 7));
    assert!((best.response - last_rate(&*model, best.cochleagram.view(), 1)).abs() < 1e-9);
    let error = best_recorded(
        &*model,
        &sounds[..1],
        &[Target::Neuron(1)],
        &DreamConfig { n_bins: 2 * n_bins + 1, ..config },
        1,
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "n_bins is {}, expected 1 to {}, the length of the longest sound",
            2 * n_bins + 1,
            2 * n_bins
        )
    );
}

#[test]
fn a_config_without_starts_or_with_a_wrong_spectrum_is_refused() {
    let model = by_name("linear");
    let none = DreamConfig { starts: vec![], ..DreamConfig::default() };
    let error = dream(&*model, &[Target::Neuron(0)], &none).unwrap_err();
    assert_eq!(error.to_string(), "number of starts is 0, expected 1 or more");
    let wrong =
        DreamConfig { starts: vec![Start::Spectrum(vec![0.0; 3])], steps: 1, ..DreamConfig::default() };
    let error = dream(&*model, &[Target::Neuron(0)], &wrong).unwrap_err();
    assert_eq!(error.to_string(), "spectrum has shape (3), expected (8)");
}
