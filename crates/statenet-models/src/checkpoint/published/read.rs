//! Reading a published folder.
//!
//! Its config does not record dt, which its models do not need; 5 ms is assumed unless it is given.

use std::{collections::BTreeMap, path::Path};

use candle_core::{DType, Device, Tensor};
use serde_json::Value;
use statenet_core::{Axes, TimeBin};

use super::{
    format::{CLASS, METADATA_FILE, Metadata},
    names::Names,
};
use crate::{
    activations::ActivationConfig,
    backbones::{BackboneConfig, GatedConfig, LmuConfig, MambaConfig, S4Config},
    build::{
        architecture::{Architecture, PipelineConfig},
        model_config::ModelConfig,
        registry::Registry,
    },
    checkpoint::{
        contents::{
            CONFIG_FILE, Checkpoint, CheckpointMetadata, TENSORS_FILE, prefix_warning, with_neuron_ids,
        },
        json::read_json,
    },
    config::text,
    cores::{Conv2dConfig, CoreConfig, DnetConfig, NrfConfig, StatenetConfig, TransformerConfig},
    encoders::{EncoderConfig, LocalInit, LocallyConnectedConfig, PlacesConfig},
    error::{During, Error, Result, config_error},
    layers::leaky_integrator::{LeakConfig, LeakGain},
    params::store::Room,
    prefilters::{AdaptransConfig, IcAdaptationConfig, PrefilterConfig},
    readouts::{LinearReadoutConfig, NormConfig, ReadoutConfig, StrfReadoutConfig},
    strfs::{GaussiansConfig, SeparableConfig, StrfConfig},
    tensors,
};

const CLASSES: &str =
    "Linear, LinearNonlinear, NetworkReceptiveField, DNet, ConvNet2D, Transformer and StateNet";
const DT_MS: f64 = 5.0;

/// Settings that a published config does not record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PublishedOptions {
    /// The prefilter; default: the one whose tensors are there.
    pub prefilter: Option<Prefilter>,
    /// The time bin; default 5 ms.
    pub dt: Option<TimeBin>,
}

/// The prefilters of the published implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefilter {
    /// AdapTrans (Rançon et al. 2024).
    Adaptrans,
    /// IC adaptation (Willmore et al. 2016).
    Ic,
}

impl std::fmt::Display for Prefilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Adaptrans => "adaptrans",
            Self::Ic => "ic",
        })
    }
}

/// Loads a published folder, with the settings that its config does not record.
///
/// # Errors
/// As [`load`](crate::checkpoint::load()), and [`Error::Config`] if the tensors are those of another prefilter, or the
/// folder is not a published one.
pub fn load_published(
    folder: impl AsRef<Path>,
    options: &PublishedOptions,
    device: &Device,
) -> Result<Checkpoint> {
    let folder = folder.as_ref();
    let path = folder.join(CONFIG_FILE);
    let config: Value = read_json(&path)?;
    if !is_published(&config) {
        return Err(config_error(CLASS, "missing", format!("a published config, with one of {CLASSES}")));
    }
    read(folder, &config, options, device)
}

/// Whether a config was written by the published implementation.
pub(in crate::checkpoint) fn is_published(config: &Value) -> bool {
    config.get(CLASS).is_some()
}

pub(in crate::checkpoint) fn read(
    folder: &Path,
    config: &Value,
    options: &PublishedOptions,
    device: &Device,
) -> Result<Checkpoint> {
    let (path, tensors_path) = (folder.join(CONFIG_FILE), folder.join(TENSORS_FILE));
    let (mut values, prefix) = tensors::without_prefix(tensors::read(&tensors_path, device)?, &[]);
    let there = prefilter(&values, options.prefilter)?;
    let ((config, metadata), scaling) = match written_by_us(folder)? {
        Some(ours) => (ours.statenet.split()?, ours.input_scaling),
        None => {
            let theirs = Fields { config, path: &path, dt: options.dt };
            ((model_config(&theirs, &values, there)?, CheckpointMetadata::default()), None)
        }
    };
    let config = with_neuron_ids(config, &metadata)?;
    let Architecture::Pipeline(pipeline) = &config.model else {
        return Err(config_error("model", "custom", "a model of the zoo"));
    };
    let names = Names::of(pipeline);
    let room = Room::for_values(&values, tensors_path.display().to_string());
    let mut model = Registry::new().build_for(&config, room, DType::F32, device)?;
    // A normalisation that we added to a model without one, for a published class that always has one.
    let no_norm =
        |name: &str| name.starts_with("readout.bn.") && model.params().get("readout.norm.bias").is_none();
    values.retain(|name, _| !UNUSED.contains(&name.as_str()) && !no_norm(name));
    let ours = |(name, value): (String, Tensor)| {
        let name = names.ours(&name);
        let shape = model.params().get(&name).map(|param| param.var.dims());
        let value = shape.map_or(Ok(value.clone()), |shape| without_ones(value, shape))?;
        Ok((name, value))
    };
    let mut renamed = values.into_iter().map(ours).collect::<Result<BTreeMap<String, Tensor>>>()?;
    let held = model.params().snapshot()?;
    renamed.extend(held.into_iter().filter(|(name, _)| name.starts_with("scaling.")));
    model.params().load(&renamed, &tensors_path.display().to_string())?;
    if let Some(scaling) = scaling {
        model.scale_input(&scaling)?;
    }
    Ok(Checkpoint { model, metadata, warnings: prefix_warning(&tensors_path, prefix) })
}

