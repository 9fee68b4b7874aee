//! Agreement with the front ends and the ICNet of the published implementation.

use std::path::PathBuf;

use super::*;

/// A gain control shows it in bands below the floor of the logarithm, too: 1.1e-3.
const GAMMATONE_PCEN_TOLERANCE: f32 = 2e-3;
/// How far f32 may be from the same front end in f64.
const OWN_ROUNDING: f64 = 2e-5;

/// The highest frequency is of band-passes.
fn published(n_bands: usize, high_hz: Option<Hertz>) -> Vec<(&'static str, FrontEndConfig, f32)> {
    let mel = |compression| FrontEndConfig::Mel(MelConfig { n_bands, compression, ..MelConfig::default() });
    let gammatone = |compression| {
        let time = GammatoneTime::Reversed;
        FrontEndConfig::Gammatone(GammatoneConfig {
            n_bands,
            time,
            compression,
            ..GammatoneConfig::default()
        })
    };
    let pcen = Compression::Pcen(PcenConfig::default());
    let sincnet = |output| {
        FrontEndConfig::Sincnet(SincnetConfig { n_bands, high_hz, output, ..SincnetConfig::default() })
    };
    vec![
        ("mel", mel(Compression::default()), LOG_TOLERANCE),
        ("mel-cubic", mel(Compression::CubeRoot), TOLERANCE),
        ("mel-log1p", mel(Compression::Log1p), TOLERANCE),
        ("gammatone", gammatone(Compression::default()), LOG_TOLERANCE),
        ("gammatone-pcen", gammatone(pcen), GAMMATONE_PCEN_TOLERANCE),
        ("sincnet", sincnet(SincnetOutput::Strided), TOLERANCE),
        ("sincnet-envelope", sincnet(SincnetOutput::Envelope), TOLERANCE),
        ("leaf", FrontEndConfig::Leaf(LeafConfig { n_bands, ..LeafConfig::default() }), TOLERANCE),
    ]
}

/// The file's tensors, where each front end's are its last bins.
fn agrees(file: &std::collections::HashMap<String, Tensor>) {
    for (name, front_end, tolerance) in published(34, None) {
        let theirs = file[name].to_vec_f32();
        let last = theirs.len() / 34;
        let run = |dtype| -> Vec<f64> {
            let bands = cochleagram(front_end.clone(), &sampling(48_000.0, 5.0), &file["wave48k"], dtype);
            bands.iter().flat_map(|band| band[band.len() - last..].to_vec()).collect()
        };
        let (ours, exact) = (run(DType::F32), run(DType::F64));
        assert_eq!(ours.len(), theirs.len());
        for (i, (ours, (theirs, exact))) in ours.iter().zip(theirs.iter().zip(exact)).enumerate() {
            let place = format!("{name}, band {} bin {}", i / last, i % last);
            assert!((*ours as f32 - theirs).abs() < tolerance, "{place}: {ours} {theirs}");
            assert!((ours - exact).abs() < OWN_ROUNDING, "{place}: {ours}, in f64 {exact}");
        }
    }
}

#[test]
fn golden_front_ends() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/front_ends/case.safetensors");
    agrees(&candle_core::safetensors::load(path, &Device::Cpu).unwrap());
}

/// Relative to the largest entry of each gradient.
const GRADIENT_TOLERANCE: f32 = 1e-4;

#[track_caller]
fn gradients_agree(name: &str, ours: &Tensor, theirs: &[f32]) {
    let largest = theirs.iter().map(|g| g.abs()).fold(0.0, f32::max);
    let ours = ours.to_vec_f32();
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (i, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            (ours - theirs).abs() <= GRADIENT_TOLERANCE * largest,
            "{name}, entry {i}: {ours} {theirs}, largest {largest}"
        );
    }
}

/// Gradients by cut-offs in thousands of mel, lower and width, from those in Hz: both parameters of a band move its upper cut-off.
fn by_kilomel(params: [&Tensor; 2], by_hz: [&Tensor; 2]) -> [Vec<f32>; 2] {
    let [lows, widths] = params.map(Tensor::to_vec_f32);
    let [by_low, by_width] = by_hz.map(Tensor::to_vec_f32);
    let per_kilomel = |m: f32| 700.0 * 10f32.powf(m / 2.595) * std::f32::consts::LN_10 / 2.595;
    let each = |of: &dyn Fn(usize) -> f32| (0..lows.len()).map(of).collect::<Vec<f32>>();
    let upper = |f: usize| by_width[f] * per_kilomel(lows[f] + widths[f]);
    [each(&|f| (by_low[f] - by_width[f]) * per_kilomel(lows[f]) + upper(f)), each(&upper)]
}

