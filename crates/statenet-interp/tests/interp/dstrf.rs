//! Dynamic STRFs compared with gradient maps at the same bins.

use crate::small::{N_BANDS, N_NEURONS, by_name, of_zoo, sound};
use candle_core::{DType, Device, Tensor};
use statenet_core::{Axes, Input, Seed, TimeBin};
use statenet_interp::{
    MapConfig, StrfDynamics, Target, agreement, dstrf, receptive_fields, subspace, target_maps,
};
use statenet_models::{Mode, Registry, zoo};

#[test]
fn every_bin_of_every_model_of_the_zoo_has_its_gradient_map_and_its_response() {
    const N_BINS: usize = 11;
    const N_LAGS: usize = 4;
    for entry in zoo::taking(Input::Cochleagram) {
        let model = of_zoo(entry);
        let sound = sound(2, 1, N_BINS);
        let targets = [Target::Neuron(2), Target::Contrast { raised: vec![0], lowered: vec![1] }];
        let fields = dstrf(&*model, &sound, &targets, N_LAGS).unwrap();
        let rates = model.forward(&sound, Mode::Eval).unwrap().get(0).unwrap().to_vec2::<f64>().unwrap();
        for (t, rate) in rates[2].iter().enumerate() {
            assert!((fields[0].response[t] - rate).abs() < 1e-10, "{} {t}", entry.name);
        }
        for t in [0, 2, 3, 7, N_BINS - 1] {
            let window = sound.narrow(3, 0, t + 1).unwrap();
            let config = MapConfig { lags: Some(N_LAGS.min(t + 1)), ..MapConfig::default() };
            let maps = target_maps(&*model, &window, &targets, &config).unwrap();
            for (field, map) in fields.iter().zip(&maps) {
                for ((f, k), &got) in field.maps.index_axis(ndarray::Axis(0), t).indexed_iter() {
                    let expected = map.maps.get((0, f, k)).copied().unwrap_or(0.0);
                    assert!((got - expected).abs() < 1e-10, "{} {t} {f} {k}: {got} {expected}", entry.name);
                }
            }
        }
    }
}

#[test]
fn a_hidden_unit_has_fields_too() {
    let model = by_name("statenet-gru");
    let sound = sound(4, 1, 9);
    let unit = Target::Hidden { entry: "core.backbone.h".into(), unit: 3 };
    let fields = &dstrf(&*model, &sound, std::slice::from_ref(&unit), 3).unwrap()[0];
    let config = MapConfig { lags: Some(3), ..MapConfig::default() };
    let map = target_maps(&*model, &sound, &[unit], &config).unwrap().remove(0);
    let last = fields.maps.index_axis(ndarray::Axis(0), 8);
    assert!(agreement::cosine(last, map.mean().view()).unwrap() > 1.0 - 1e-12);
    assert!(last.iter().any(|&g| g != 0.0));
}

#[test]
fn blocks_join_where_they_meet() {
    // More bins than a pass has rows gives several blocks, and more lags than a block has bins reach across them.
    let model = by_name("statenet-gru");
    let sound = sound(5, 1, 90);
    let all = dstrf(&*model, &sound, &Target::neurons(0..N_NEURONS), 40).unwrap();
    let one = dstrf(&*model, &sound, &[Target::Neuron(1)], 40).unwrap();
    for (a, b) in all[1].maps.iter().zip(&one[0].maps) {
        assert!((a - b).abs() < 1e-12);
    }
}

#[test]
fn a_linear_neuron_has_one_field_that_never_changes() {
    let axes = Axes::new(N_BANDS, N_NEURONS, TimeBin::whole_millis::<20>());
    let model = Registry::new().build(&zoo::linear(&axes), Seed::new(1), DType::F64, &Device::Cpu).unwrap();
    let fields = &dstrf(&*model, &sound(6, 1, 60), &[Target::Neuron(1)], 10).unwrap()[0];
    let settled = statenet_interp::Dstrf {
        target: fields.target.clone(),
        maps: fields.maps.slice(ndarray::s![10.., .., ..]).to_owned(),
        response: fields.response[10..].to_vec(),
    };
    let space = subspace(settled.maps.view(), 2).unwrap();
    assert!((space.dimensionality().unwrap() - 1.0).abs() < 1e-9);
    let weights = &receptive_fields(&*model).unwrap()[1];
    let found = space.fields.index_axis(ndarray::Axis(0), 0);
    assert!(agreement::cosine(found, weights.view()).unwrap().abs() > 1.0 - 1e-9);
    let dynamics = StrfDynamics::of(&settled, 5).unwrap().unwrap();
    assert!(dynamics.gain_change < 1e-9 && dynamics.temporal_hold == 0, "{dynamics:?}");
    assert!((dynamics.shape_change - 1.0).abs() < 1e-5, "{dynamics:?}");
}

#[test]
fn an_ln_neuron_changes_in_gain_alone() {
    let model = by_name("ln");
    let fields = &dstrf(&*model, &sound(6, 1, 60), &[Target::Neuron(0)], 6).unwrap()[0];
    let dynamics = StrfDynamics::of(fields, 3).unwrap().unwrap();
    assert!(dynamics.gain_change > 1e-3, "{dynamics:?}");
    // The first fields are cut short by the beginning of the sound.
    let settled = fields.maps.slice(ndarray::s![6.., .., ..]);
    assert!((subspace(settled, 1).unwrap().dimensionality().unwrap() - 1.0).abs() < 1e-9);
}

#[test]
fn sounds_are_joined_and_other_shapes_refused() {
    let model = by_name("linear");
    let fields = |n, lags| dstrf(&*model, &sound(1, 1, n), &[Target::Neuron(0)], lags).unwrap().remove(0);
    let joined = statenet_interp::Dstrf::joined(&[fields(3, 2), fields(5, 2)]).unwrap();
    assert_eq!((joined.maps.dim(), joined.response.len()), ((8, N_BANDS, 2), 8));
    assert!(statenet_interp::Dstrf::joined(&[fields(3, 2), fields(3, 1)]).is_err());
    let two = Tensor::zeros((2, 1, N_BANDS, 4), DType::F64, &Device::Cpu).unwrap();
    let error = dstrf(&*model, &two, &[Target::Neuron(0)], 2).unwrap_err();
    assert_eq!(error.to_string(), "sound has shape (2, 1, 8, 4), expected (1, 1, 8, T)");
}
