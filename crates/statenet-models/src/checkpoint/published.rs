//! Folders that the published implementation (deepSTRF 0.1.0) wrote, read by their names.
//!
//! Its `config.json` is flat, names the class in `_model_class`, and leaves out nested parts (the output curve, the
//! prefilter); the names of the tensors tell the output curve. It does not record dt, which these models do not need;
//! 5 ms is assumed.

use std::{collections::BTreeMap, path::Path};

use candle_core::{DType, Device, Tensor};
use serde_json::Value;
use statenet_core::{Axes, Seed, TimeBin};

use super::{Card, Checkpoint, tensors};
use crate::{
    activations::ActivationConfig,
    backbones::{BackboneConfig, GatedConfig, LmuConfig, MambaConfig, S4Config},
    build::Registry,
    config::{Architecture, ModelConfig, PipelineConfig},
    cores::{Conv2dConfig, CoreConfig, DnetConfig, NrfConfig, StatenetConfig, TransformerConfig},
    encoders::{EncoderConfig, LocalInit, LocallyConnectedConfig, PlacesConfig},
    error::{During, Error, Result},
    leak::{LeakConfig, LeakGain},
    prefilters::{AdaptransConfig, IcAdaptationConfig, PrefilterConfig},
    readouts::{LinearReadoutConfig, NormConfig, ReadoutConfig, StrfReadoutConfig},
    strfs::{GaussiansConfig, SeparableConfig, StrfConfig},
};

const CLASS: &str = "_model_class";
const CLASSES: &str =
    "Linear, LinearNonlinear, NetworkReceptiveField, DNet, ConvNet2D, Transformer and StateNet";
const DT_MS: f64 = 5.0;

/// Whether a config was written by the published implementation.
pub(super) fn is_published(config: &Value) -> bool {
    config.get(CLASS).is_some()
}

pub(super) fn load(config: &Value, path: &Path, tensors_path: &Path, device: &Device) -> Result<Checkpoint> {
    let theirs = Fields { config, path };
    let mut values = tensors::read(tensors_path, device)?;
    let activation = activation(&values);
    let prefilter = prefilter(&values);
    let (mut config, names) = match theirs.text(CLASS)? {
        "Linear" | "LinearNonlinear" => strf_model(&theirs, activation, &values)?,
        "NetworkReceptiveField" => nrf(&theirs, activation, &values)?,
        "DNet" => dnet(&theirs, activation, &values)?,
        "ConvNet2D" => conv2d(&theirs, activation)?,
        "Transformer" => transformer(&theirs, activation)?,
        "StateNet" => statenet(&theirs, activation, kernel_bins(&values)?)?,
        other => {
            return Err(theirs.unreadable(&format!("{CLASS} {other:?}"), CLASSES));
        }
    };
    if let Architecture::Pipeline(pipeline) = &mut config.model {
        pipeline.prefilter = prefilter;
    }
    values.retain(|name, _| !UNUSED.contains(&name.as_str()));
    let model = Registry::new().build(&config, Seed::new(0), DType::F32, device)?;
    let ours = |(name, value): (String, Tensor)| {
        let name = rename(&name, &names);
        let shape = model.params().get(&name).map(|param| param.var.dims());
        let value = shape.map_or(Ok(value.clone()), |shape| without_ones(value, shape))?;
        Ok((name, value))
    };
    let renamed = values.into_iter().map(ours).collect::<Result<BTreeMap<String, Tensor>>>()?;
    model.params().load(&renamed, &tensors_path.display().to_string())?;
    Ok(Checkpoint { model, card: Card::default() })
}

/// What they save and we compute from the config, or do not need.
const UNUSED: [&str; 5] = [
    "readout.bn.num_batches_tracked",
    "pos_encoding.div_term",
    "rnn.cell.A",
    "rnn.cell.B",
    "rnn.layer.kernel.l_kernel",
];

