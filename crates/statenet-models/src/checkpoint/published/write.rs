//! Writing a published folder.

use std::{collections::BTreeMap, path::Path};

use candle_core::{DType, Device, Tensor};
use serde_json::{Map, Value, json};
use statenet_core::{
    Axes, Input,
    atomic::{NewFolder, write_file},
};

use super::{
    format::{CLASS, METADATA_FILE, Metadata},
    names::Names,
};
use crate::{
    activations::{ActivationConfig, Output},
    backbones::{BackboneConfig, transition},
    build::{
        architecture::{Architecture, PipelineConfig},
        response_model::ResponseModel,
    },
    checkpoint::{
        contents::{CONFIG_FILE, CheckpointMetadata, ConfigFile, TENSORS_FILE},
        json::as_json,
    },
    cores::{CoreConfig, Positions, Residual, StatenetConfig, inverse_wavelengths},
    encoders::EncoderConfig,
    error::{During, Result, config_error},
    layers::leaky_integrator::LeakGain,
    prefilters::PrefilterConfig,
    readouts::{NORM_EPS, NormConfig, ReadoutConfig},
    strfs::StrfConfig,
    tensors,
};

/// Parts that a published config does not record: pass them as `extra_kwargs` when the folder is loaded there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nested {
    /// `prefiltering`: an `AdapTrans`.
    Adaptrans,
    /// `prefiltering`: an `ICAdaptation`.
    IcAdaptation,
    /// `kernel`: a `SeparableSTRF`.
    Separable,
    /// `kernel`: a `ParametricSTRF` of this many Gaussians.
    Gaussians(usize),
    /// `output_activation`: a `ParametricSoftplus`.
    Softplus(Output),
    /// `output_activation`: a `ParametricSigmoid`.
    Sigmoid(Output),
    /// `output_activation`: a `ParametricDoubleExponential`.
    DoubleExponential(Output),
    /// `output_activation`: an identity.
    Identity,
}

/// Saves a model as a folder that the published implementation (deepSTRF 0.1.0) loads with `from_pretrained`, whole or not
/// at all, and returns the parts that must be given there as `extra_kwargs`.
///
/// The rates are the same there to 1e-5. A receptive field without normalisation gets one that does nothing; DNet's
/// leaks become filters over 14 time constants, as it has them. The scaling of bands has no place there: sounds must be scaled
/// before that package's model sees them. What it cannot record is in `metadata.json`, so that
/// [`load`](crate::checkpoint::load()) gives the same model and metadata back.
///
/// # Errors
/// [`Error::Config`](crate::Error::Config) naming the first part that it does not have; [`Error::Write`](crate::Error::Write)
/// if the folder cannot be written or holds something else than a checkpoint.
pub fn save_published(
    folder: impl AsRef<Path>,
    model: &dyn ResponseModel,
    metadata: &CheckpointMetadata,
) -> Result<Vec<Nested>> {
    let config = model.config();
    let axes = config.axes()?.clone();
    let Architecture::Pipeline(pipeline) = &config.model else {
        return Err(config_error("model", "custom", "a model of the zoo that the published package has"));
    };
    if !axes.response_unit.is_spikes() {
        let expected = "spikes/bin, the only unit that the published package has";
        return Err(config_error("axes.response_unit", &axes.response_unit, expected));
    }
    let mut fields = Map::new();
    fields.insert("n_frequency_bands".to_owned(), json!(axes.n_bands));
    fields.insert("out_neurons".to_owned(), json!(axes.n_neurons));
    let mut theirs = Folder { fields, nested: Vec::new(), extra: BTreeMap::new() };
    theirs.prefilter(pipeline)?;
    match (&pipeline.core, &pipeline.readout) {
        (CoreConfig::None, ReadoutConfig::Strf(_)) => theirs.strf_model(pipeline, &axes)?,
        (_, ReadoutConfig::Linear(linear)) if linear.leak.is_none() => theirs.core(pipeline, &axes, model)?,
        _ => {
            let expected =
                "strf without a core, or linear without a leak, all that the published package has";
            return Err(config_error("model.pipeline.readout", "another", expected));
        }
    }
    let names = Names::of(pipeline);
    let scaling = |name: &str| name.starts_with("scaling.");
    let renamed = model.params().iter().filter(|param| !scaling(&param.name)).map(|param| {
        let name = names.theirs(&param.name);
        let value = with_their_ones(&name, param.var.as_tensor())?;
        Ok((name, value))
    });
    let mut values = renamed.collect::<Result<BTreeMap<String, Tensor>>>()?;
    values.append(&mut theirs.extra);
    let bytes = tensors::serialize(values.iter().map(|(name, value)| (name.as_str(), value)))?;
    let ours = Metadata {
        statenet: ConfigFile::of(config.clone(), metadata),
        input_scaling: model.input_scaling()?,
    };
    let ours = as_json(&ours, METADATA_FILE)?;
    let flat = as_json(&theirs.fields, CONFIG_FILE)?;
    let new = NewFolder::create(folder.as_ref())?;
    write_file(&new.path().join(CONFIG_FILE), |w| w.write_all(flat.as_bytes()))?;
    write_file(&new.path().join(METADATA_FILE), |w| w.write_all(ours.as_bytes()))?;
    write_file(&new.path().join(TENSORS_FILE), |w| w.write_all(&bytes))?;
    new.commit(CONFIG_FILE)?;
    Ok(theirs.nested)
}

