//! Whole training steps of all models measured.

use statenet::{
    models::{
        Architecture, PipelineConfig,
        activations::ActivationConfig,
        cores::CoreConfig,
        readouts::{NormConfig, ReadoutConfig, StrfReadoutConfig},
        strfs::StrfConfig,
    },
    prelude::{Axes, Input, ModelConfig, TimeBin, zoo},
};
use statenet_benches::{Fit, N_BANDS, N_BINS, N_NEURONS};

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
    for entry in zoo::taking(Input::Cochleagram) {
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
    ModelConfig::pipeline(axes, PipelineConfig::new(CoreConfig::None, readout))
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