/// The bins for which an S4 stores its C; they say 0 before the first sound.
fn kernel_bins(values: &BTreeMap<String, Tensor>) -> Result<Option<usize>> {
    let Some(bins) = values.get("rnn.layer.kernel.l_kernel") else { return Ok(None) };
    let bins = bins.to_dtype(DType::I64).and_then(|bins| bins.flatten_all()?.to_vec1::<i64>());
    let bins = bins.during("reading the length of a kernel")?;
    Ok(bins.first().and_then(|&bins| usize::try_from(bins).ok()).filter(|&bins| bins > 0))
}

/// A value in our shape, if the two differ in axes of one entry only.
fn without_ones(value: Tensor, shape: &[usize]) -> Result<Tensor> {
    let long = |dims: &[usize]| dims.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
    if long(value.dims()) == long(shape) {
        value.reshape(shape).during("dropping axes of one entry")
    } else {
        Ok(value)
    }
}

/// Prefixes of theirs and ours; the first that fits is replaced.
type Names = Vec<(&'static str, &'static str)>;

const EVERYWHERE: [(&str, &str); 5] = [
    ("prefiltering.", "prefilter."),
    ("readout.activation._raw_beta", "readout.activation.raw_beta"),
    ("readout.activation._raw_a", "readout.activation.raw_a"),
    ("readout.activation._raw_b", "readout.activation.raw_b"),
    ("readout.activation.", "readout.activation."),
];

const BACKBONE: [(&str, &str); 6] = [
    ("rnn.cell.", "core.backbone."),
    ("rnn.layer.kernel.inv_dt", "core.backbone.kernel.log_dt"),
    ("rnn.layer.kernel.A_real", "core.backbone.kernel.log_A_real"),
    ("rnn.layer.", "core.backbone."),
    ("rnn.output_linear.0.", "core.backbone.output_linear."),
    ("rnn.", "core.backbone."),
];

fn rename(name: &str, names: &Names) -> String {
    for (theirs, ours) in names.iter().chain(&EVERYWHERE) {
        if let Some(rest) = name.strip_prefix(theirs) {
            return format!("{ours}{rest}");
        }
    }
    name.to_owned()
}

/// The output curve, told by the names of its parameters.
fn activation(values: &BTreeMap<String, Tensor>) -> ActivationConfig {
    let has = |name: &str| values.contains_key(&format!("readout.activation.{name}"));
    match (has("_raw_beta"), has("c"), has("k")) {
        (true, _, _) => ActivationConfig::softplus(),
        (_, true, _) => ActivationConfig::Sigmoid(Default::default()),
        (_, _, true) => ActivationConfig::DoubleExponential(Default::default()),
        _ => ActivationConfig::Identity,
    }
}

/// The parameterisation of receptive fields, told by the names of its parameters.
fn strf(values: &BTreeMap<String, Tensor>, prefix: &str, lags: usize) -> StrfConfig {
    let last_axis =
        |name: &str| values.get(&format!("{prefix}{name}")).and_then(|t| t.dims().last().copied());
    match (last_axis("weight_f"), last_axis("P")) {
        (Some(rank), _) => StrfConfig::Separable(SeparableConfig { lags, rank }),
        (_, Some(n_gaussians)) => StrfConfig::Gaussians(GaussiansConfig { lags, n_gaussians }),
        _ => StrfConfig::full(lags),
    }
}

const HIDDEN_FIELDS: [(&str, &str); 3] =
    [("core.0.kernel.", "core.strf."), ("core.1.ln.", "core.norm."), ("core.3.", "core.leak.")];

fn nrf(
    theirs: &Fields<'_>,
    activation: ActivationConfig,
    values: &BTreeMap<String, Tensor>,
) -> Result<(ModelConfig, Names)> {
    let strf = strf(values, "core.0.kernel.", theirs.count("temporal_window_size")?);
    let core = CoreConfig::Nrf(NrfConfig { hidden: theirs.count("n_hidden")?, strf });
    Ok((hidden_model(theirs, core, activation)?, HIDDEN_FIELDS.to_vec()))
}

