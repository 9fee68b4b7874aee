//! The laws that every waveform model must obey: those of [`laws`](crate::laws), where time is samples.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use statenet_core::{SampleRate, Seed, TimeBin};
//! use statenet_models::waveform::{self, WaveformAxes, laws};
//!
//! let axes = WaveformAxes::new(SampleRate::new(16_000.0)?, TimeBin::from_millis(5.0)?, 2);
//! let model = waveform::by_name("mel-statenet-gru", &axes)?.build(Seed::new(0), &Device::Cpu)?;
//! let sound = Tensor::ones((2, 1, 6 * model.hop()), DType::F32, &Device::Cpu)?;
//! laws::causal(&model, &sound, 3)?;
//! laws::streaming(&model, &sound, &[64, 99])?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{collections::BTreeSet, path::Path};

use candle_core::{DType, Device, Tensor};
use statenet_core::Seed;

use super::{
    checkpoint,
    config::WaveformConfig,
    model::WaveformModel,
    stream::{WaveformStream, in_chunks},
};
use crate::{
    build::registry::Registry,
    checkpoint::CheckpointMetadata,
    config::text,
    error::{During, Result},
    laws::{
        compare::{broken, expect_close, expect_equal, tolerance},
        gradients,
    },
    model::{
        mode::{Mode, Pass},
        state::State,
    },
    params::store::ParamStore,
};

fn cut(waveform: &Tensor, start: usize, n: usize) -> Result<Tensor> {
    waveform.narrow(2, start, n).during("cutting a waveform")
}

fn first_bins(rates: &Tensor, n: usize) -> Result<Tensor> {
    rates.narrow(2, 0, n).during("cutting rates")
}

/// Changing the waveform from the first sample of bin `t` on changes no rate before `t`: the same bits.
///
/// `t` is 1 or more and below the number of bins.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn causal(model: &WaveformModel, waveform: &Tensor, t: usize) -> Result<()> {
    let n = waveform.dim(2).during("reading a waveform")?;
    let from = t * model.hop();
    let other = cut(waveform, from, n - from)?.affine(-1.7, 0.9).during("changing the future")?;
    let changed = Tensor::cat(&[&cut(waveform, 0, from)?, &other], 2).during("changing the future")?;
    let (a, b) = (model.forward(waveform, Mode::Eval)?, model.forward(&changed, Mode::Eval)?);
    expect_equal("causality", &format!("rates before bin {t}"), &first_bins(&a, t)?, &first_bins(&b, t)?)?;
    if numbers_equal(&a, &b) {
        return Err(broken("causality", "the sound does not show in the rates"));
    }
    Ok(())
}

fn numbers_equal(a: &Tensor, b: &Tensor) -> bool {
    expect_equal("", "", a, b).is_ok()
}

/// The first `t` bins of sound alone give the first `t` bins of the whole, also with a part of the next bin behind them.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn prefix_stable(model: &WaveformModel, waveform: &Tensor, t: usize) -> Result<()> {
    let whole = first_bins(&model.forward(waveform, Mode::Eval)?, t)?;
    for more in [0, model.hop() / 2] {
        let prefix = model.forward(&cut(waveform, 0, t * model.hop() + more)?, Mode::Eval)?;
        let what = format!("first {t} bins and {more} samples");
        expect_close("prefix stability", &what, &whole, &prefix, tolerance(model.dtype()))?;
    }
    Ok(())
}

/// Chunks of these numbers of samples give what whole waveforms give, and the state stays as large as it is.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn streaming(model: &WaveformModel, waveform: &Tensor, sizes: &[usize]) -> Result<()> {
    let (batch, _, _) = waveform.dims3().during("reading a waveform")?;
    let whole = model.forward(waveform, Mode::Eval)?;
    for &size in sizes {
        let chunked = in_chunks(model, waveform, size)?;
        expect_close("streaming", &format!("chunks of {size}"), &whole, &chunked, tolerance(model.dtype()))?;
    }
    let mut stream = WaveformStream::new(model, batch)?;
    let size_bytes = stream.state().size_bytes();
    stream.push(waveform)?;
    let now = stream.state().size_bytes();
    if now != size_bytes && model.memory() != crate::Memory::Unbounded {
        return Err(broken("streaming", format!("the state grew from {size_bytes} to {now} bytes")));
    }
    Ok(())
}