/// Our config and metadata, in a folder that we wrote.
fn written_by_us(folder: &Path) -> Result<Option<Metadata>> {
    let path = folder.join(METADATA_FILE);
    if !path.is_file() {
        return Ok(None);
    }
    let metadata: Value = read_json(&path)?;
    if metadata.get("statenet").is_none() {
        return Ok(None);
    }
    let ours = text::from_json_value::<Metadata>(metadata)
        .map_err(|reason| Error::ConfigText { origin: path.display().to_string(), reason })?;
    Ok(Some(ours))
}

/// The model config that a flat config and the names of the tensors describe.
fn model_config(
    theirs: &Fields<'_>,
    values: &BTreeMap<String, Tensor>,
    prefilter: PrefilterConfig,
) -> Result<ModelConfig> {
    let activation = activation(values);
    let mut config = match theirs.text(CLASS)? {
        "Linear" | "LinearNonlinear" => strf_model(theirs, activation, values)?,
        "NetworkReceptiveField" => nrf(theirs, activation, values)?,
        "DNet" => dnet(theirs, activation, values)?,
        "ConvNet2D" => conv2d(theirs, activation)?,
        "Transformer" => transformer(theirs, activation)?,
        "StateNet" => statenet(theirs, activation, kernel_bins(values)?)?,
        other => {
            return Err(theirs.unreadable(&format!("{CLASS} {other:?}"), CLASSES));
        }
    };
    if let Architecture::Pipeline(pipeline) = &mut config.model {
        pipeline.prefilter = prefilter;
    }
    Ok(config)
}

/// Tensors of published folders that we compute from the config or do not need.
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

/// Reshapes a value to our shape where the two differ only in axes of length 1.
fn without_ones(value: Tensor, shape: &[usize]) -> Result<Tensor> {
    let long = |dims: &[usize]| dims.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
    if long(value.dims()) == long(shape) {
        value.reshape(shape).during("dropping axes of one entry")
    } else {
        Ok(value)
    }
}

/// The output curve, recognised by the names of its parameters.
fn activation(values: &BTreeMap<String, Tensor>) -> ActivationConfig {
    let has = |name: &str| values.contains_key(&format!("readout.activation.{name}"));
    match (has("_raw_beta"), has("c"), has("k")) {
        (true, _, _) => ActivationConfig::softplus(),
        (_, true, _) => ActivationConfig::Sigmoid(Default::default()),
        (_, _, true) => ActivationConfig::DoubleExponential(Default::default()),
        _ => ActivationConfig::Identity,
    }
}

/// The parameterisation of receptive fields, recognised by the names of its parameters.
fn strf(values: &BTreeMap<String, Tensor>, prefix: &str, lags: usize) -> StrfConfig {
    let last_axis =
        |name: &str| values.get(&format!("{prefix}{name}")).and_then(|t| t.dims().last().copied());
    match (last_axis("weight_f"), last_axis("P")) {
        (Some(rank), _) => StrfConfig::Separable(SeparableConfig { lags, rank }),
        (_, Some(n_gaussians)) => StrfConfig::Gaussians(GaussiansConfig { lags, n_gaussians }),
        _ => StrfConfig::full(lags),
    }
}

fn nrf(
    theirs: &Fields<'_>,
    activation: ActivationConfig,
    values: &BTreeMap<String, Tensor>,
) -> Result<ModelConfig> {
    let strf = strf(values, "core.0.kernel.", theirs.count("temporal_window_size")?);
    let core = CoreConfig::Nrf(NrfConfig { hidden: theirs.count("n_hidden")?, strf });
    hidden_model(theirs, core, activation)
}

