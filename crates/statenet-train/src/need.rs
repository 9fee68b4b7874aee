//! The memory and multiplications that fits by gradients and predictions take at least.

use candle_core::DType;
use statenet_core::Need;
use statenet_data::{Crop, Recording, Split};
use statenet_models::ResponseModel;

use crate::{error::Result, evaluate::MOST_OF_A_GROUP, gradient::FitConfig};

/// What can be changed where memory lacks.
const CHANGE: &str =
    "use fewer neurons or bands, a smaller model or batch, shorter stimuli, or a machine with more memory";

/// Copies of each parameter in a fit without an average of weights: the value, its gradient, two moments, the first and the best values.
const OF_A_PARAMETER: usize = 6;
/// Copies of a batch's rates in a step: drives, rates, targets, mask, differences, squares, masked, and gradients of most.
const OF_A_RATE: usize = 8;
/// Batches of responses on disk that are in memory at once: one that is used, one that waits, one that is read.
const BATCHES_READ_AHEAD: usize = 3;
/// What a value takes while it is read: as it is in the file, f32, mask, and f32 once more when it is smoothed.
const OF_A_VALUE_READ: usize = 4 + 4 + 1 + 4;
/// Copies of a batch's features in a step: before and after the output curve, and a gradient.
const OF_A_FEATURE: usize = 3;

/// The memory that a fit by gradients takes at least, and the multiplications of one epoch.
///
/// Counted are parameters with gradients and moments, the stimuli as tensors, and the rates and features of the largest batch. What
/// a model keeps besides is not. Of responses that stay on disk only those of the batches that are read ahead are counted, and the PSTHs of
/// validation stimuli.
///
/// # Errors
/// [`Error::Data`](crate::Error::Data) for a split that does not fit the recording.
pub fn need_of_fit(
    model: &dyn ResponseModel,
    recording: &Recording,
    split: &Split,
    config: &FitConfig,
) -> Result<Need> {
    need_of(model, recording, (split.train(), split.val()), config)
}

/// The need of a fit to the first stimuli that is validated on the second.
fn need_of(
    model: &dyn ResponseModel,
    recording: &Recording,
    (train, val): (&[usize], &[usize]),
    config: &FitConfig,
) -> Result<Need> {
    let heard = Bins::cropped(recording, train, config.crop)?;
    let n_in_batch = config.batch.max(1).min(train.len());
    let (train, val) = (Bins::of(recording, train)?, Bins::of(recording, val)?);
    let sizes = Sizes::of(model);
    // Stimuli as tensors and responses that are smoothed, or batches of them.
    let responses = if recording.is_on_disk() {
        Need::of_values(&[BATCHES_READ_AHEAD, n_in_batch, train.most_values], OF_A_VALUE_READ)
            .and(Need::of_values(&[BATCHES_READ_AHEAD, n_in_batch, train.longest, 2, sizes.n_neurons], 4))
    } else {
        let unsmoothed = if recording.smoothing().is_some() { 0 } else { 4 };
        Need::of_values(&[train.n_values + val.n_values], unsmoothed)
            .and(Need::of_values(&[train.n_bins, recording.n_bands() + 2 * sizes.n_neurons], 4))
    };
    let copies = OF_A_PARAMETER.saturating_add(config.averaging.n_copies());
    Ok(Need::of_values(&[sizes.n_values, copies], sizes.value_bytes)
        .and(responses)
        // Scaled bands, and the PSTHs that rates are scored against.
        .and(Need::of_values(&[train.n_bins + 2 * val.n_bins, recording.n_bands()], 4))
        .and(Need::of_values(&[val.n_bins, sizes.n_neurons], 8 + 4))
        .and(val.scored_at_once())
        .and(sizes.of_bins(n_in_batch.saturating_mul(heard.longest), OF_A_RATE, OF_A_FEATURE))
        // Forward, and backward to inputs and to weights.
        .and(Need::of_multiplications(&[sizes.n_weights, heard.n_bins, 3])))
}

/// Refuses a fit that the machine has no memory for.
pub(crate) fn expect_memory_to_fit(
    model: &dyn ResponseModel,
    recording: &Recording,
    (train, val): (&[usize], &[usize]),
    config: &FitConfig,
) -> Result<()> {
    let (n_neurons, n_bands) = (recording.n_neurons(), recording.n_bands());
    let longest = Bins::cropped(recording, train, config.crop)?.longest;
    let what = format!(
        "a fit of {} parameters to {n_neurons} neurons, {n_bands} bands and stimuli of up to {longest} bins",
        model.params().n_trained()
    );
    Ok(need_of(model, recording, (train, val), config)?.ensure(what, CHANGE)?)
}

/// Refuses predictions that the machine has no memory for.
pub(crate) fn expect_memory_to_predict(
    model: &dyn ResponseModel,
    recording: &Recording,
    stimuli: &[usize],
) -> Result<()> {
    let sizes = Sizes::of(model);
    let bins = Bins::of(recording, stimuli)?;
    let n_at_once = rayon::current_num_threads().min(stimuli.len());
    let need = Need::of_values(&[bins.n_bins, sizes.n_neurons], 4)
        .and(Need::of_values(&[n_at_once, bins.longest, recording.n_bands()], 4))
        .and(sizes.of_bins(n_at_once.saturating_mul(bins.longest), 2, 1));
    let what = format!(
        "predicting {} neurons in {} stimuli of up to {} bins",
        sizes.n_neurons,
        stimuli.len(),
        bins.longest
    );
    Ok(need.ensure(what, CHANGE)?)
}