/// A state made anew after a stream gives what the first stream gave: nothing is left in the model.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn reset_is_new(model: &WaveformModel, waveform: &Tensor) -> Result<()> {
    let batch = waveform.dim(0).during("reading a waveform")?;
    let mut stream = WaveformStream::new(model, batch)?;
    let first = stream.push(waveform)?;
    stream.reset()?;
    match (first, stream.push(waveform)?) {
        (Some(first), Some(again)) => expect_equal("reset", "the second stream", &first, &again),
        _ => Err(broken("reset", "the waveform is shorter than a bin")),
    }
}

/// Where the model remembers so many bins, an earlier change of the sound does not show.
///
/// A model of unbounded memory obeys; so does a waveform that is not longer than the memory.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn memory(model: &WaveformModel, waveform: &Tensor) -> Result<()> {
    let crate::Memory::Frames(frames) = model.memory() else { return Ok(()) };
    let (_, _, n) = waveform.dims3().during("reading a waveform")?;
    let (hop, n_bins) = (model.hop(), n / model.hop());
    if n_bins <= frames {
        return Ok(());
    }
    // The last bin sees the last `frames` bins.
    let other = cut(waveform, 0, (n_bins - frames) * hop)?.affine(-1.7, 0.9).during("changing the past")?;
    let rest = cut(waveform, (n_bins - frames) * hop, n - (n_bins - frames) * hop)?;
    let changed = Tensor::cat(&[&other, &rest], 2).during("changing the past")?;
    let last = |x: &Tensor| -> Result<Tensor> {
        model.forward(x, Mode::Eval)?.narrow(2, n_bins - 1, 1).during("cutting rates")
    };
    let what = format!("rates {frames} bins after a change");
    expect_close("memory", &what, &last(waveform)?, &last(&changed)?, tolerance(model.dtype()))
}

/// Each waveform of a batch gives what it gives alone.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn batch_independent(model: &WaveformModel, waveform: &Tensor) -> Result<()> {
    let together = model.forward(waveform, Mode::Eval)?;
    for b in 0..waveform.dim(0).during("reading a batch")? {
        let row = |t: &Tensor| t.narrow(0, b, 1).during("cutting a batch");
        let alone = model.forward(&row(waveform)?, Mode::Eval)?;
        let what = format!("row {b}");
        expect_close("batch independence", &what, &row(&together)?, &alone, tolerance(model.dtype()))?;
    }
    Ok(())
}

/// No two parameters have one name, and none is empty.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn parameter_names_unique(model: &WaveformModel) -> Result<()> {
    let mut seen = BTreeSet::new();
    for param in model.params().iter() {
        if param.name.is_empty() || !seen.insert(param.name.as_str()) {
            return Err(broken("parameter names", format!("{:?} is empty or taken twice", param.name)));
        }
    }
    Ok(())
}

/// Two evaluations give the same bits: `forward` changes nothing in the model.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn pure(model: &WaveformModel, waveform: &Tensor) -> Result<()> {
    let first = model.forward(waveform, Mode::Eval)?;
    model.forward(waveform, Mode::Train(&Pass::new(Seed::new(0), None)))?;
    expect_equal("purity", "the second evaluation", &first, &model.forward(waveform, Mode::Eval)?)
}

/// The config of a built model survives JSON and TOML, and rebuilding from it gives the same parameter names and shapes.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn config_round_trip(registry: &Registry, model: &WaveformModel) -> Result<()> {
    const LAW: &str = "config round trip";
    let config = model.config();
    let json = text::to_json(&config).map_err(|e| broken(LAW, e.to_string()))?;
    let toml = text::to_toml(&config).map_err(|e| broken(LAW, e.to_string()))?;
    let texts = [("JSON", WaveformConfig::from_json(&json)?), ("TOML", WaveformConfig::from_toml(&toml)?)];
    if let Some((form, _)) = texts.iter().find(|(_, back)| *back != config) {
        return Err(broken(LAW, format!("{form} gives another config")));
    }
    let again = config.build_with(registry, Seed::new(1), model.dtype(), model.device())?;
    let names = |params: &ParamStore| {
        params.iter().map(|p| (p.name.clone(), p.var.dims().to_vec(), p.role)).collect::<Vec<_>>()
    };
    if names(model.params()) != names(again.params()) {
        return Err(broken(LAW, "rebuilding gives other parameters"));
    }
    if again.config() == config { Ok(()) } else { Err(broken(LAW, "rebuilding gives another config")) }
}

