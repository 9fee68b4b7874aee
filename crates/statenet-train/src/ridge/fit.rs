//! Ridge regression with lags and penalties chosen by validation.

use std::time::Instant;

use candle_core::{Device, Tensor};
use faer::Mat;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};
use statenet_core::{Axes, Millis, Seed, TimeBin};
use statenet_data::{Recording, Split};
use statenet_models::{
    CheckpointMetadata, ModelConfig, ResponseModel,
    activations::ActivationConfig,
    cores::CoreConfig,
    readouts::{NormConfig, ReadoutConfig, StrfReadoutConfig},
    strfs::StrfConfig,
};

use super::{
    gram::{Group, Solution},
    lag_matrix::lag_matrix,
};
use crate::{
    error::{During, Error, Result},
    fit::metadata_of,
    hearing::{expect_cochleagrams, scaled},
    validation::{ValidationTarget, mean_score},
};

/// Candidate lags and penalties of a ridge regression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ridge {
    /// Numbers of lags to try; the best is used for all neurons.
    pub lags: Vec<usize>,
    /// Penalties to try, for standardised bands. The best is used for each neuron; among equally good ones, and for a neuron
    /// without validation score, the last.
    pub penalties: Vec<f64>,
}

impl Default for Ridge {
    /// 9, 20 and 40 lags; penalties from 10 to 1e6, two per decade.
    fn default() -> Self {
        let penalties = (2..=12).map(|i| 10f64.powf(f64::from(i) / 2.0)).collect();
        Self { lags: vec![9, 20, 40], penalties }
    }
}

/// A fitted ridge regression.
pub struct RidgeFit {
    /// A linear model with the regression's weights.
    pub model: Box<dyn ResponseModel>,
    /// The chosen number of lags.
    pub lags: usize,
    /// The chosen penalty of each neuron; `None` for a neuron without training data, whose rate is 0.
    pub penalties: Vec<Option<f64>>,
    /// Mean validation score for each candidate number of lags.
    pub val_score: Vec<Option<f64>>,
    /// Mean squared error on training bins, averaged over neurons.
    pub train_loss: f64,
    /// Duration of the fit in seconds.
    pub seconds: f64,
    /// What a checkpoint of the model says of its fit.
    pub metadata: CheckpointMetadata,
}

impl Ridge {
    /// Candidates of 45, 100 and 200 ms for a time bin.
    #[must_use]
    pub fn for_dt(dt: TimeBin) -> Self {
        const WINDOWS_MS: [f64; 3] = [45.0, 100.0, 200.0];
        let mut lags: Vec<usize> = WINDOWS_MS
            .iter()
            .map(|&ms| Millis::new(ms).map_or(1, |window| dt.nearest_bins(window)))
            .collect();
        lags.dedup();
        Self { lags, ..Self::default() }
    }

    fn validate(&self) -> Result<()> {
        let longest = self.lags.iter().copied().max();
        let checks: [(&'static str, String, bool, &'static str); 2] = [
            (
                "ridge lags",
                format!("{:?}", self.lags),
                longest.is_some() && !self.lags.contains(&0),
                "1 or more each",
            ),
            (
                "ridge penalties",
                format!("{:?}", self.penalties),
                !self.penalties.is_empty() && self.penalties.iter().all(|p| *p > 0.0 && p.is_finite()),
                "above 0 each",
            ),
        ];
        match checks.into_iter().find(|(_, _, right, _)| !right) {
            Some((setting, got, _, expected)) => Err(Error::Setting { setting, got, expected }),
            None => Ok(()),
        }
    }

    /// Fits on `split.train()` and chooses lags and penalties on `split.val()`.
    ///
    /// Takes the recording as recorded: it smooths responses, and scales bands by training stimuli. Test stimuli are never used.
    ///
    /// # Errors
    /// [`Error::Data`] for a recording of sound, [`Error::Setting`] if candidates are missing or out of range, [`Error::NothingToScore`] if the validation score is
    /// undefined for all neurons.
    pub fn fit(&self, recording: &Recording, split: &Split, device: &Device) -> Result<RidgeFit> {
        self.validate()?;
        expect_cochleagrams(recording)?;
        let begun = Instant::now();
        let metadata = metadata_of(recording, &recording.neuron_ids(), split, self, None);
        let scaling = recording.fit_standardization(split.train())?;
        let as_recorded = recording.smoothed();
        let recording =
            &scaled(&as_recorded, &scaling, as_recorded.stimuli().iter().map(|s| s.cochleagram()))?;
        let target = ValidationTarget::new(recording, split.val())?;
        let longest = self.lags.iter().copied().max().unwrap_or(1);
        let groups = Group::all(recording, split.train(), longest)?;
        let mut best: Option<Candidate> = None;
        let mut val_score = Vec::with_capacity(self.lags.len());
        for &lags in &self.lags {
            let candidate = Candidate::of(&groups, lags, &self.penalties, recording, split, &target)?;
            val_score.push(candidate.score);
            if best.as_ref().is_none_or(|best| candidate.score > best.score) {
                best = Some(candidate);
            }
        }
        let Some(best) = best else {
            return Err(Error::Setting {
                setting: "ridge lags",
                got: "none".to_owned(),
                expected: "1 or more each",
            });
        };
        let train_loss = best.train_loss(recording, split)?;
        let mut model = best.model(&as_recorded.axes(), device)?;
        model.scale_input(&scaling)?;
        let Candidate { lags, penalties, .. } = best;
        let seconds = begun.elapsed().as_secs_f64();
        Ok(RidgeFit { model, lags, penalties, val_score, train_loss, seconds, metadata })
    }
}

