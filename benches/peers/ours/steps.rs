//! Whole training steps through the public API, as in the fitter: forward pass, masked loss, check that it is finite,
//! backward pass, gradient norm, AdamW.

use candle_core::{DType, Device, Tensor};
use statenet::{
    models::{
        Architecture, Mode, Pass, PipelineConfig,
        activations::ActivationConfig,
        cores::CoreConfig,
        prefilters::PrefilterConfig,
        readouts::{NormConfig, ReadoutConfig, StrfReadoutConfig},
        strfs::StrfConfig,
    },
    prelude::{Axes, Loss, ModelConfig, ResponseModel, Seed, TimeBin, zoo},
    train::optimizers::{AdamW, AdamWConfig},
};
use statenet_benches::{N_BANDS, N_BINS, N_NEURONS, normal};

use crate::bench::{BATCHES, Bench};

/// Number of lags of the receptive fields, the default of the reference.
const LAGS: usize = 9;

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    for (name, config) in models()? {
        for batch in BATCHES {
            let mut fit = Fit::new(&config, batch, N_BINS)?;
            bench.time(&format!("step {name}"), batch, || fit.step())?;
        }
    }
    Ok(())
}

/// The models measured, by their names in the Python program: models with receptive fields of 9 bins, a transformer over
/// single bins, and all other models of the zoo.
pub(crate) fn models() -> anyhow::Result<Vec<(String, ModelConfig)>> {
    let axes = Axes::new(N_BANDS, N_NEURONS, TimeBin::from_millis(5.0)?);
    let mut models = vec![
        ("linear".to_owned(), receptive_fields(&axes, ActivationConfig::Identity)),
        ("ln".to_owned(), receptive_fields(&axes, ActivationConfig::softplus())),
        ("transformer".to_owned(), transformer_over_bins(&axes)),
    ];
    for entry in zoo::ALL {
        if !models.iter().any(|(name, _)| name == entry.name) {
            models.push((entry.name.to_owned(), (entry.config)(&axes)));
        }
    }
    Ok(models)
}

/// The config of the model with a name.
pub(crate) fn model(name: &str) -> anyhow::Result<ModelConfig> {
    let found = models()?.into_iter().find(|(n, _)| n == name);
    Ok(found.ok_or_else(|| anyhow::anyhow!("no model is called {name}"))?.1)
}

fn receptive_fields(axes: &Axes, activation: ActivationConfig) -> ModelConfig {
    let strf = StrfConfig::full(LAGS);
    let readout = ReadoutConfig::Strf(StrfReadoutConfig { strf, norm: NormConfig::None, activation });
    ModelConfig::pipeline(
        axes,
        PipelineConfig { prefilter: PrefilterConfig::None, core: CoreConfig::None, readout },
    )
}

fn transformer_over_bins(axes: &Axes) -> ModelConfig {
    let mut config = zoo::transformer(axes);
    if let Architecture::Pipeline(pipeline) = &mut config.model
        && let CoreConfig::Transformer(transformer) = &mut pipeline.core
    {
        transformer.patch_bins = 1;
    }
    config
}

/// A model and one batch.
pub(crate) struct Fit {
    model: Box<dyn ResponseModel>,
    optimizer: AdamW,
    sound: Tensor,
    target: Tensor,
    mask: Tensor,
}

impl Fit {
    pub(crate) fn new(config: &ModelConfig, batch: usize, n_bins: usize) -> anyhow::Result<Self> {
        let model = config.build(Seed::new(0), &Device::Cpu)?;
        let optimizer = AdamW::for_params(model.params(), AdamWConfig::default())?;
        let sound = normal("sound", &[batch, 1, N_BANDS, n_bins])?;
        let target = normal("target", &[batch, N_NEURONS, n_bins])?.abs()?;
        let mask = Tensor::ones(target.dims(), DType::F32, &Device::Cpu)?;
        Ok(Self { model, optimizer, sound, target, mask })
    }

    pub(crate) fn step(&mut self) -> anyhow::Result<()> {
        let pass = Pass::new(Seed::new(0), None);
        let rate = self.model.forward(&self.sound, Mode::Train(&pass))?;
        let loss = Loss::Mse.apply(&rate, &self.target, &self.mask)?;
        anyhow::ensure!(loss.to_dtype(DType::F64)?.to_scalar::<f64>()?.is_finite(), "the loss is no number");
        let grads = loss.backward()?;
        let mut norm = 0.0;
        for param in self.model.params().trained() {
            if let Some(grad) = grads.get(param.var.as_tensor()) {
                norm +=
                    grad.flatten_all()?.to_vec1::<f32>()?.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>();
            }
        }
        self.optimizer.scaled_step(&grads, 1.0 / norm.sqrt().max(1.0))?;
        self.model.params().fold(&pass)?;
        Ok(())
    }
}
