//! A recording that is larger than memory: made, fitted and scored.

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, anyhow};
use candle_core::Device;
use ndarray::{Array2, Array3};
use rayon::prelude::*;
use statenet::{
    core::Seed,
    data::{Description, Neuron, Recording, RecordingWriter, Responses, Split, Stimulus},
    metrics::Evaluation,
    models::zoo,
    prelude::{Axes, FitConfig, Fitter, Ridge, TimeBin},
    train::evaluate,
};

use crate::N_BANDS;

/// Sizes of a recording with one repeat of each stimulus.
#[derive(Clone, Copy, Debug)]
pub struct Large {
    /// Number of neurons N.
    pub n_neurons: usize,
    /// Number of stimuli S.
    pub n_stimuli: usize,
    /// Bins of each stimulus T.
    pub n_bins: usize,
}

/// The model that is fitted: by gradients for an epoch, or in closed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LargeModel {
    /// StateNet-GRU.
    StatenetGru,
    /// A linear regression with nine lags.
    Ridge,
}

/// What a fit and its scores took.
#[derive(Debug)]
pub struct LargeFit {
    /// Scores on test stimuli.
    pub scores: Evaluation,
    /// Seconds of the fit.
    pub fit_seconds: f64,
    /// Seconds of predictions and scores.
    pub score_seconds: f64,
}

impl Large {
    /// Bytes of the counts, of one byte each.
    #[must_use]
    pub fn count_bytes(&self) -> u64 {
        (self.n_neurons * self.n_stimuli * self.n_bins) as u64
    }

    /// Writes it, a few stimuli at a time.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let neurons = (0..self.n_neurons).map(|n| Neuron::new(format!("u{n}"))).collect();
        let about = Description { name: "larger than memory".to_owned(), ..Description::default() };
        let dt = TimeBin::from_millis(5.0)?;
        let mut writer = RecordingWriter::create(folder, about, dt, Vec::new(), neurons)?;
        let all: Vec<usize> = (0..self.n_stimuli).collect();
        for some in all.chunks(2 * rayon::current_num_threads()) {
            let stimuli = some.par_iter().map(|&s| self.stimulus(s)).collect::<anyhow::Result<Vec<_>>>()?;
            writer.add(&stimuli)?;
        }
        Ok(writer.finish()?)
    }

    /// Noise that changes slowly in each band, and Poisson counts of neurons that follow a band each, after 5 to 25 ms.
    fn stimulus(&self, index: usize) -> anyhow::Result<Stimulus> {
        let mut noise = Seed::new(0).stream(&format!("larger than memory/{index}"));
        let mut sound = Array2::<f32>::zeros((N_BANDS, self.n_bins));
        for mut band in sound.outer_iter_mut() {
            let mut level = noise.normal();
            for value in &mut band {
                level = 0.8 * level + 0.6 * noise.normal();
                *value = level as f32;
            }
        }
        let counts = Array3::from_shape_fn((self.n_neurons, 1, self.n_bins), |(n, _, t)| {
            let (band, lag) = (n % N_BANDS, 1 + n / N_BANDS % 5);
            let level = t.checked_sub(lag).and_then(|t| sound.get((band, t))).map_or(0.0, |&x| f64::from(x));
            let rate = 0.05 + 0.3 * level.max(0.0);
            let (mut count, mut left) = (0.0, noise.uniform(0.0, 1.0));
            let mut share = (-rate).exp();
            while left > share && count < 255.0 {
                left -= share;
                count += 1.0;
                share *= rate / count;
            }
            count as f32
        });
        Ok(Stimulus::new(format!("sound{index:05}"), sound, Responses::from_nan(counts)?)?)
    }

    /// One in fifty stimuli, the last but the test stimuli, validates; one in twenty-five, the last, tests.
    ///
    /// # Errors
    /// For fewer than three stimuli.
    pub fn split(&self) -> anyhow::Result<Split> {
        let n = self.n_stimuli;
        anyhow::ensure!(n >= 3, "{n} stimuli, expected 3 or more");
        let (n_val, n_test) = ((n / 50).max(1), (n / 25).max(1));
        let (val, test) = (n - n_val - n_test, n - n_test);
        Ok(Split::new((0..val).collect(), (val..test).collect(), (test..n).collect())?)
    }

    /// Fits a model and scores it.
    ///
    /// # Errors
    /// If the fit fails.
    pub fn fit(&self, recording: &Recording, model: LargeModel) -> anyhow::Result<LargeFit> {
        let split = self.split()?;
        let begun = Instant::now();
        let model = match model {
            LargeModel::Ridge => {
                Ridge { lags: vec![9], ..Ridge::default() }.fit(recording, &split, &Device::Cpu)?.model
            }
            LargeModel::StatenetGru => {
                let mut model = zoo_config(&recording.axes())?.build(Seed::new(0), &Device::Cpu)?;
                let recipe = FitConfig { max_epochs: 1, ..FitConfig::recipe(&model.config()) };
                Fitter::new(recipe).fit(&mut model, recording, &split)?;
                model
            }
        };
        let fit_seconds = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let scores = evaluate(&model, recording, split.test())?;
        Ok(LargeFit { scores, fit_seconds, score_seconds: begun.elapsed().as_secs_f64() })
    }
}

fn zoo_config(axes: &Axes) -> anyhow::Result<statenet::models::ModelConfig> {
    let entry = zoo::ALL.iter().find(|entry| entry.name == "statenet-gru");
    Ok((entry.ok_or_else(|| anyhow!("the zoo has no statenet-gru"))?.config)(axes))
}

/// The most memory that the process has had, bytes (`VmHWM`).
///
/// # Errors
/// On a system that does not tell.
pub fn most_memory() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kilobytes.ok_or_else(|| anyhow!("/proc/self/status does not tell VmHWM"))? * 1024)
}