/// The best regression with one number of lags.
struct Candidate {
    lags: usize,
    /// `(N, F lags)`.
    weights: Array2<f64>,
    offsets: Array1<f64>,
    penalties: Vec<Option<f64>>,
    score: Option<f64>,
}

impl Candidate {
    fn of(
        groups: &[Group],
        lags: usize,
        penalties: &[f64],
        recording: &Recording,
        split: &Split,
        target: &ValidationTarget,
    ) -> Result<Self> {
        let (n_neurons, n_columns) = (recording.n_neurons(), recording.n_bands() * lags);
        let windows: Vec<Mat<f64>> = split
            .val()
            .iter()
            .map(|&s| Ok(lag_matrix(recording.stimulus(s)?.cochleagram(), lags)))
            .collect::<Result<_>>()?;
        let groups: Vec<Group> = groups.iter().map(|group| group.shortened(lags)).collect();
        let solved: Vec<Vec<Solution>> = groups.iter().map(|g| g.solve(penalties)).collect::<Result<_>>()?;
        let mut kept = Self {
            lags,
            weights: Array2::zeros((n_neurons, n_columns)),
            offsets: Array1::zeros(n_neurons),
            penalties: vec![None; n_neurons],
            score: None,
        };
        let mut scores: Vec<Option<f64>> = vec![None; n_neurons];
        for (p, &penalty) in penalties.iter().enumerate() {
            let mut rates: Vec<Array2<f64>> =
                windows.iter().map(|w| Array2::zeros((n_neurons, w.nrows()))).collect();
            for (group, solutions) in groups.iter().zip(&solved) {
                let solution = &solutions[p];
                for (window, rate) in windows.iter().zip(&mut rates) {
                    let predicted = window * &solution.weights;
                    for (j, &neuron) in group.neurons.iter().enumerate() {
                        rate.row_mut(neuron)
                            .iter_mut()
                            .enumerate()
                            .for_each(|(t, r)| *r = predicted[(t, j)] + solution.offsets[j]);
                    }
                }
            }
            let now = target.per_neuron(&rates)?;
            for (group, solutions) in groups.iter().zip(&solved) {
                for (j, &neuron) in group.neurons.iter().enumerate() {
                    // Of equal scores the last wins, by default the strongest penalty; this includes missing scores.
                    if now[neuron] >= scores[neuron] {
                        scores[neuron] = now[neuron];
                        kept.penalties[neuron] = Some(penalty);
                        kept.offsets[neuron] = solutions[p].offsets[j];
                        for column in 0..n_columns {
                            kept.weights[(neuron, column)] = solutions[p].weights[(column, j)];
                        }
                    }
                }
            }
        }
        kept.score = mean_score(&scores);
        Ok(kept)
    }

    /// Mean squared error over recorded training bins, averaged over neurons.
    fn train_loss(&self, recording: &Recording, split: &Split) -> Result<f64> {
        let n_neurons = recording.n_neurons();
        let weights = Mat::from_fn(self.weights.ncols(), n_neurons, |i, j| self.weights[(j, i)]);
        let mut sums = vec![(0.0, 0.0); n_neurons];
        for &s in split.train() {
            let stimulus = recording.stimulus(s)?;
            let (psth, valid) = stimulus.responses().psth();
            let predicted = lag_matrix(stimulus.cochleagram(), self.lags) * &weights;
            for ((n, t), _) in valid.indexed_iter().filter(|(_, valid)| **valid) {
                let error = predicted[(t, n)] + self.offsets[n] - f64::from(psth[(n, t)]);
                sums[n] = (sums[n].0 + error * error, sums[n].1 + 1.0);
            }
        }
        let per_neuron: Vec<f64> = sums.iter().filter(|s| s.1 > 0.0).map(|(sum, n)| sum / n).collect();
        Ok(per_neuron.iter().sum::<f64>() / per_neuron.len().max(1) as f64)
    }

    /// The linear model with these weights, not scaled.
    fn model(&self, axes: &Axes, device: &Device) -> Result<Box<dyn ResponseModel>> {
        let (n_neurons, n_bands) = (axes.n_neurons, axes.n_bands);
        let readout = ReadoutConfig::Strf(StrfReadoutConfig {
            strf: StrfConfig::full(self.lags),
            norm: NormConfig::None,
            activation: ActivationConfig::Identity,
        });
        let pipeline = statenet_models::PipelineConfig::new(CoreConfig::None, readout);
        let model = ModelConfig::pipeline(axes, pipeline).build(Seed::new(0), device)?;
        let weights: Vec<f32> = self.weights.iter().map(|&w| w as f32).collect();
        let offsets: Vec<f32> = self.offsets.iter().map(|&c| c as f32).collect();
        let shape = (n_neurons, 1, n_bands, self.lags);
        let mut values = model.params().snapshot()?;
        values.extend(
            [
                ("readout.strf.weight", Tensor::from_vec(weights, shape, device).during("making weights")?),
                ("readout.strf.bias", Tensor::from_vec(offsets, n_neurons, device).during("making offsets")?),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        model.params().load(&values, "ridge regression")?;
        Ok(model)
    }
}
