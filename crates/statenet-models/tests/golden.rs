//! Agreement with the published implementation: the vectors of SPEC D (computed here from a formula), small cases of every
//! model (`golden/models`), and larger ones that need `STATENET_FIXTURES`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::excessive_precision)]

#[path = "../../statenet-core/tests/outside/mod.rs"]
mod outside;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use candle_core::{DType, Device, Tensor, Var};
use statenet_core::{Axes, Seed, TimeBin};
use statenet_models::{
    CheckpointMetadata, Mode, ModelConfig, PipelineConfig,
    activations::{ActivationConfig, CurveConfig},
    backbones::{BackboneConfig, GatedConfig, LmuConfig, MambaConfig, S4Config, S4dConfig},
    checkpoint,
    cores::{Conv2dConfig, CoreConfig, DnetConfig, NrfConfig, StatenetConfig, TransformerConfig},
    encoders::{EncoderConfig, LocallyConnectedConfig, PlacesConfig},
    layers::leaky_integrator::LeakConfig,
    prefilters::{AdaptransConfig, IcAdaptationConfig, PrefilterConfig},
    readouts::{LinearReadoutConfig, NormConfig, ReadoutConfig, StrfReadoutConfig},
    strfs::{GaussiansConfig, SeparableConfig, StrfConfig},
    zoo,
};

/// The published numbers are in f32, computed with another order of sums.
const OUTPUT_TOLERANCE: f32 = 2e-5;
/// Relative to the largest entry of each gradient.
const GRADIENT_TOLERANCE: f32 = 1e-4;

fn axes() -> Axes {
    Axes::new(34, 2, TimeBin::from_millis(5.0).unwrap())
}

fn strf(activation: ActivationConfig) -> ModelConfig {
    with_field(StrfConfig::full(9), activation)
}

fn with_field(strf: StrfConfig, activation: ActivationConfig) -> ModelConfig {
    let readout = StrfReadoutConfig { strf, norm: NormConfig::Batch, activation };
    let readout = ReadoutConfig::Strf(readout);
    ModelConfig::pipeline(&axes(), PipelineConfig::new(CoreConfig::None, readout))
}

fn with_backbone(backbone: BackboneConfig) -> ModelConfig {
    statenet(EncoderConfig::default(), backbone, ActivationConfig::softplus())
}

fn gated() -> GatedConfig {
    GatedConfig::default()
}

fn statenet(encoder: EncoderConfig, backbone: BackboneConfig, activation: ActivationConfig) -> ModelConfig {
    let core = CoreConfig::Statenet(StatenetConfig { encoder, backbone, ..StatenetConfig::default() });
    let readout = ReadoutConfig::Linear(LinearReadoutConfig { activation, ..Default::default() });
    ModelConfig::pipeline(&axes(), PipelineConfig::new(core, readout))
}

/// Parameter tensor number k holds 0.3 sin(0.37 i + 0.11 k), the sound is 0.5 + 0.5 sin(0.3 f + 0.9 t).
/// Expected: neuron 0 at bins 0, 5, 11, then neuron 1.
fn agrees_with_spec_d(name: &str, config: &ModelConfig, expected: [f32; 6]) {
    let model = config.build(Seed::new(0), &Device::Cpu).unwrap();
    let mut values = model.params().snapshot().unwrap();
    for (k, param) in model.params().trained().enumerate() {
        let filled: Vec<f32> = (0..param.var.elem_count())
            .map(|i| (0.3 * (0.37 * i as f64 + 0.11 * k as f64).sin()) as f32)
            .collect();
        values.insert(param.name.clone(), Tensor::from_vec(filled, param.var.dims(), &Device::Cpu).unwrap());
    }
    model.params().load(&values, "SPEC D").unwrap();
    let sound: Vec<f32> = (0..34 * 12)
        .map(|i| (0.5 + 0.5 * (0.3 * f64::from(i / 12) + 0.9 * f64::from(i % 12)).sin()) as f32)
        .collect();
    let sound = Tensor::from_vec(sound, (1, 1, 34, 12), &Device::Cpu).unwrap();
    let rates = model.forward(&sound, Mode::Eval).unwrap().squeeze(0).unwrap().to_vec2::<f32>().unwrap();
    let got = [0, 1].map(|n| [0, 5, 11].map(|t: usize| rates[n][t])).concat();
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < OUTPUT_TOLERANCE, "{name}: {got} {expected}");
    }
}

