//! Laws of configs, seeds, checkpoints and saved states.

use std::path::Path;

use candle_core::{DType, Tensor};
use statenet_core::Seed;

use super::compare::{broken, expect_equal};
use crate::{
    build::{model_config::ModelConfig, registry::Registry, response_model::ResponseModel},
    checkpoint::{
        self,
        contents::{CheckpointMetadata, with_neuron_ids},
    },
    config::text,
    error::{During, Result},
    model::{mode::Mode, state::State},
    params::store::ParamStore,
};

/// The config of a built model survives JSON and TOML, and rebuilding from it gives the same parameter names and shapes.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn config_round_trip(registry: &Registry, model: &dyn ResponseModel) -> Result<()> {
    const LAW: &str = "config round trip";
    let config = model.config();
    let json = text::to_json(&config).map_err(|e| broken(LAW, e.to_string()))?;
    let toml = text::to_toml(&config).map_err(|e| broken(LAW, e.to_string()))?;
    for (form, back) in [("JSON", ModelConfig::from_json(&json)?), ("TOML", ModelConfig::from_toml(&toml)?)] {
        if back != config {
            return Err(broken(LAW, format!("{form} gives another config")));
        }
    }
    let again = registry.build(&config, Seed::new(1), model.dtype(), model.device())?;
    let names = |params: &ParamStore| {
        params.iter().map(|p| (p.name.clone(), p.var.dims().to_vec(), p.role)).collect::<Vec<_>>()
    };
    if names(model.params()) == names(again.params()) {
        Ok(())
    } else {
        Err(broken(LAW, "rebuilding gives other parameters"))
    }
}

/// Building twice from one seed gives the same bits, building from another seed does not.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn same_seed_same_weights(registry: &Registry, config: &ModelConfig, seed: Seed) -> Result<()> {
    const LAW: &str = "same seed, same weights";
    let build = |seed| registry.build(config, seed, DType::F32, &candle_core::Device::Cpu);
    let (a, b, c) = (build(seed)?, build(seed)?, build(seed.child("another"))?);
    let mut any_differs = false;
    for ((x, y), z) in a.params().iter().zip(b.params().iter()).zip(c.params().iter()) {
        expect_equal(LAW, &x.name, x.var.as_tensor(), y.var.as_tensor())?;
        any_differs |= expect_equal(LAW, &x.name, x.var.as_tensor(), z.var.as_tensor()).is_err();
    }
    if any_differs { Ok(()) } else { Err(broken(LAW, "another seed gives the same weights")) }
}

/// Saving to `folder` and loading gives the same config (with ids of neurons), metadata, parameters and rates, bit for bit.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn checkpoint_round_trip(
    registry: &Registry,
    model: &dyn ResponseModel,
    cochleagram: &Tensor,
    folder: impl AsRef<Path>,
) -> Result<()> {
    let folder = folder.as_ref();
    const LAW: &str = "checkpoint round trip";
    let known = model.config().axes.map(|axes| axes.neuron_ids).filter(|ids| !ids.is_empty());
    let neurons = known.unwrap_or_else(|| (0..model.n_neurons()).map(|n| format!("n{n}")).collect());
    let metadata = CheckpointMetadata { neurons, ..CheckpointMetadata::default() };
    checkpoint::save(folder, model, &metadata)?;
    let back = checkpoint::load_with(registry, folder, model.device())?;
    // A loaded model knows its neurons by id.
    if back.model.config() != with_neuron_ids(model.config(), &metadata)? || back.metadata != metadata {
        return Err(broken(LAW, "config or metadata differ"));
    }
    for (a, b) in model.params().iter().zip(back.model.params().iter()) {
        expect_equal(LAW, &a.name, a.var.as_tensor(), b.var.as_tensor())?;
    }
    let rates = |model: &dyn ResponseModel| model.forward(cochleagram, Mode::Eval);
    expect_equal(LAW, "rates", &rates(model)?, &rates(&*back.model)?)
}

/// A state saved in mid-stream (at `path`) and loaded goes on with the same bits.
///
/// `cochleagram` needs at least 2 bins.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn state_round_trip(
    model: &dyn ResponseModel,
    cochleagram: &Tensor,
    path: impl AsRef<Path>,
) -> Result<()> {
    let path = path.as_ref();
    let (batch, _, _, n_bins) = cochleagram.dims4().during("reading a cochleagram")?;
    let half = n_bins / 2;
    let cut = |start, n| cochleagram.narrow(3, start, n).during("slicing a cochleagram");
    let mut state = model.init_state(batch)?;
    model.chunk(&cut(0, half)?, &mut state)?;
    state.save(path)?;
    let mut loaded = State::load(path, model.device())?;
    let here = model.chunk(&cut(half, n_bins - half)?, &mut state)?;
    let there = model.chunk(&cut(half, n_bins - half)?, &mut loaded)?;
    expect_equal("saved state", "rates after loading", &here, &there)
}