#[test]
fn golden_gradients_of_front_ends() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/front_ends/gradients.safetensors");
    let file = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    for (name, front_end, tolerance) in published(8, Some(Hertz::whole::<7000>())) {
        let model = build(&heard(front_end, zoo::linear, &at_16_khz(), 1), DType::F32);
        let sound = Var::from_tensor(&file["wave16k"]).unwrap();
        let bands = model.cochleagram(&in_bins(&sound, &at_16_khz()).unwrap()).unwrap().unwrap();
        for (ours, theirs) in bands.to_vec_f32().iter().zip(file[name].to_vec_f32()) {
            assert!((ours - theirs).abs() < tolerance, "{name}: {ours} {theirs}");
        }
        let Some(theirs) = file.get(&format!("{name}.dx")) else { continue };
        let grads = (bands * &file["weights"]).unwrap().sum_all().unwrap().backward().unwrap();
        gradients_agree(name, grads.get(&sound).unwrap(), &theirs.to_vec_f32());
        let Some(low) = file.get(&format!("{name}.grad.low_hz_")) else { continue };
        let cut_offs = ["front_end.low_kilomel", "front_end.band_kilomel"]
            .map(|parameter| model.params().get(parameter).unwrap().var.as_tensor());
        let theirs = by_kilomel(cut_offs, [low, &file[&format!("{name}.grad.band_hz_")]]);
        for (cut_off, theirs) in cut_offs.iter().zip(theirs) {
            gradients_agree(name, grads.get(cut_off).unwrap(), &theirs);
        }
    }
}

#[test]
fn golden_icnet() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/icnet/case.safetensors");
    let file = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    let config = IcnetConfig {
        filters: 4,
        channels: 4,
        taps: 16,
        layers: 3,
        strides: Some(vec![4, 4, 5]),
        bottleneck: 3,
        ..IcnetConfig::default()
    };
    let model = build(&icnet(config, &at_16_khz()), DType::F32);
    let theirs = |name: &str| {
        let name = name.replace("prelu", "activation");
        let name = name.replace("readout.fc.", "decoder.");
        name.strip_prefix("core.").map_or_else(|| name.clone(), |n| format!("wav2spec.{n}"))
    };
    let mut values = model.params().snapshot().unwrap();
    for (name, value) in &mut values {
        if let Some(given) = file.get(&format!("value.{}", theirs(name))) {
            *value = given.clone();
        }
    }
    model.params().load(&values, "golden").unwrap();
    let sound = Var::from_tensor(&file["x"]).unwrap();
    let rates = model.forward(&in_bins(&sound, &at_16_khz()).unwrap(), Mode::Eval).unwrap();
    for (ours, theirs) in rates.to_vec_f32().iter().zip(file["y"].to_vec_f32()) {
        assert!((ours - theirs).abs() < 2e-5, "{ours} {theirs}");
    }
    let grads = (rates - &file["target"]).unwrap().sqr().unwrap().mean_all().unwrap().backward().unwrap();
    gradients_agree("stimulus", grads.get(&sound).unwrap(), &file["dx"].to_vec_f32());
    let mut n_compared = 0;
    for parameter in model.params().trained() {
        if let Some(expected) = file.get(&format!("grad.{}", theirs(&parameter.name))) {
            let ours = grads.get(parameter.var.as_tensor()).unwrap();
            gradients_agree(&parameter.name, ours, &expected.to_vec_f32());
            n_compared += 1;
        }
    }
    // Weight, bias and slope of four convolutions, weight and bias of the readout; cut-offs are in other units.
    assert_eq!(n_compared, 4 * 3 + 2);
}

mod needs_fixtures {
    #[test]
    #[ignore = "needs STATENET_FIXTURES"]
    fn front_ends() {
        let file = crate::outside::folder("STATENET_FIXTURES", "fixtures").join("front_ends.safetensors");
        super::agrees(&candle_core::safetensors::load(file, &candle_core::Device::Cpu).unwrap());
    }
}