#[test]
fn spec_d_holds_for_receptive_fields() {
    let cases = [
        ("linear", ActivationConfig::Identity, [0.100327, 0.115276, 0.102933, 0.218184, 0.261509, 0.221600]),
        ("ln", ActivationConfig::softplus(), [1.738883, 1.746663, 1.740236, 1.791679, 1.815433, 1.793538]),
    ];
    for (name, activation, expected) in cases {
        agrees_with_spec_d(name, &strf(activation), expected);
    }
}

#[test]
fn spec_d_holds_for_statenet() {
    let local = || EncoderConfig::LocallyConnected(LocallyConnectedConfig::default());
    let places = PlacesConfig::default;
    let (softplus, curve) = (ActivationConfig::softplus, CurveConfig::default);
    let cases = [
        ("lc", local(), softplus(), [2.267620, 2.248663, 2.124952, 3.107901, 3.358697, 3.374502]),
        (
            "fc",
            EncoderConfig::Dense(places()),
            softplus(),
            [2.263113, 2.230841, 2.082664, 3.239844, 3.411153, 3.460397],
        ),
        (
            "conv",
            EncoderConfig::Convolution(places()),
            softplus(),
            [2.287383, 2.222172, 2.132697, 3.210160, 3.390359, 3.431644],
        ),
        (
            "sigmoid",
            local(),
            ActivationConfig::Sigmoid(curve()),
            [1.641619, 1.635956, 1.583788, 1.700659, 1.702097, 1.702149],
        ),
        (
            "double exponential",
            local(),
            ActivationConfig::DoubleExponential(curve()),
            [1.169927, 1.172209, 1.187509, 1.065872, 1.040746, 1.039221],
        ),
    ];
    for (name, encoder, activation, expected) in cases {
        agrees_with_spec_d(name, &statenet(encoder, BackboneConfig::default(), activation), expected);
    }
}

fn separable() -> StrfConfig {
    StrfConfig::Separable(SeparableConfig { lags: 9, rank: 1 })
}

fn gaussians(n_gaussians: usize) -> StrfConfig {
    StrfConfig::Gaussians(GaussiansConfig { lags: 9, n_gaussians })
}

fn hidden_fields(core: CoreConfig, activation: ActivationConfig) -> ModelConfig {
    let readout = ReadoutConfig::Linear(LinearReadoutConfig { activation, ..Default::default() });
    ModelConfig::pipeline(&axes(), PipelineConfig::new(core, readout))
}

fn cnn2d() -> ModelConfig {
    hidden_fields(CoreConfig::Conv2d(Conv2dConfig::default()), ActivationConfig::softplus())
}

fn transformer(config: TransformerConfig) -> ModelConfig {
    hidden_fields(CoreConfig::Transformer(config), ActivationConfig::Identity)
}

#[test]
fn spec_d_holds_for_the_convolutional_network_and_transformers() {
    let windowed = TransformerConfig {
        patch_bands: Some(17),
        patch_bins: 3,
        heads: 2,
        layers: 2,
        window: Some(4),
        ..TransformerConfig::default()
    };
    let cases = [
        ("cnn2d", cnn2d(), [2.232076, 2.231045, 2.231448, 1.942669, 1.944304, 1.926276]),
        (
            "transformer",
            transformer(TransformerConfig::default()),
            [2.493859, 2.497223, 2.498015, 1.649820, 1.648362, 1.646957],
        ),
        (
            "windowed transformer",
            transformer(windowed),
            [4.234352, 4.234354, 4.234354, -2.012804, -2.012803, -2.012806],
        ),
    ];
    for (name, config, expected) in cases {
        agrees_with_spec_d(name, &config, expected);
    }
}

fn nrf() -> ModelConfig {
    let core = CoreConfig::Nrf(NrfConfig { hidden: 20, strf: StrfConfig::full(9) });
    hidden_fields(core, ActivationConfig::softplus())
}