fn dnet(
    theirs: &Fields<'_>,
    activation: ActivationConfig,
    values: &BTreeMap<String, Tensor>,
) -> Result<ModelConfig> {
    const BINS_PER_TAU: f64 = 7.0;
    let strf = strf(values, "core.0.kernel.", theirs.count("temporal_window_size")?);
    let number = |field: &str| theirs.config.get(field).and_then(Value::as_f64);
    let initial_tau = number("init_tau").unwrap_or(2.0);
    let scaled = theirs.config.get("decay_input").and_then(Value::as_bool).unwrap_or(true);
    let leak = LeakConfig {
        initial_tau,
        gain: if scaled { LeakGain::Tau } else { LeakGain::One },
        truncate: Some((BINS_PER_TAU * initial_tau).round_ties_even() as usize),
    };
    let core = CoreConfig::Dnet(DnetConfig { hidden: theirs.count("n_hidden")?, strf, leak });
    hidden_model(theirs, core, activation)
}

fn conv2d(theirs: &Fields<'_>, activation: ActivationConfig) -> Result<ModelConfig> {
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
    hidden_model(theirs, core, activation)
}

fn transformer(theirs: &Fields<'_>, activation: ActivationConfig) -> Result<ModelConfig> {
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
    hidden_model(theirs, core, activation)
}

/// A core and a linear readout.
fn hidden_model(theirs: &Fields<'_>, core: CoreConfig, activation: ActivationConfig) -> Result<ModelConfig> {
    let readout = ReadoutConfig::Linear(LinearReadoutConfig { leak: None, bias: true, activation });
    let pipeline = PipelineConfig::new(core, readout);
    Ok(ModelConfig::pipeline(&theirs.axes()?, pipeline))
}

/// The prefilter, recognised by the names of its parameters.
fn prefilter(values: &BTreeMap<String, Tensor>, told: Option<Prefilter>) -> Result<PrefilterConfig> {
    let has = |name: &str| values.contains_key(&format!("prefiltering.{name}"));
    let there = match (has("d_on"), has("a")) {
        (true, _) => Some(Prefilter::Adaptrans),
        (_, true) => Some(Prefilter::Ic),
        _ => None,
    };
    if let Some(told) = told
        && there != Some(told)
    {
        let there = there.map_or_else(|| "none".to_owned(), |there| there.to_string());
        return Err(config_error("prefilter", told, format!("{there}, whose tensors are in the folder")));
    }
    Ok(match there {
        Some(Prefilter::Adaptrans) => PrefilterConfig::Adaptrans(AdaptransConfig::default()),
        Some(Prefilter::Ic) => PrefilterConfig::IcAdaptation(IcAdaptationConfig::default()),
        None => PrefilterConfig::None,
    })
}

fn strf_model(
    theirs: &Fields<'_>,
    activation: ActivationConfig,
    values: &BTreeMap<String, Tensor>,
) -> Result<ModelConfig> {
    let strf = strf(values, "readout.strf.kernel.", theirs.count("temporal_window_size")?);
    let readout = ReadoutConfig::Strf(StrfReadoutConfig { strf, norm: NormConfig::Batch, activation });
    let pipeline = PipelineConfig::new(CoreConfig::None, readout);
    Ok(ModelConfig::pipeline(&theirs.axes()?, pipeline))
}

fn statenet(
    theirs: &Fields<'_>,
    activation: ActivationConfig,
    kernel_bins: Option<usize>,
) -> Result<ModelConfig> {
    let channels = theirs.count("hidden_channels")?;
    let (kernel, stride) = (theirs.count("kernel_size")?, theirs.count("stride")?);
    let places = PlacesConfig { channels, kernel, stride };
    let encoder = match theirs.text("connectivity")? {
        "LC" => EncoderConfig::LocallyConnected(LocallyConnectedConfig {
            channels,
            kernel,
            stride,
            init: LocalInit::Positive,
        }),
        "FC" => EncoderConfig::Dense(places),
        "CONV" => EncoderConfig::Convolution(places),
        other => return Err(theirs.unreadable(&format!("connectivity {other:?}"), "LC, FC or CONV")),
    };
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
    hidden_model(theirs, core, activation)
}

/// The fields of a published config, with errors that name them.
struct Fields<'a> {
    config: &'a Value,
    path: &'a Path,
    dt: Option<TimeBin>,
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
        let dt = self.dt.map_or_else(|| TimeBin::from_millis(DT_MS), Ok)?;
        Ok(Axes::new(self.count("n_frequency_bands")?, self.count("out_neurons")?, dt))
    }
}
