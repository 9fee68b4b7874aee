//! Agreement with the formulas written apart in NumPy, and with NEMS.

use std::{collections::HashMap, path::PathBuf};

use super::*;

/// Slaney's constants of the equivalent rectangular bandwidth have two digits more than Glasberg and Moore's.
const TOLERANCE: f64 = 1e-5;

fn file() -> HashMap<String, Tensor> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/front_ends/independent.safetensors");
    candle_core::safetensors::load(path, &Device::Cpu).unwrap()
}

/// Compares bins from `first` on, relative to the largest value of a band, in both precisions.
#[track_caller]
fn agrees(name: &str, front_end: &FrontEndConfig, first: usize) {
    let file = file();
    let expected = file[name].to_vec2::<f64>().unwrap();
    let sound = file["wave16k"].reshape((1, 1, ())).unwrap();
    for (dtype, tolerance) in [(DType::F64, TOLERANCE), (DType::F32, 2.0 * TOLERANCE)] {
        let bands = cochleagram(front_end.clone(), &at_16_khz(), &sound, dtype);
        assert_eq!(bands.len(), expected.len());
        for (f, (band, expected)) in bands.iter().zip(&expected).enumerate() {
            let largest = expected.iter().fold(0.0f64, |a, e| a.max(e.abs()));
            assert!(largest > 1e-4 && band.len() >= first + expected.len());
            for (t, (ours, theirs)) in band[first..].iter().zip(expected).enumerate() {
                let place = format!("{name}, {dtype:?}, band {f}, bin {}", first + t);
                assert!((ours - theirs).abs() < tolerance * largest, "{place}: {ours} {theirs}");
            }
        }
    }
}

fn of_method(method: GammatonegramMethod) -> FrontEndConfig {
    FrontEndConfig::Gammatonegram(GammatonegramConfig {
        n_bands: 6,
        low_hz: Hertz::whole::<200>(),
        high_hz: Hertz::whole::<8000>(),
        method,
        compression: Compression::None,
        ..GammatonegramConfig::default()
    })
}

#[test]
fn gammatonegrams_are_the_formulas_in_numpy() {
    agrees("gammatonegram.fourier", &of_method(GammatonegramMethod::Fourier), 0);
    agrees("gammatonegram.filters", &of_method(GammatonegramMethod::Filters), 0);
}

#[test]
fn the_fast_gammatonegram_is_that_of_nems() {
    agrees("gammatonegram.nems", &of_method(GammatonegramMethod::Fourier), 4);
}

#[test]
fn one_zero_gammatone_filters_are_the_formulas_in_numpy() {
    for (name, order, window_ms) in
        [("ozgf.order2", 2, Millis::whole::<10>()), ("ozgf.order4", 4, Millis::new(3.125).unwrap())]
    {
        let front_end = FrontEndConfig::Ozgf(OzgfConfig {
            n_bands: 6,
            low_hz: Hertz::whole::<200>(),
            high_hz: Hertz::whole::<7000>(),
            order,
            window_ms,
            compression: Compression::None,
        });
        agrees(name, &front_end, 0);
    }
}

#[test]
fn spectrograms_are_the_formulas_in_numpy() {
    let log = (SpectrogramBands::Log, SpectrogramValue::Magnitude);
    let linear = (SpectrogramBands::Linear, SpectrogramValue::Power);
    for (name, (bands, value)) in [("spectrogram.log", log), ("spectrogram.linear-power", linear)] {
        let front_end = FrontEndConfig::Spectrogram(SpectrogramConfig {
            n_bands: 6,
            low_hz: Hertz::whole::<200>(),
            high_hz: Hertz::whole::<8000>(),
            bands,
            value,
            compression: Compression::None,
            ..SpectrogramConfig::default()
        });
        agrees(name, &front_end, 0);
    }
}

#[test]
fn gradients_of_the_waveform_match_differences() {
    let fronts = [
        spectrogram(SpectrogramBands::Log, SpectrogramValue::Magnitude, Compression::Log1p),
        gammatonegram(GammatonegramMethod::Fourier, Compression::None),
        gammatonegram(GammatonegramMethod::Filters, Compression::Log1p),
        ozgf(2, Millis::whole::<5>(), Compression::None),
    ];
    for front_end in fronts {
        let model = build(&heard(front_end, zoo::linear, &at_16_khz(), 1), DType::F64);
        let sum = |sound: &Tensor| model.cochleagram(sound).unwrap().unwrap().sum_all().unwrap();
        let sound = Var::from_tensor(&bins(3, 1, 4, DType::F64)).unwrap();
        let grads = sum(sound.as_tensor()).backward().unwrap();
        let grad = grads.get(&sound).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let values = sound.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let moved = |i: usize, by: f64| {
            let mut values = values.clone();
            values[i] += by;
            let moved = Tensor::new(values, &Device::Cpu).unwrap().reshape(sound.shape()).unwrap();
            sum(&moved).to_scalar::<f64>().unwrap()
        };
        let largest = grad.iter().fold(0.0f64, |a, g| a.max(g.abs()));
        for i in (0..values.len()).step_by(37) {
            let difference = (moved(i, 1e-6) - moved(i, -1e-6)) / 2e-6;
            let name = model.config().slug();
            assert!(
                (grad[i] - difference).abs() < 1e-6 * largest.max(1.0),
                "{name}: {} {difference}",
                grad[i]
            );
        }
    }
}