fn dnet() -> ModelConfig {
    let leak = LeakConfig { truncate: Some(14), ..LeakConfig::default() };
    let core = CoreConfig::Dnet(DnetConfig { hidden: 20, strf: StrfConfig::full(9), leak });
    hidden_fields(core, ActivationConfig::Identity)
}

#[test]
fn spec_d_holds_for_hidden_fields_and_parameterisations() {
    let cases = [
        ("nrf", nrf(), [2.259661, 2.277756, 2.265894, 2.062415, 2.030486, 2.073266]),
        ("dnet", dnet(), [0.750803, 0.756080, 0.753044, 0.737382, 0.721800, 0.742013]),
        (
            "separable",
            with_field(separable(), ActivationConfig::Identity),
            [0.135847, 0.243830, 0.153242, 0.254904, 0.001414, 0.252292],
        ),
        (
            "gaussians",
            with_field(gaussians(3), ActivationConfig::Identity),
            [0.169228, 0.169228, 0.209580, 0.280674, 0.280674, 0.400615],
        ),
    ];
    for (name, config, expected) in cases {
        agrees_with_spec_d(name, &config, expected);
    }
}

#[test]
fn spec_d_holds_for_the_backbones() {
    let cases = [
        (BackboneConfig::Lstm(gated()), [1.886241, 1.775019, 1.806084, 2.415820, 2.479693, 2.466200]),
        (BackboneConfig::Rnn(gated()), [5.497599, 2.917822, 3.148921, 4.190307, 2.895948, 3.033414]),
        (
            BackboneConfig::Lmu(LmuConfig::default()),
            [1.733423, 1.931797, 1.940787, 1.893498, 2.084906, 2.097531],
        ),
        (
            BackboneConfig::Mamba(MambaConfig::default()),
            [2.338216, 2.367154, 2.426720, 1.481362, 1.303420, 1.194597],
        ),
    ];
    for (backbone, expected) in cases {
        agrees_with_spec_d(backbone.name(), &with_backbone(backbone.clone()), expected);
    }
}

#[test]
fn parameter_counts_are_the_published_ones() {
    let count = |config: ModelConfig, n_neurons: usize| {
        let axes = Axes { n_neurons, ..axes() };
        config.for_axes(&axes).build(Seed::new(0), &Device::Cpu).unwrap().params().n_trained()
    };
    let places = PlacesConfig::default;
    let softplus = ActivationConfig::softplus;
    let both = |config: ModelConfig| (count(config.clone(), 1), count(config, 119));
    assert_eq!(both(strf(ActivationConfig::Identity)), (309, 36_771));
    assert_eq!(both(strf(softplus())), (311, 37_009));
    assert_eq!(both(nrf()), (6_203, 8_917));
    assert_eq!(both(cnn2d()), (11_403, 14_117));
    assert_eq!(both(transformer(TransformerConfig::default())), (30_001, 35_783));
    assert_eq!(both(dnet()), (6_221, 8_699));
    assert_eq!(both(with_field(separable(), ActivationConfig::Identity)).0, 34 + 9 + 1 + 2);
    assert_eq!(both(with_field(gaussians(3), ActivationConfig::Identity)).0, 15 + 1 + 2);
    let gru = |encoder| statenet(encoder, BackboneConfig::default(), softplus());
    assert_eq!(both(gru(EncoderConfig::Dense(places()))), (32_357, 40_971));
    assert_eq!(both(gru(EncoderConfig::Convolution(places()))), (29_963, 38_577));
    assert_eq!(both(zoo::statenet_gru_adaptrans(&axes())).1, 39_673);
    // The published implementation has no subLSTM and no S4D: theirs are by our formulas.
    for (backbone, n_one, n_all) in [
        (BackboneConfig::Gru(gated()), 30_467, 39_081),
        (BackboneConfig::Lstm(gated()), 40_407, 49_021),
        (BackboneConfig::Sublstm(gated()), 40_407, 49_021),
        (BackboneConfig::Rnn(gated()), 10_587, 19_201),
        (BackboneConfig::Lmu(LmuConfig::default()), 19_675, 28_289),
        (BackboneConfig::Mamba(MambaConfig::default()), 39_147, 47_761),
        (BackboneConfig::S4(S4Config::default()), 28_647, 37_261),
        (BackboneConfig::S4d(S4dConfig::default()), 19_687, 28_301),
    ] {
        assert_eq!(both(with_backbone(backbone.clone())), (n_one, n_all), "{}", backbone.name());
    }
}