fn dnet(
    theirs: &Fields<'_>,
    activation: ActivationConfig,
    values: &BTreeMap<String, Tensor>,
) -> Result<(ModelConfig, Names)> {
    const BINS_PER_TAU: f64 = 7.0;
    let strf = strf(values, "core.0.kernel.", theirs.count("temporal_window_size")?);
    let number = |field: &str| theirs.config.get(field).and_then(Value::as_f64);
    let initial_tau = number("init_tau").unwrap_or(2.0);
    let scaled = theirs.config.get("decay_input").and_then(Value::as_bool).unwrap_or(true);
    let leak = LeakConfig {
        initial_tau,
        gain: if scaled { LeakGain::Tau } else { LeakGain::One },
        truncate: Some((BINS_PER_TAU * initial_tau).round() as usize),
    };
    let core = CoreConfig::Dnet(DnetConfig { hidden: theirs.count("n_hidden")?, strf, leak });
    Ok((hidden_model(theirs, core, activation)?, HIDDEN_FIELDS.to_vec()))
}

fn conv2d(theirs: &Fields<'_>, activation: ActivationConfig) -> Result<(ModelConfig, Names)> {
    let unreadable = || theirs.unreadable("no kernel_size", "two whole numbers");
    let kernel = theirs.config.get("kernel_size").and_then(Value::as_array).ok_or_else(unreadable)?;
    let size = |i: usize| {
        let n = kernel.get(i).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        n.ok_or_else(unreadable)
    };
    let core = CoreConfig::Conv2d(Conv2dConfig {
        layers: 3,
        channels: theirs.count("c_hidden")?,
        kernel_bands: size(0)?,
        kernel_bins: size(1)?,
        hidden: theirs.count("n_hidden")?,
    });
    let names = vec![
        ("core.1.", "core.conv.0."),
        ("core.2.ln.", "core.norm.0."),
        ("core.4.", "core.conv.1."),
        ("core.5.ln.", "core.norm.1."),
        ("core.7.", "core.conv.2."),
        ("core.8.ln.", "core.norm.2."),
        ("readout.fc.0.", "core.hidden."),
        ("readout.fc.2.", "readout.fc."),
    ];
    Ok((hidden_model(theirs, core, activation)?, names))
}

fn transformer(theirs: &Fields<'_>, activation: ActivationConfig) -> Result<(ModelConfig, Names)> {
    let optional = |field: &str| match theirs.config.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => theirs.count(field).map(Some),
    };
    let core = CoreConfig::Transformer(TransformerConfig {
        embedding: theirs.count("embedding_dim")?,
        heads: theirs.count("n_heads")?,
        layers: theirs.count("n_layers")?,
        patch_bands: optional("freq_patch_size")?,
        patch_bins: theirs.count("time_patch_size")?,
        window: optional("context_window")?,
        ..TransformerConfig::default()
    });
    let names = vec![("patchify.", "core.patchify."), ("tsfm.", "core.")];
    Ok((hidden_model(theirs, core, activation)?, names))
}

/// A core and a linear readout.
fn hidden_model(theirs: &Fields<'_>, core: CoreConfig, activation: ActivationConfig) -> Result<ModelConfig> {
    let readout = ReadoutConfig::Linear(LinearReadoutConfig { leak: None, activation });
    let pipeline = PipelineConfig { prefilter: PrefilterConfig::None, core, readout };
    Ok(ModelConfig::pipeline(&theirs.axes()?, pipeline))
}

/// The prefilter, told by the names of its parameters, which also say how fast it adapts.
fn prefilter(values: &BTreeMap<String, Tensor>) -> PrefilterConfig {
    let has = |name: &str| values.contains_key(&format!("prefiltering.{name}"));
    match (has("d_on"), has("a")) {
        (true, _) => PrefilterConfig::Adaptrans(AdaptransConfig::default()),
        (_, true) => PrefilterConfig::IcAdaptation(IcAdaptationConfig::default()),
        _ => PrefilterConfig::None,
    }
}