/// Building twice from one seed gives the same bits, building from another seed does not.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn same_seed_same_weights(registry: &Registry, config: &WaveformConfig, seed: Seed) -> Result<()> {
    const LAW: &str = "same seed, same weights";
    let build = |seed| config.build_with(registry, seed, DType::F32, &Device::Cpu);
    let (a, b, c) = (build(seed)?, build(seed)?, build(seed.child("another"))?);
    let mut any_differs = false;
    for ((x, y), z) in a.params().iter().zip(b.params().iter()).zip(c.params().iter()) {
        expect_equal(LAW, &x.name, x.var.as_tensor(), y.var.as_tensor())?;
        any_differs |= !numbers_equal(x.var.as_tensor(), z.var.as_tensor());
    }
    if any_differs { Ok(()) } else { Err(broken(LAW, "another seed gives the same weights")) }
}

/// Saving to `folder` and loading gives the same config, metadata, parameters and rates, bit for bit.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn checkpoint_round_trip(
    registry: &Registry,
    model: &WaveformModel,
    waveform: &Tensor,
    folder: &Path,
) -> Result<()> {
    const LAW: &str = "checkpoint round trip";
    let metadata = CheckpointMetadata {
        neurons: (0..model.n_neurons()).map(|n| format!("n{n}")).collect(),
        ..CheckpointMetadata::default()
    };
    checkpoint::save(folder, model, &metadata)?;
    let back = checkpoint::load_with(registry, folder, model.device())?;
    if back.model.config() != model.config() || back.metadata != metadata {
        return Err(broken(LAW, "config or metadata differ"));
    }
    for (a, b) in model.params().iter().zip(back.model.params().iter()) {
        expect_equal(LAW, &a.name, a.var.as_tensor(), b.var.as_tensor())?;
    }
    let rates = |model: &WaveformModel| model.forward(waveform, Mode::Eval);
    expect_equal(LAW, "rates", &rates(model)?, &rates(&back.model)?)
}

/// A state saved in mid-stream (at `path`), in the middle of a bin, and loaded goes on with the same bits.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn state_round_trip(model: &WaveformModel, waveform: &Tensor, path: &Path) -> Result<()> {
    const LAW: &str = "saved state";
    let (batch, _, n) = waveform.dims3().during("reading a waveform")?;
    let first = n / model.hop() / 2 * model.hop() + model.hop() / 2;
    let rest = cut(waveform, first, n.saturating_sub(first))?;
    let mut state = model.init_state(batch)?;
    model.chunk(&cut(waveform, 0, first)?, &mut state)?;
    state.save(path)?;
    let mut loaded = State::load(path, model.device())?;
    match (model.chunk(&rest, &mut state)?, model.chunk(&rest, &mut loaded)?) {
        (Some(here), Some(there)) => expect_equal(LAW, "rates after loading", &here, &there),
        _ => Err(broken(LAW, "the waveform is too short to be cut in two")),
    }
}

/// Gradients of every parameter and of the waveform equal finite differences, as in
/// [`laws::gradients_match_differences`](crate::laws::gradients_match_differences).
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn gradients_match_differences(
    model: &WaveformModel,
    waveform: &Tensor,
    seed: Seed,
    n_probes: usize,
) -> Result<()> {
    let rates = |x: &Tensor, mode: Mode<'_>| model.forward(x, mode);
    gradients::differences(&rates, model.params(), waveform, seed, n_probes)
}

/// Every trained parameter receives a non-zero gradient somewhere, in evaluation and in a training pass.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) that names the parameter.
pub fn every_parameter_learns(model: &WaveformModel, waveform: &Tensor, seed: Seed) -> Result<()> {
    let rates = |x: &Tensor, mode: Mode<'_>| model.forward(x, mode);
    gradients::learning(&rates, model.params(), waveform, seed)
}
