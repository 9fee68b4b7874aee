//! Ridge regression with lags and penalties chosen by validation.

use std::time::Instant;

use candle_core::{Device, Tensor};
use faer::Mat;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use statenet_core::{Axes, Millis, Need, Seed, TimeBin};
use statenet_data::{Part, Recording, Split};
use statenet_models::{
    CheckpointMetadata, ModelConfig, ResponseModel,
    activations::ActivationConfig,
    cores::CoreConfig,
    readouts::{NormConfig, ReadoutConfig, StrfReadoutConfig},
    strfs::StrfConfig,
};

use super::{
    group::{Best, Regressions, n_primal},
    moments::Moments,
    need::Sizes,
    scored::Scored,
    training::{Group, Training},
};
use crate::{
    error::{During, Error, Result},
    fit::{fitted_stimuli, metadata_of},
    hearing::{expect_cochleagrams, scaled},
    need::Bins,
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

    /// The memory and multiplications that a fit takes at least; more if neurons were recorded in different bins.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), for settings and a split that do not fit the recording.
    pub fn need(&self, recording: &Recording, split: &Split) -> Result<Need> {
        self.validate()?;
        Ok(self.sizes(recording, (split.train(), split.val()))?.least())
    }

    fn sizes(&self, recording: &Recording, (train, val): (&[usize], &[usize])) -> Result<Sizes> {
        let n_bands = recording.n_bands();
        let mut windows: Vec<usize> = self.lags.iter().map(|lags| lags.saturating_mul(n_bands)).collect();
        windows.sort_unstable();
        windows.dedup();
        let at_once = rayon::current_num_threads().min(train.len());
        let (train, val) = (Bins::of(recording, train)?, Bins::of(recording, val)?);
        // As many stimuli as threads are read at once, with all repeats, masks and what is smoothed.
        let per_row = 3 * train.most_values / train.longest.max(1) / recording.n_neurons().max(1);
        let n_held = if recording.is_on_disk() { at_once * train.longest * per_row } else { train.n_bins };
        Ok(Sizes {
            n_neurons: recording.n_neurons(),
            windows,
            n_penalties: self.penalties.len(),
            n_rows: train.n_bins,
            n_scored: val.n_bins,
            scored_bytes: val.scored_at_once().bytes,
            n_held,
        })
    }

    /// Fits on `split.train()` and chooses lags and penalties on `split.val()`.
    ///
    /// Takes the recording as recorded: it smooths responses, and scales bands by training stimuli. Test stimuli are never used.
    ///
    /// # Errors
    /// [`Error::Memory`] for a regression that is too large for the machine, [`Error::Data`] for a recording of sound, [`Error::Setting`] if candidates are missing or out of range, [`Error::NothingToScore`] if the validation score is
    /// undefined for all neurons.
    pub fn fit(&self, recording: &Recording, split: &Split, device: &Device) -> Result<RidgeFit> {
        self.validate()?;
        expect_cochleagrams(recording)?;
        let begun = Instant::now();
        split.expect_data(&[Part::Train, Part::Val], recording)?;
        let parts = (split.train(), split.val());
        self.sizes(recording, parts)?.expect_memory()?;
        let metadata = metadata_of(recording, &recording.neuron_ids(), split, self, None, None)?;
        let scaling = recording.fit_standardization(split.train())?;
        let as_recorded = recording.smoothed();
        let recording =
            &scaled(&as_recorded, &scaling, as_recorded.stimuli().iter().map(|s| s.cochleagram()))?;
        let target = ValidationTarget::new(recording, split)?;
        let fitted = Fitted::of(self, recording, parts, &target)?;
        let mut model = fitted.model(&as_recorded.axes(), device)?;
        model.scale_input(&scaling)?;
        let Fitted { lags, penalties, val_score, train_loss, .. } = fitted;
        let seconds = begun.elapsed().as_secs_f64();
        Ok(RidgeFit { model, lags, penalties, val_score, train_loss, seconds, metadata })
    }

    /// Fits on training and validation stimuli together, with the lags and penalties that an earlier fit of the same recording and split chose.
    /// Bands are scaled by both parts. A neuron that had no training stimuli gets the last penalty. Test stimuli are never used.
    ///
    /// `val_score` is that of the earlier fit.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn refit(
        &self,
        recording: &Recording,
        split: &Split,
        first: &RidgeFit,
        device: &Device,
    ) -> Result<RidgeFit> {
        self.validate()?;
        expect_cochleagrams(recording)?;
        let begun = Instant::now();
        let both = fitted_stimuli(split, true);
        let last = self.penalties.last().copied().unwrap_or(1.0);
        let penalty_of = |n: usize| first.penalties.get(n).copied().flatten().unwrap_or(last);
        let mut penalties: Vec<f64> = (0..recording.n_neurons()).map(penalty_of).collect();
        let chosen = |penalty| Self { lags: vec![first.lags], penalties: vec![penalty] };
        chosen(last).sizes(recording, (&both, split.val()))?.expect_memory()?;
        let refit = Some(json!({ "lags": first.lags }));
        let metadata = metadata_of(recording, &recording.neuron_ids(), split, self, None, refit)?;
        let scaling = recording.fit_standardization(&both)?;
        let as_recorded = recording.smoothed();
        let recording =
            &scaled(&as_recorded, &scaling, as_recorded.stimuli().iter().map(|s| s.cochleagram()))?;
        // The scores are of sounds that were fitted, and are not used.
        let target = ValidationTarget::new(recording, split)?;
        penalties.sort_by(f64::total_cmp);
        penalties.dedup();
        let mut kept = Kept::new(recording.n_neurons(), recording.n_bands(), first.lags);
        for penalty in penalties {
            let fitted = Fitted::of(&chosen(penalty), recording, (&both, split.val()), &target)?;
            kept.take(&fitted, |neuron| penalty_of(neuron) == penalty);
        }
        let fitted = Fitted::kept(kept, first.val_score.clone());
        let mut model = fitted.model(&as_recorded.axes(), device)?;
        model.scale_input(&scaling)?;
        let Fitted { lags, penalties, val_score, train_loss, .. } = fitted;
        let seconds = begun.elapsed().as_secs_f64();
        Ok(RidgeFit { model, lags, penalties, val_score, train_loss, seconds, metadata })
    }
}

