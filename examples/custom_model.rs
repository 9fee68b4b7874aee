//! A user-defined model of candle-nn layers: checked by the laws, fitted, scored, saved, streamed and interpreted with the same
//! tools as the models of the zoo.
//!
//! ```text
//! cargo run --release --example custom_model                  # on a small simulated recording
//! cargo run --release --example custom_model -- --data DIR --neurons 0-3 --epochs 50 --out results
//! ```
//! Prints its scores and those of LN; writes `checkpoint/`, and `maps.svg` with the gradient map of each neuron.

use std::path::PathBuf;

use candle_nn::{Linear, Module, RNN, VarBuilder, linear, rnn};
use clap::Parser;
use serde::{Deserialize, Serialize};
use statenet::{
    candle::{self, DType},
    interp::draw_windows,
    kernels::softplus,
    models::{FrameModel, Registry, in_chunks, laws},
    prelude::*,
    process,
    report::{Heatmap, Panel},
};
use statenet_cli::shared::{Failure, FitBar, MachineArgs};

// ---- The model.

/// The body of its config: `{"custom": {"name": "small-gru", "body": {"hidden": 12}}}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SmallGruConfig {
    hidden: usize,
}

/// h[t] = GRU(x[t], h[t-1]),   r[t] = softplus(W h[t] + b)
struct SmallGru {
    recurrence: rnn::GRU,
    readout: Linear,
}

impl SmallGru {
    fn new(vb: VarBuilder<'static>, axes: &Axes, config: SmallGruConfig) -> candle::Result<Self> {
        let SmallGruConfig { hidden } = config;
        Ok(Self {
            recurrence: rnn::gru(axes.n_bands, hidden, rnn::GRUConfig::default(), vb.pp("gru"))?,
            readout: linear(hidden, axes.n_neurons, vb.pp("readout"))?,
        })
    }
}

impl FrameModel for SmallGru {
    fn start(&self, batch: usize) -> candle::Result<Vec<Tensor>> {
        Ok(vec![self.recurrence.zero_state(batch)?.h])
    }

    fn advance(&self, frame: &Tensor, state: &[Tensor]) -> candle::Result<(Tensor, Vec<Tensor>)> {
        let h = self.recurrence.step(frame, &rnn::GRUState { h: state[0].clone() })?.h;
        Ok((softplus(&self.readout.forward(&h)?)?, vec![h]))
    }
}

// ---- The program.

/// Fit, score, save, stream and interpret a model written in this file
#[derive(Parser)]
struct Args {
    /// Folder of a recording; default: simulate a small one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Neurons: indices, ranges or ids, separated by commas; default all
    #[arg(long, value_name = "LIST")]
    neurons: Option<String>,
    /// Maximum number of epochs
    #[arg(long, value_name = "N", default_value_t = 200)]
    epochs: usize,
    /// Learning rate
    #[arg(long, value_name = "X", default_value_t = 5e-3)]
    lr: f64,
    /// Seed of initial weights, order of stimuli, simulation and intervals
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    machine: MachineArgs,
    /// Folder for checkpoint/ and maps.svg
    #[arg(long, value_name = "DIR", default_value = "out/custom_model")]
    out: PathBuf,
}

/// Five neurons, 20 sounds of a second, 20 repeats.
fn small_simulation(seed: Seed) -> anyhow::Result<Recording> {
    let small = SimulationConfig::small();
    let duration = small.dt.times(200);
    Ok(SimulationConfig { n_stimuli: 20, n_repeats: 20, duration, seed, ..small }.simulate()?.recording)
}

fn main() -> Result<(), Failure> {
    process::tune();
    let args = Args::parse();
    let (device, seed) = (args.machine.start()?, Seed::new(args.seed));
    let recording = match &args.data {
        Some(folder) => Recording::read(folder)?,
        None => small_simulation(seed)?,
    };
    let recording = match &args.neurons {
        Some(list) => recording.select_neurons(&recording.neuron_indices(list)?)?,
        None => recording,
    };
    let split = SplitPlan::Demo.resolve(&recording)?;
    let recording = recording.smooth(&Smoothing::default()).standardize(split.train())?;

    let registry = Registry::new().with_frames("small-gru", SmallGru::new);
    let config = ModelConfig::custom(&recording.axes(), "small-gru", serde_json::json!({"hidden": 12}));
    let model = registry.build(&config, seed, DType::F32, &device)?;

    // Check the laws first: they find mistakes that a fit would hide.
    let sounds: Vec<_> = recording.stimuli().iter().map(|stimulus| stimulus.cochleagram()).collect();
    let windows = draw_windows(&sounds, 8, 60, seed, &device)?;
    laws::causal(&*model, &windows, 30)?;
    laws::streaming(&*model, &windows, &[1, 7, 60])?;
    let precise = registry.build(&config, seed, DType::F64, &device)?;
    laws::gradients_match_differences(&*precise, &windows.to_dtype(DType::F64)?, seed, 8)?;

    for model in [&model, &zoo::ln(&recording.axes()).build(seed, &device)?] {
        let name = model.config().slug();
        let bar = FitBar::new(&name, args.machine.quiet);
        let mut fit = FitConfig::recipe(&model.config());
        (fit.max_epochs, fit.seed, fit.optimizer.learning_rate) = (args.epochs, args.seed, args.lr);
        let history = Fitter::new(fit).on_epoch(|p| bar.show(p)).fit(&**model, &recording, &split)?;
        bar.finish();
        let scores =
            evaluate(&**model, &recording, split.test(), &EvaluationOptions::for_dt(recording.dt()))?;
        if !args.machine.quiet {
            println!("{name}: {} epochs, {}", history.n_epochs(), scores.summary_line());
        }
    }

    let folder = args.out.join("checkpoint");
    let metadata =
        CheckpointMetadata { input: recording.standardization().cloned(), ..CheckpointMetadata::default() };
    checkpoint::save(&folder, &*model, &metadata)?;
    let loaded = checkpoint::load_with(&registry, &folder, &device)?.model;
    let streamed = in_chunks(&*loaded, &windows, 7)?;

    let neurons: Vec<usize> = (0..recording.n_neurons()).collect();
    let maps = gradient_maps(&*loaded, &windows, &neurons)?;
    let maps = recording.neurons().iter().zip(maps).map(|(neuron, map)| {
        let id = neuron.id();
        Ok(Heatmap::strf(id, map.mean().view(), recording.bands(), recording.dt())?.into())
    });
    let maps = maps.collect::<anyhow::Result<Vec<_>>>()?;
    Panel::grid("d rate / d sound", 3, maps).render().write(&args.out.join("maps.svg"))?;
    if !args.machine.quiet {
        println!("streamed {:?} rates in chunks of 7 bins from the saved model", streamed.dims());
        println!("wrote {0}/checkpoint and {0}/maps.svg", args.out.display());
    }
    Ok(())
}