/// A folder of this crate's own cases.
fn golden(below: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(below)
}

fn fixtures() -> PathBuf {
    outside::folder("STATENET_FIXTURES", "fixtures")
}

fn largest_difference(a: &Tensor, b: &Tensor) -> (f32, f32) {
    let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let (a, b) = (values(a), values(b));
    assert_eq!(a.len(), b.len());
    let worst = a.iter().zip(&b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
    (worst, b.iter().map(|y| y.abs()).fold(0.0, f32::max))
}

/// Values under the published names, under ours: written as a published checkpoint, they are read back by our reader.
fn under_our_names(values: BTreeMap<String, Tensor>, from: &std::path::Path) -> BTreeMap<String, Tensor> {
    let folder = tempfile::tempdir().unwrap();
    let mut all = candle_core::safetensors::load(from.join("model.safetensors"), &Device::Cpu).unwrap();
    all.extend(values);
    candle_core::safetensors::save(&all, folder.path().join("model.safetensors")).unwrap();
    std::fs::copy(from.join("config.json"), folder.path().join("config.json")).unwrap();
    checkpoint::load(folder.path(), &Device::Cpu).unwrap().model.params().snapshot().unwrap()
}

/// Outputs and gradients of the model in a folder.
fn agrees(folder: &Path) {
    let name = folder.display();
    let model = checkpoint::load(folder, &Device::Cpu).unwrap().model;
    let io = candle_core::safetensors::load(folder.join("io.safetensors"), &Device::Cpu).unwrap();
    let x = Var::from_tensor(&io["x"]).unwrap();
    let y = model.forward(x.as_tensor(), Mode::Eval).unwrap();
    let (worst, _) = largest_difference(&y, &io["y"]);
    assert!(worst < OUTPUT_TOLERANCE, "{name}: outputs differ by {worst}");

    let loss = (y - &io["target"]).unwrap().sqr().unwrap().mean_all().unwrap();
    let grads = loss.backward().unwrap();
    let theirs =
        io.iter().filter_map(|(k, v)| Some((k.strip_prefix("grad.")?.to_owned(), v.clone()))).collect();
    let expected = under_our_names(theirs, folder);
    let ours = model.params().trained().map(|p| (p.name.clone(), grads.get(p.var.as_tensor()).unwrap()));
    let stimulus = ("stimulus".to_owned(), grads.get(x.as_tensor()).unwrap());
    for (parameter, grad) in ours.chain([stimulus]) {
        let expected = expected.get(&parameter).unwrap_or(&io["dx"]);
        let (worst, largest) = largest_difference(grad, expected);
        assert!(
            worst <= GRADIENT_TOLERANCE * largest,
            "{name}: d {parameter} differs by {worst} of {largest}"
        );
    }
}

/// Written back in the published form, a folder has the tensors that it had, and no field that differs.
fn is_written_back(theirs: &Path) {
    let (name, ours) = (theirs.display(), tempfile::tempdir().unwrap());
    let model = checkpoint::load(theirs, &Device::Cpu).unwrap().model;
    checkpoint::save_published(ours.path(), &*model, &CheckpointMetadata::default()).unwrap();
    let tensors = |f: &Path, file: &str| candle_core::safetensors::load(f.join(file), &Device::Cpu).unwrap();
    let mut expected = tensors(theirs, "model.safetensors");
    let mut written = tensors(ours.path(), "model.safetensors");
    // Of large matrices that follow from the config, a small case keeps the first rows.
    for (tensor, rows) in tensors(theirs, "io.safetensors") {
        if let Some(tensor) = tensor.strip_prefix("rows.") {
            let first = written[tensor].narrow(0, 0, rows.dim(0).unwrap()).unwrap();
            written.insert(tensor.to_owned(), first);
            expected.insert(tensor.to_owned(), rows);
        }
    }
    let names = |tensors: &HashMap<String, Tensor>| tensors.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&written), names(&expected), "{name}");
    for (tensor, expected) in &expected {
        let written = &written[tensor];
        assert_eq!(
            (written.dims(), written.dtype()),
            (expected.dims(), expected.dtype()),
            "{name}: {tensor}"
        );
        let single = |t: &Tensor| t.to_dtype(DType::F32).unwrap();
        let (worst, largest) = largest_difference(&single(written), &single(expected));
        assert!(worst <= 1e-6 * largest, "{name}: {tensor} differs by {worst} of {largest}");
    }
    let config = |f: &Path| -> BTreeMap<String, serde_json::Value> {
        serde_json::from_str(&std::fs::read_to_string(f.join("config.json")).unwrap()).unwrap()
    };
    let expected = config(theirs);
    for (field, written) in config(ours.path()) {
        assert_eq!(Some(&written), expected.get(&field), "{name}: {field}");
    }
}