/// The regressions with the number of lags that scores best.
struct Fitted {
    lags: usize,
    /// `(N, F lags)` in the order of a receptive field's weights.
    weights: Vec<f32>,
    offsets: Vec<f32>,
    penalties: Vec<Option<f64>>,
    /// Training error of each neuron.
    losses: Vec<Option<f64>>,
    val_score: Vec<Option<f64>>,
    train_loss: f64,
}

impl Fitted {
    fn of(
        ridge: &Ridge,
        recording: &Recording,
        (train, val): (&[usize], &[usize]),
        target: &ValidationTarget,
    ) -> Result<Self> {
        let n_bands = recording.n_bands();
        let sizes = ridge.sizes(recording, (train, val))?;
        let windows = &sizes.windows;
        let longest = windows.last().copied().unwrap_or(0);
        let training = &Training::new(recording, train)?;
        let scored = &Scored::new(target, recording, val, longest)?;
        let groups = training.groups();
        let (n_groups, n_factors) = sizes.plan(&groups, rayon::current_num_threads())?;
        let n_all = training.design.all_rows().len();
        let columns = |group: &Group| windows[..n_primal(windows, group.n_rows)].last().copied();
        let from_total = |group: &&Group| 2 * (n_all - group.n_rows) <= n_all;
        let of_total = groups.iter().filter(from_total).filter_map(columns).max();
        let of_any = groups.iter().filter_map(columns).max().unwrap_or(0);
        let total = of_total.map(|n| Moments::of(&training.design, &training.design.all_rows(), n));
        let products = training.products(of_any)?;
        let regressions = Regressions {
            training,
            scored,
            windows,
            penalties: &ridge.penalties,
            total: total.as_ref(),
            products: &products,
            n_factors,
        };
        let mut fitted: Vec<Vec<Vec<(usize, Best)>>> = Vec::with_capacity(groups.len());
        for at_once in groups.chunks(n_groups) {
            let one = |group: &Group| regressions.fit(group);
            fitted.extend(at_once.par_iter().map(one).collect::<Result<Vec<_>>>()?);
        }
        let scores_of = |window: usize| {
            let mut scores = vec![None; recording.n_neurons()];
            fitted.iter().flat_map(|group| &group[window]).for_each(|(n, best)| scores[*n] = best.score);
            mean_score(&scores)
        };
        let scores: Vec<Option<f64>> = (0..windows.len()).map(scores_of).collect();
        let score_of = |&lags: &usize| {
            let window = windows.binary_search(&(lags * n_bands)).unwrap_or(0);
            (lags, window, scores.get(window).copied().flatten())
        };
        type Candidate = (usize, usize, Option<f64>);
        let candidates: Vec<Candidate> = ridge.lags.iter().map(score_of).collect();
        let first_best = |best: Candidate, next: Candidate| if next.2 > best.2 { next } else { best };
        let Some((lags, window, _)) = candidates.iter().copied().reduce(first_best) else {
            return Err(Error::Setting {
                setting: "ridge lags",
                got: "none".to_owned(),
                expected: "1 or more each",
            });
        };
        let val_score = candidates.into_iter().map(|(_, _, score)| score).collect();
        let mut kept = Kept::new(recording.n_neurons(), n_bands, lags);
        for (group, mut windows) in groups.iter().zip(fitted) {
            kept.add(group, windows.swap_remove(window), &regressions);
        }
        Ok(Self::kept(kept, val_score))
    }