/// The axes of length 1 that published tensors have and ours lack.
fn with_their_ones(theirs: &str, value: &Tensor) -> Result<Tensor> {
    let shaped = match (theirs, value.dims()) {
        ("rnn.cell.e_x" | "rnn.cell.e_h" | "rnn.cell.e_m" | "rnn.layer.D", &[n]) => value.reshape((1, n)),
        ("rnn.layer.kernel.inv_dt", &[n]) => value.reshape((n, 1)),
        ("rnn.layer.kernel.B" | "rnn.layer.kernel.C" | "rnn.layer.kernel.P", &[h, n, two]) => {
            value.reshape((1, h, n, two))
        }
        ("rnn.conv1d.weight", &[channels, taps]) => value.reshape((channels, 1, taps)),
        _ => Ok(value.clone()),
    };
    shaped.during("adding axes of one entry")
}

/// A published folder while it is put together.
struct Folder {
    fields: Map<String, Value>,
    nested: Vec<Nested>,
    extra: BTreeMap<String, Tensor>,
}

impl Folder {
    fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.fields.insert(field.to_owned(), value.into());
    }

    /// A part of the class that the config names only where it is the default.
    fn nest(&mut self, field: &str, nested: Option<Nested>) {
        match nested {
            None => self.set(field, Value::Null),
            Some(nested) => self.nested.push(nested),
        }
    }

    fn prefilter(&mut self, pipeline: &PipelineConfig) -> Result<()> {
        if pipeline.input() == Input::Sound {
            return Err(config_error("model.pipeline", "a model that hears", "one that takes cochleagrams"));
        }
        let nested = match &pipeline.prefilter {
            PrefilterConfig::None => None,
            PrefilterConfig::IcAdaptation(_) => Some(Nested::IcAdaptation),
            PrefilterConfig::Adaptrans(_) => Some(Nested::Adaptrans),
            other => {
                let expected = "none, ic_adaptation or adaptrans, all that the published package has";
                return Err(config_error(
                    "model.pipeline.prefilter",
                    other.slug().trim_start_matches('-'),
                    expected,
                ));
            }
        };
        self.nest("prefiltering", nested);
        Ok(())
    }

    fn activation(&mut self, activation: &ActivationConfig, default: &ActivationConfig) -> Result<()> {
        let nested = match activation {
            same if same == default => None,
            ActivationConfig::Identity => Some(Nested::Identity),
            ActivationConfig::Softplus(curve) => Some(Nested::Softplus(curve.output)),
            ActivationConfig::Sigmoid(curve) => Some(Nested::Sigmoid(curve.output)),
            ActivationConfig::DoubleExponential(curve) => Some(Nested::DoubleExponential(curve.output)),
            other => {
                let expected =
                    "identity, softplus, sigmoid or double_exponential, all that the published package has";
                return Err(config_error("readout.activation", other.name(), expected));
            }
        };
        self.nest("output_activation", nested);
        Ok(())
    }

    fn strf(&mut self, strf: &StrfConfig, field: &str) -> Result<()> {
        self.set("temporal_window_size", strf.lags());
        let nested = match strf {
            StrfConfig::Full(_) => None,
            StrfConfig::Separable(separable) if separable.rank == 1 => Some(Nested::Separable),
            StrfConfig::Gaussians(gaussians) => Some(Nested::Gaussians(gaussians.n_gaussians)),
            other => {
                let expected = "full, separable of rank 1 or gaussians, all that the published package has";
                return Err(config_error(field, other.slug(), expected));
            }
        };
        self.nest("kernel", nested);
        Ok(())
    }

    /// Linear and LN.
    fn strf_model(&mut self, pipeline: &PipelineConfig, axes: &Axes) -> Result<()> {
        let ReadoutConfig::Strf(readout) = &pipeline.readout else { return Ok(()) };
        let linear = readout.activation == ActivationConfig::Identity;
        let (class, default) = if linear {
            ("Linear", ActivationConfig::Identity)
        } else {
            ("LinearNonlinear", ActivationConfig::softplus())
        };
        self.set(CLASS, class);
        self.activation(&readout.activation, &default)?;
        self.strf(&readout.strf, "model.pipeline.readout.strf.strf")?;
        let n = axes.n_neurons;
        if readout.norm == NormConfig::None {
            let fill =
                |value: f64| Tensor::full(value as f32, n, &Device::Cpu).during("making a normalization");
            for (name, value) in [
                ("weight", (1.0 + NORM_EPS).sqrt()),
                ("bias", 0.0),
                ("running_mean", 0.0),
                ("running_var", 1.0),
            ] {
                self.extra.insert(format!("readout.bn.{name}"), fill(value)?);
            }
        }
        self.extra.insert("readout.bn.num_batches_tracked".to_owned(), whole(0)?);
        Ok(())
    }

    /// Models with a core and a linear readout.
    fn core(&mut self, pipeline: &PipelineConfig, axes: &Axes, model: &dyn ResponseModel) -> Result<()> {
        let ReadoutConfig::Linear(readout) = &pipeline.readout else { return Ok(()) };
        let (class, default) = match &pipeline.core {
            CoreConfig::Nrf(_) => ("NetworkReceptiveField", ActivationConfig::softplus()),
            CoreConfig::Dnet(_) => ("DNet", ActivationConfig::Identity),
            CoreConfig::Conv2d(_) => ("ConvNet2D", ActivationConfig::softplus()),
            CoreConfig::Transformer(_) => ("Transformer", ActivationConfig::Identity),
            CoreConfig::Statenet(_) => ("StateNet", ActivationConfig::softplus()),
            _ => {
                let expected =
                    "nrf, dnet, conv2d, transformer or statenet, all that the published package has";
                return Err(config_error("model.pipeline.core", "another", expected));
            }
        };
        if !readout.bias {
            return Err(published_has("readout.linear.bias", false, "true"));
        }
        self.set(CLASS, class);
        self.activation(&readout.activation, &default)?;
        match &pipeline.core {
            CoreConfig::Nrf(nrf) => {
                self.set("n_hidden", nrf.hidden);
                self.strf(&nrf.strf, "model.pipeline.core.nrf.strf")
            }
            CoreConfig::Dnet(dnet) => {
                self.set("n_hidden", dnet.hidden);
                self.set("decay_input", dnet.leak.gain == LeakGain::Tau);
                let tau = match dnet.leak.truncate {
                    Some(_) => dnet.leak.initial_tau,
                    None => 2.0 * longest_tau(model)?,
                };
                self.set("init_tau", tau);
                self.strf(&dnet.strf, "model.pipeline.core.dnet.strf")
            }
            CoreConfig::Conv2d(conv) => {
                if conv.layers != 3 {
                    return Err(published_has("core.conv2d.layers", conv.layers, "3"));
                }
                self.set("c_hidden", conv.channels);
                self.set("n_hidden", conv.hidden);
                self.set("kernel_size", json!([conv.kernel_bands, conv.kernel_bins]));
                Ok(())
            }
            CoreConfig::Transformer(transformer) => {
                if transformer.positions != Positions::Sinusoidal {
                    return Err(published_has("core.transformer.positions", "rotary", "sinusoidal"));
                }
                self.set("embedding_dim", transformer.embedding);
                self.set("n_heads", transformer.heads);
                self.set("n_layers", transformer.layers);
                let patches = transformer.patch_bands.filter(|&bands| bands != axes.n_bands);
                self.set("freq_patch_size", json!(patches));
                self.set("time_patch_size", transformer.patch_bins);
                self.set("context_window", json!(transformer.window));
                let terms = inverse_wavelengths(transformer.units(axes.n_bands));
                let terms: Vec<f32> = terms.into_iter().map(|x| x as f32).collect();
                let terms = Tensor::new(terms, &Device::Cpu).during("making wavelengths")?;
                self.extra.insert("pos_encoding.div_term".to_owned(), terms);
                Ok(())
            }
            CoreConfig::Statenet(statenet) => self.statenet(statenet, axes),
            _ => Ok(()),
        }
    }

    fn statenet(&mut self, statenet: &StatenetConfig, axes: &Axes) -> Result<()> {
        if statenet.depth != 1 {
            return Err(published_has("core.statenet.depth", statenet.depth, "1"));
        }
        if statenet.residual != Residual::None {
            return Err(published_has("core.statenet.residual", "add", "none"));
        }
        let inputs = statenet.inputs(axes.n_bands);
        let hidden = statenet.backbone.hidden(inputs);
        if hidden != inputs {
            return Err(published_has("core.statenet.backbone.hidden", hidden, &inputs.to_string()));
        }
        let connectivity = match &statenet.encoder {
            EncoderConfig::LocallyConnected(_) => "LC",
            EncoderConfig::Dense(_) => "FC",
            EncoderConfig::Convolution(_) => "CONV",
        };
        let places = statenet.encoder.places();
        self.set("connectivity", connectivity);
        self.set("hidden_channels", places.channels);
        self.set("kernel_size", places.kernel);
        self.set("stride", places.stride);
        self.set("temporal_window_size", 1);
        let kind = match &statenet.backbone {
            BackboneConfig::Gru(_) => "GRU",
            BackboneConfig::Lstm(_) => "LSTM",
            BackboneConfig::Rnn(_) => "RNN",
            BackboneConfig::Mamba(_) => "Mamba",
            BackboneConfig::Lmu(lmu) => {
                if (lmu.memory, lmu.theta) != (128, 99.0) {
                    let got = format!("memory {} and theta {}", lmu.memory, lmu.theta);
                    return Err(published_has("core.statenet.backbone.lmu", &got, "memory 128 and theta 99"));
                }
                let (a, b) =
                    transition(lmu.memory, lmu.theta, DType::F32, &Device::Cpu).during("making a memory")?;
                let b = b.reshape((lmu.memory, 1)).during("making a memory")?;
                self.extra.insert("rnn.cell.A".to_owned(), a);
                self.extra.insert("rnn.cell.B".to_owned(), b);
                "LMU"
            }
            BackboneConfig::S4(s4) => {
                if s4.states != 64 {
                    return Err(published_has("core.statenet.backbone.s4.states", s4.states, "64"));
                }
                let bins = i64::try_from(s4.kernel_bins.unwrap_or(0)).unwrap_or(i64::MAX);
                self.extra.insert("rnn.layer.kernel.l_kernel".to_owned(), whole(bins)?);
                "S4"
            }
            other @ (BackboneConfig::Sublstm(_) | BackboneConfig::S4d(_)) => {
                let kinds = "gru, lstm, rnn, lmu, mamba or s4";
                return Err(published_has("core.statenet.backbone", other.name(), kinds));
            }
        };
        self.set("rnn_type", kind);
        Ok(())
    }
}