fn check(folder: &Path) {
    agrees(folder);
    is_written_back(folder);
}

/// Each model in a small case, for everybody, and in a larger one of the fixtures.
macro_rules! cases {
    ($($test:ident: $folder:literal;)*) => {
        mod small {
            $(#[test]
            fn $test() {
                super::check(&super::golden("models").join($folder));
            })*
        }

        mod needs_fixtures {
            $(#[test]
            #[ignore = "needs STATENET_FIXTURES"]
            fn $test() {
                super::check(&super::fixtures().join("models").join($folder));
            })*

            #[test]
            #[ignore = "needs STATENET_FIXTURES"]
            fn prefilters() {
                super::prefilters_agree(&super::fixtures().join("prefilters.safetensors"));
            }
        }
    };
}
cases! {
    linear: "linear";
    ln: "ln";
    linear_separable: "linear-separable";
    linear_gaussians: "linear-gaussians";
    ln_ic: "ln-ic";
    statenet_gru_adaptrans: "statenet-gru-adaptrans";
    nrf: "nrf";
    dnet: "dnet";
    cnn2d: "cnn2d";
    transformer: "transformer";
    transformer_windowed: "transformer-windowed";
    statenet_gru: "statenet-gru";
    statenet_lstm: "statenet-lstm";
    statenet_rnn: "statenet-rnn";
    statenet_lmu: "statenet-lmu";
    statenet_mamba: "statenet-mamba";
    statenet_s4: "statenet-s4";
    statenet_gru_fc: "statenet-gru-fc";
    statenet_gru_conv: "statenet-gru-conv";
    statenet_gru_sigmoid: "statenet-gru-sigmoid";
    statenet_gru_doubleexp: "statenet-gru-doubleexp";
}

#[test]
fn dnet_whose_decay_does_not_scale_its_input() {
    check(&golden("models/dnet-unscaled"));
}

/// What a prefilter gives, (C F, T), read by neurons with one weight of 1 each.
fn prefiltered(prefilter: PrefilterConfig, channels: usize, dt_ms: f64, x: &Tensor) -> Vec<Vec<f32>> {
    let (_, _, n_bands, _) = x.dims4().unwrap();
    let n = channels * n_bands;
    let readout = StrfReadoutConfig {
        strf: StrfConfig::full(1),
        norm: NormConfig::None,
        activation: ActivationConfig::Identity,
    };
    let readout = ReadoutConfig::Strf(readout);
    let axes = Axes::new(n_bands, n, TimeBin::from_millis(dt_ms).unwrap());
    let config = ModelConfig::pipeline(
        &axes,
        PipelineConfig { prefilter, ..PipelineConfig::new(CoreConfig::None, readout) },
    );
    let model = config.build(Seed::new(0), &Device::Cpu).unwrap();
    let mut values = model.params().snapshot().unwrap();
    let one_each = Tensor::eye(n, candle_core::DType::F32, &Device::Cpu).unwrap();
    values.insert("readout.strf.weight".into(), one_each.reshape((n, channels, n_bands, 1)).unwrap());
    values
        .insert("readout.strf.bias".into(), Tensor::zeros(n, candle_core::DType::F32, &Device::Cpu).unwrap());
    model.params().load(&values, "one weight each").unwrap();
    model.forward(x, Mode::Eval).unwrap().squeeze(0).unwrap().to_vec2().unwrap()
}