/// Refuses scores that the machine has no memory for: responses and rates of a group of neurons are copied in f64.
pub(crate) fn expect_memory_to_score(recording: &Recording, stimuli: &[usize]) -> Result<()> {
    let bins = Bins::of(recording, stimuli)?;
    let unsmoothed = if recording.is_on_disk() || recording.smoothing().is_some() { 0 } else { 4 };
    let need = bins.scored_at_once().and(Need::of_values(&[bins.n_values], unsmoothed));
    let what = format!("scoring {} neurons on {} bins", recording.n_neurons(), bins.n_bins);
    Ok(need.ensure(what, "score fewer neurons or stimuli at once, or use a machine with more memory")?)
}

/// Sizes of a model.
struct Sizes {
    /// Numbers kept, buffers included.
    n_values: usize,
    /// Those that inputs are multiplied by.
    n_weights: usize,
    /// Outputs of all layers, as far as the shapes of their weights tell.
    n_features: usize,
    n_neurons: usize,
    value_bytes: usize,
}

impl Sizes {
    fn of(model: &dyn ResponseModel) -> Self {
        let params = || model.params().iter().map(|param| &param.var);
        let weights = || params().filter(|var| var.rank() > 1);
        Self {
            n_values: params().map(|var| var.elem_count()).sum(),
            n_weights: weights().map(|var| var.elem_count()).sum(),
            n_features: weights().filter_map(|var| var.dims().first().copied()).sum(),
            n_neurons: model.n_neurons(),
            value_bytes: if model.dtype() == DType::F64 { 8 } else { 4 },
        }
    }

    /// Rates and features of some bins.
    fn of_bins(&self, n_bins: usize, of_a_rate: usize, of_a_feature: usize) -> Need {
        Need::of_values(&[n_bins, of_a_rate, self.n_neurons], self.value_bytes)
            .and(Need::of_values(&[n_bins, of_a_feature, self.n_features], self.value_bytes))
    }
}

/// Bins and recorded values of some stimuli.
pub(crate) struct Bins {
    pub(crate) n_bins: usize,
    pub(crate) longest: usize,
    n_values: usize,
    /// Of one stimulus.
    pub(crate) most_values: usize,
    n_neurons: usize,
}

/// Bins that a model hears in an epoch.
struct Heard {
    n_bins: usize,
    longest: usize,
}

impl Bins {
    pub(crate) fn of(recording: &Recording, stimuli: &[usize]) -> Result<Self> {
        let n_neurons = recording.n_neurons();
        let mut bins = Self { n_bins: 0, longest: 0, n_values: 0, most_values: 0, n_neurons };
        for &s in stimuli {
            let stimulus = recording.stimulus(s)?;
            bins.n_bins += stimulus.n_bins();
            bins.longest = bins.longest.max(stimulus.n_bins());
            bins.n_values += stimulus.n_values();
            bins.most_values = bins.most_values.max(stimulus.n_values());
        }
        Ok(bins)
    }

    /// The bins that a model hears of stimuli in an epoch, at most: all of them, and of the longest.
    fn cropped(recording: &Recording, stimuli: &[usize], crop: Option<Crop>) -> Result<Heard> {
        let mut heard = Heard { n_bins: 0, longest: 0 };
        for &s in stimuli {
            let n_bins = recording.stimulus(s)?.n_bins();
            let n_bins = crop.map_or(n_bins, |crop| crop.longest(n_bins));
            heard.n_bins += n_bins;
            heard.longest = heard.longest.max(n_bins);
        }
        Ok(heard)
    }

    /// Responses with masks and rates in f64, of a group of neurons, of a neuron at least.
    pub(crate) fn scored_at_once(&self) -> Need {
        let all =
            Need::of_values(&[self.n_values], 8 + 1).and(Need::of_values(&[self.n_bins, self.n_neurons], 8));
        let of_one = all.bytes / (self.n_neurons.max(1) as u64);
        Need { bytes: all.bytes.min(of_one.max(MOST_OF_A_GROUP as u64)), ..all }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use statenet_core::Seed;
    use statenet_data::{SimulationConfig, SplitPlan};
    use statenet_models::zoo;

    use super::*;

    #[test]
    fn the_need_grows_with_batch_and_counts_every_parameter_six_times() {
        let recording = SimulationConfig::small().simulate().unwrap().recording;
        let split = SplitPlan::Demo.resolve(&recording).unwrap();
        let model = zoo::linear(&recording.axes()).build(Seed::new(0), &Device::Cpu).unwrap();
        let of = |batch| {
            let config = FitConfig { batch, ..FitConfig::default() };
            need_of_fit(&model, &recording, &split, &config).unwrap()
        };
        assert!(of(2).bytes > of(1).bytes && of(2).multiplications == of(1).multiplications);
        let crop = Some(Crop { length: 20, warm_up: 5 });
        let cropped = need_of_fit(&model, &recording, &split, &FitConfig { crop, ..FitConfig::default() });
        let cropped = cropped.unwrap();
        // A quarter of each stimulus of 100 bins.
        assert!(cropped.bytes < of(1).bytes && cropped.multiplications * 4 == of(1).multiplications);
        assert!(of(1).bytes > 6 * 4 * model.params().n_trained() as u64);
        let all: Vec<usize> = (0..recording.n_stimuli()).collect();
        assert!(expect_memory_to_predict(&model, &recording, &all).is_ok());
        assert!(expect_memory_to_score(&recording, &all).is_ok());
    }
}
