//! Fits sixteen StateNet-GRUs, one for each neuron of the simulated recording, one after the other and in parallel.

use candle_core::Device;
use statenet::{
    data::{Recording, SimulationConfig, Split, SplitPlan},
    prelude::{ResponseModel, Seed, zoo},
    train::{FitConfig, FitJob, Fitter, fit_many},
};

use crate::bench::Bench;

/// Number of models.
const MODELS: usize = 16;

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let recording = SimulationConfig::default().simulate()?.recording;
    let split = SplitPlan::Demo.resolve(&recording)?;
    let neurons: Vec<Recording> = (0..MODELS)
        .map(|n| recording.select_neurons(&[n % recording.n_neurons()]))
        .collect::<Result<_, _>>()?;
    // Two epochs, without early stopping.
    let config = FitConfig { max_epochs: 2, patience: 2, ..FitConfig::default() };
    bench.time("many one by one K16", 1, || {
        for (model, recording) in models(&neurons)?.iter_mut().zip(&neurons) {
            Fitter::new(config.clone()).fit(model, recording, &split)?;
        }
        Ok(())
    })?;
    bench.time("many side by side K16", 1, || side_by_side(&neurons, &split, &config))
}

fn models(neurons: &[Recording]) -> anyhow::Result<Vec<Box<dyn ResponseModel>>> {
    let build =
        |recording: &Recording| zoo::statenet_gru(&recording.axes()).build(Seed::new(0), &Device::Cpu);
    Ok(neurons.iter().map(build).collect::<Result<_, _>>()?)
}

fn side_by_side(neurons: &[Recording], split: &Split, config: &FitConfig) -> anyhow::Result<()> {
    let mut models = models(neurons)?;
    let jobs = models.iter_mut().zip(neurons).map(|(model, recording)| FitJob {
        model,
        recording,
        split,
        config: config.clone(),
    });
    fit_many(jobs.collect()).into_iter().try_for_each(|fit| fit.map(|_| ()))?;
    Ok(())
}