fn published_has(field: &str, got: impl ToString, only: &str) -> crate::Error {
    config_error(
        &format!("model.pipeline.{field}"),
        got,
        format!("{only}, all that the published package has"),
    )
}

/// An integer as a tensor without axes.
fn whole(n: i64) -> Result<Tensor> {
    Tensor::new(n, &Device::Cpu).during("making a count")
}

/// The longest time constant of DNet's leaks, in bins: tau = 1 + d^2.
fn longest_tau(model: &dyn ResponseModel) -> Result<f64> {
    let Some(d) = model.params().get("core.leak.d") else { return Ok(1.0) };
    let d = d.var.to_dtype(DType::F64).and_then(|d| d.flatten_all()?.to_vec1::<f64>());
    Ok(d.during("reading time constants")?.into_iter().fold(1.0, |tau, d| tau.max(1.0 + d * d)))
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;
    use statenet_core::{Seed, Standardization, TimeBin};

    use super::*;
    use crate::checkpoint::contents::with_neuron_ids;
    use crate::{
        Mode,
        checkpoint::{load, load_published},
        zoo,
    };

    fn axes() -> Axes {
        Axes::new(34, 2, TimeBin::from_millis(5.0).unwrap())
    }

    fn named() -> CheckpointMetadata {
        CheckpointMetadata { neurons: vec!["a".to_owned(), "b".to_owned()], ..CheckpointMetadata::default() }
    }

    #[test]
    fn every_published_model_of_the_zoo_comes_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        let sound = Tensor::rand(0f32, 1.0, (1, 1, 34, 30), &Device::Cpu).unwrap();
        let mut written = Vec::new();
        for entry in zoo::taking(Input::Cochleagram) {
            let mut model = (entry.config)(&axes()).build(Seed::new(3), &Device::Cpu).unwrap();
            let scale = Standardization::new(vec![1.0; 34], vec![2.0; 34]).unwrap();
            model.scale_input(&scale).unwrap();
            let path = folder.path().join(entry.name);
            if save_published(&path, &*model, &named()).is_err() {
                continue;
            }
            let back = load(&path, &Device::Cpu).unwrap();
            assert_eq!(back.metadata, named(), "{}", entry.name);
            let expected = with_neuron_ids(model.config(), &named()).unwrap();
            assert_eq!(back.model.config(), expected, "{}", entry.name);
            let rates = |m: &dyn ResponseModel| m.forward(&sound, Mode::Eval).unwrap();
            let difference = (rates(&*model) - rates(&*back.model)).unwrap().abs().unwrap();
            let worst = difference.max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(worst < 1e-5, "{}: {worst}", entry.name);
            written.push(entry.name);
        }
        for name in ["linear", "ln", "ln-ic", "nrf", "dnet", "cnn2d", "statenet-gru-adaptrans"] {
            assert!(written.contains(&name), "{name} was refused");
        }
        for kind in ["gru", "lstm", "rnn", "lmu", "mamba", "s4"] {
            assert!(written.contains(&format!("statenet-{kind}").as_str()), "{kind} was refused");
        }
    }

    #[test]
    fn parts_that_their_config_cannot_name_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let told = |name: &str| {
            let model = zoo::by_name(name, &axes()).unwrap().build(Seed::new(3), &Device::Cpu).unwrap();
            save_published(folder.path().join(name), &*model, &CheckpointMetadata::default())
        };
        assert_eq!(told("statenet-gru").unwrap(), []);
        assert_eq!(told("ln-ic").unwrap(), [Nested::IcAdaptation]);
        assert_eq!(told("statenet-gru-adaptrans").unwrap(), [Nested::Adaptrans]);
        let error = told("statenet-s4d").unwrap_err().to_string();
        assert!(error.contains("s4d, expected gru, lstm, rnn, lmu, mamba or s4"), "{error}");
        assert!(!folder.path().join("statenet-s4d").exists());
    }

    #[test]
    fn what_a_config_dropped_can_be_said_and_must_fit() {
        let folder = tempfile::tempdir().unwrap();
        let model = zoo::ln_ic(&axes()).build(Seed::new(3), &Device::Cpu).unwrap();
        save_published(folder.path(), &*model, &CheckpointMetadata::default()).unwrap();
        std::fs::remove_file(folder.path().join(METADATA_FILE)).unwrap();
        let dt = TimeBin::from_millis(10.0).unwrap();
        let say = |prefilter| {
            let options = super::super::PublishedOptions { prefilter: Some(prefilter), dt: Some(dt) };
            load_published(folder.path(), &options, &Device::Cpu)
        };
        let loaded = say(super::super::Prefilter::Ic).unwrap().model.config();
        assert_eq!(loaded.axes().unwrap().dt, dt);
        let Err(error) = say(super::super::Prefilter::Adaptrans) else {
            panic!("another prefilter was taken")
        };
        let expected = "prefilter is adaptrans, expected ic, whose tensors are in the folder";
        assert!(error.to_string().contains(expected), "{error}");
    }
}