fn adaptrans() -> PrefilterConfig {
    PrefilterConfig::Adaptrans(AdaptransConfig::default())
}

fn ic_adaptation() -> PrefilterConfig {
    PrefilterConfig::IcAdaptation(IcAdaptationConfig::default())
}

#[test]
fn spec_d_holds_for_prefilters() {
    let sound: Vec<f32> = (0..34 * 12)
        .map(|i| (0.5 + 0.5 * (0.3 * f64::from(i / 12) + 0.9 * f64::from(i % 12)).sin()) as f32)
        .collect();
    let sound = Tensor::from_vec(sound, (1, 1, 34, 12), &Device::Cpu).unwrap();
    let (both, one) =
        (prefiltered(adaptrans(), 2, 5.0, &sound), prefiltered(ic_adaptation(), 1, 5.0, &sound));
    let cases = [
        (&both[0], [0.125, 0.0, 0.0]),
        (&both[33], [0.067_808, 0.739_915, 0.637_323]),
        (&both[34], [0.125, 0.510_239, 0.319_192]),
        (&both[67], [0.067_808, 0.0, 0.0]),
        (&one[0], [0.0, 0.0, 0.0]),
        (&one[33], [3e-8, 0.658_944, 0.547_485]),
    ];
    for (row, expected) in cases {
        for (t, expected) in [0, 5, 11].into_iter().zip(expected) {
            assert!((row[t] - expected).abs() < OUTPUT_TOLERANCE, "{} {expected}", row[t]);
        }
    }
}

/// Prefilters of a file with a cochleagram and what they make of it in bins of 5 and 10 ms.
fn prefilters_agree(file: &Path) {
    let io = candle_core::safetensors::load(file, &Device::Cpu).unwrap();
    let cases = [("adaptrans", adaptrans(), 2), ("willmore", ic_adaptation(), 1)];
    for (name, prefilter, channels) in cases {
        for dt in [5, 10] {
            let ours = prefiltered(prefilter.clone(), channels, f64::from(dt), &io["x"]).concat();
            let theirs = io[&format!("{name}.dt{dt}")].flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < OUTPUT_TOLERANCE, "{name} at {dt} ms: {worst}");
        }
    }
}

#[test]
fn small_prefilters() {
    prefilters_agree(&golden("prefilters/case.safetensors"));
}

mod needs_fixtures_and_needs_ns1 {
    use super::*;

    #[test]
    #[ignore = "needs STATENET_FIXTURES and STATENET_NS1"]
    fn the_published_network_predicts_the_same() {
        let folder = fixtures().join("trained/ns1-statenet-gru");
        let recording = outside::folder("STATENET_NS1", "data/ns1").join("stimuli");
        let model = checkpoint::load(&folder, &Device::Cpu).unwrap().model;
        let io = candle_core::safetensors::load(folder.join("io.safetensors"), &Device::Cpu).unwrap();
        let column = |name: &str| io[name].reshape((34, 1)).unwrap();
        for (row, stimulus) in ["nat18", "nat19", "nat20"].into_iter().enumerate() {
            let sound: ndarray::Array2<f32> =
                ndarray_npy::read_npy(recording.join(format!("{stimulus}.npy"))).unwrap();
            let sound =
                Tensor::from_iter(sound.iter().copied(), &Device::Cpu).unwrap().reshape(sound.dim()).unwrap();
            let sound = sound.broadcast_sub(&column("band_mean")).unwrap();
            let sound = sound.broadcast_div(&column("band_std")).unwrap().reshape((1, 1, 34, 999)).unwrap();
            let rates = model.forward(&sound, Mode::Eval).unwrap();
            let (worst, _) = largest_difference(&rates, &io["test_predictions"].get(row).unwrap());
            assert!(worst < OUTPUT_TOLERANCE, "{stimulus}: {worst}");
        }
        assert_eq!(model.params().n_trained(), 30_467 - 73 + 53 * 73);
    }
}