fn strf_model(
    theirs: &Fields<'_>,
    activation: ActivationConfig,
    values: &BTreeMap<String, Tensor>,
) -> Result<(ModelConfig, Names)> {
    let strf = strf(values, "readout.strf.kernel.", theirs.count("temporal_window_size")?);
    let readout = ReadoutConfig::Strf(StrfReadoutConfig { strf, norm: NormConfig::Batch, activation });
    let pipeline = PipelineConfig { prefilter: PrefilterConfig::None, core: CoreConfig::None, readout };
    let names = vec![("readout.strf.kernel.", "readout.strf."), ("readout.bn.", "readout.norm.")];
    Ok((ModelConfig::pipeline(&theirs.axes()?, pipeline), names))
}

fn statenet(
    theirs: &Fields<'_>,
    activation: ActivationConfig,
    kernel_bins: Option<usize>,
) -> Result<(ModelConfig, Names)> {
    let channels = theirs.count("hidden_channels")?;
    let (kernel, stride) = (theirs.count("kernel_size")?, theirs.count("stride")?);
    let places = PlacesConfig { channels, kernel, stride };
    let (encoder, mut names) = match theirs.text("connectivity")? {
        "LC" => {
            let config = LocallyConnectedConfig { channels, kernel, stride, init: LocalInit::Positive };
            let names = vec![("encoder_layers.0.", "core.encoder."), ("encoder_layers.1.ln.", "core.norm.")];
            (EncoderConfig::LocallyConnected(config), names)
        }
        "FC" => {
            let names = vec![("encoder_layers.1.", "core.encoder."), ("encoder_layers.3.ln.", "core.norm.")];
            (EncoderConfig::Dense(places), names)
        }
        "CONV" => {
            let names = vec![("encoder_layers.0.", "core.encoder."), ("encoder_layers.1.ln.", "core.norm.")];
            (EncoderConfig::Convolution(places), names)
        }
        other => return Err(theirs.unreadable(&format!("connectivity {other:?}"), "LC, FC or CONV")),
    };
    names.extend(BACKBONE);
    let gated = GatedConfig::default;
    let backbone = match theirs.text("rnn_type")? {
        "GRU" => BackboneConfig::Gru(gated()),
        "LSTM" => BackboneConfig::Lstm(gated()),
        "RNN" | "vanilla" => BackboneConfig::Rnn(gated()),
        "LMU" => BackboneConfig::Lmu(LmuConfig::default()),
        "Mamba" => BackboneConfig::Mamba(MambaConfig::default()),
        "S4" => BackboneConfig::S4(S4Config { kernel_bins, ..S4Config::default() }),
        other => {
            return Err(theirs
                .unreadable(&format!("rnn_type {other:?}"), "GRU, LSTM, RNN, vanilla, LMU, Mamba and S4"));
        }
    };
    let core = CoreConfig::Statenet(StatenetConfig { encoder, backbone, ..StatenetConfig::default() });
    Ok((hidden_model(theirs, core, activation)?, names))
}

/// The fields of a published config, with errors that name them.
struct Fields<'a> {
    config: &'a Value,
    path: &'a Path,
}

impl Fields<'_> {
    fn unreadable(&self, found: &str, readable: &str) -> Error {
        let reason = format!("a published model with {found}, readable are {readable}");
        Error::ConfigText { origin: self.path.display().to_string(), reason }
    }

    fn text(&self, field: &str) -> Result<&str> {
        self.config
            .get(field)
            .and_then(Value::as_str)
            .ok_or_else(|| self.unreadable(&format!("no {field}"), "texts"))
    }

    fn count(&self, field: &str) -> Result<usize> {
        let n = self.config.get(field).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        n.ok_or_else(|| self.unreadable(&format!("no {field}"), "whole numbers"))
    }

    fn axes(&self) -> Result<Axes> {
        Ok(Axes::new(
            self.count("n_frequency_bands")?,
            self.count("out_neurons")?,
            TimeBin::from_millis(DT_MS)?,
        ))
    }
}