    fn kept(kept: Kept, val_score: Vec<Option<f64>>) -> Self {
        let Kept { lags, weights, offsets, penalties, losses, .. } = kept;
        let defined: Vec<f64> = losses.iter().copied().flatten().collect();
        let train_loss = defined.iter().sum::<f64>() / defined.len().max(1) as f64;
        Self { lags, weights, offsets, penalties, losses, val_score, train_loss }
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
        let shape = (n_neurons, 1, n_bands, self.lags);
        let weights = Tensor::from_slice(&self.weights, shape, device).during("making weights")?;
        let offsets = Tensor::from_slice(&self.offsets, n_neurons, device).during("making offsets")?;
        let mut values = model.params().snapshot()?;
        let fitted = [("readout.strf.weight", weights), ("readout.strf.bias", offsets)];
        values.extend(fitted.map(|(name, value)| (name.to_owned(), value)));
        model.params().load(&values, "ridge regression")?;
        Ok(model)
    }
}

/// Weights and what else is kept of each neuron; 0 and `None` for neurons without training data.
struct Kept {
    n_bands: usize,
    lags: usize,
    weights: Vec<f32>,
    offsets: Vec<f32>,
    penalties: Vec<Option<f64>>,
    losses: Vec<Option<f64>>,
}

impl Kept {
    fn new(n_neurons: usize, n_bands: usize, lags: usize) -> Self {
        Self {
            n_bands,
            lags,
            weights: vec![0.0; n_neurons * n_bands * lags],
            offsets: vec![0.0; n_neurons],
            penalties: vec![None; n_neurons],
            losses: vec![None; n_neurons],
        }
    }

    fn add(&mut self, group: &Group, fitted: Vec<(usize, Best)>, regressions: &Regressions<'_, '_>) {
        let n_columns = self.n_bands * self.lags;
        for (neuron, best) in &fitted {
            self.offsets[*neuron] = best.offset as f32;
            self.penalties[*neuron] = Some(best.penalty);
            self.losses[*neuron] = Some(best.loss);
        }
        if n_columns <= group.n_rows {
            for (neuron, best) in &fitted {
                let weights = best.coefficients.iter().enumerate();
                weights.for_each(|(column, &weight)| self.set(*neuron, column, weight));
            }
            return;
        }
        let coefficients = Mat::from_fn(group.n_rows, fitted.len(), |row, j| fitted[j].1.coefficients[row]);
        regressions.dual_weights(group, n_columns, &coefficients, |first, weights| {
            for (j, (neuron, _)) in fitted.iter().enumerate() {
                let column = weights.col(j).iter().enumerate();
                column.for_each(|(i, &weight)| self.set(*neuron, first + i, weight));
            }
        });
    }

    /// Takes some neurons of regressions with as many lags.
    fn take(&mut self, fitted: &Fitted, which: impl Fn(usize) -> bool) {
        let n_columns = self.n_bands * self.lags;
        for neuron in (0..self.offsets.len()).filter(|&neuron| which(neuron)) {
            let columns = neuron * n_columns..(neuron + 1) * n_columns;
            self.weights[columns.clone()].copy_from_slice(&fitted.weights[columns]);
            self.offsets[neuron] = fitted.offsets[neuron];
            self.penalties[neuron] = fitted.penalties[neuron];
            self.losses[neuron] = fitted.losses[neuron];
        }
    }

    /// From a column of the lag matrix to a receptive field `(F, lags)`, whose last lag is now.
    fn set(&mut self, neuron: usize, column: usize, weight: f64) {
        let (lag, band) = (column / self.n_bands, column % self.n_bands);
        self.weights[(neuron * self.n_bands + band) * self.lags + self.lags - 1 - lag] = weight as f32;
    }
}
