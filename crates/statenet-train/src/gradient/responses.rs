//! What a fit knows of the training responses before its first step: where it starts, and what continuous responses are scaled by.

use candle_core::{DType, Device, Tensor};
use statenet_core::{ResponseUnit, Standardization};
use statenet_data::{Batches, Recording};
use statenet_metrics::Spread;
use statenet_models::ResponseModel;

use crate::error::{During, Error, Result};

/// Mean of each neuron's response over recorded training bins and, of continuous responses, its standard deviation.
pub(super) struct TrainingResponses {
    /// (N), in the unit of the responses; 0 for a neuron without data.
    pub(super) mean: Vec<f64>,
    /// (N); `None` for spike counts. 1 for a neuron whose response is constant or missing.
    deviation: Option<Vec<f64>>,
}

impl TrainingResponses {
    /// Of the training stimuli of a recording with responses in this unit.
    pub(super) fn of(batches: &Batches, unit: &ResponseUnit) -> Result<Self> {
        let mean = mean_of(batches, None)?;
        if unit.is_spikes() {
            return Ok(Self { mean, deviation: None });
        }
        let squares = mean_of(batches, Some(&mean))?;
        let deviation = |square: f64| {
            let deviation = square.sqrt() as f32;
            if deviation.is_normal() { f64::from(deviation) } else { 1.0 }
        };
        Ok(Self { mean, deviation: Some(squares.into_iter().map(deviation).collect()) })
    }

    /// Tells a model how responses are scaled, and where to start.
    ///
    /// # Errors
    /// [`Error::OutputCurve`] for a model that gives nothing below 0 where a neuron's mean response is.
    pub(super) fn start(&self, model: &mut dyn ResponseModel, recording: &Recording) -> Result<()> {
        if let Some(deviation) = &self.deviation {
            if let Some((neuron, &mean)) = self.mean.iter().enumerate().find(|(_, mean)| **mean < 0.0)
                && !model.config().is_signed()
            {
                let neuron = recording.neurons().get(neuron).map(|n| n.id().to_owned()).unwrap_or_default();
                return Err(Error::OutputCurve { neuron, mean, unit: recording.response_unit().clone() });
            }
            let single = |values: &[f64]| values.iter().map(|&x| x as f32).collect::<Vec<_>>();
            let scaling = Standardization::new(single(&self.mean), single(deviation));
            model.scale_output(&scaling.map_err(statenet_models::Error::from)?)?;
        }
        Ok(model.init_to_mean_rates(&self.mean)?)
    }

    /// Mean and variance of each neuron's training responses, in what the loss counts in: spikes, or deviations about the mean.
    pub(super) fn moments_in_loss(&self, batches: &Batches) -> Result<Vec<(f64, f64)>> {
        if self.deviation.is_some() {
            return Ok(vec![(0.0, 1.0); self.mean.len()]);
        }
        Ok(self.mean.iter().copied().zip(mean_of(batches, Some(&self.mean))?).collect())
    }

    /// What the loss learned, in the unit of the responses.
    pub(super) fn in_unit(&self, spread: Spread, mut values: Vec<f64>) -> Vec<f64> {
        if let (Spread::LogVariance, Some(deviation)) = (spread, &self.deviation) {
            values.iter_mut().zip(deviation).for_each(|(value, deviation)| *value += 2.0 * deviation.ln());
        }
        values
    }

    /// `(1, N, 1)`: what rates and targets are multiplied by in the loss, so that it counts in each neuron's deviations; `None` for spikes.
    pub(super) fn weights(&self, device: &Device, dtype: DType) -> Result<Option<Tensor>> {
        let Some(deviation) = &self.deviation else { return Ok(None) };
        let weights: Vec<f64> = deviation.iter().map(|deviation| 1.0 / deviation).collect();
        let shape = (1, weights.len(), 1);
        let weights = Tensor::from_vec(weights, shape, &Device::Cpu)
            .and_then(|weights| weights.to_dtype(dtype)?.to_device(device));
        weights.during("weighting the loss").map(Some)
    }
}

/// The mean of each neuron's response, or of its squared difference from `around`, over recorded bins; 0 for a neuron without data.
fn mean_of(batches: &Batches, around: Option<&[f64]>) -> Result<Vec<f64>> {
    let mut sums: Vec<(f64, f64)> = Vec::new();
    for batch in batches.in_order(1)? {
        let batch = batch?;
        let sum =
            |t: &Tensor| -> candle_core::Result<Vec<f64>> { t.to_dtype(DType::F64)?.sum((0, 2))?.to_vec1() };
        let counted = || match around {
            None => &batch.targets * &batch.mask,
            Some(around) => {
                let around = Tensor::new(around, &Device::Cpu)?.reshape((1, (), 1))?;
                let targets = batch.targets.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
                let mask = batch.mask.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
                targets.broadcast_sub(&around)?.sqr()? * mask
            }
        };
        let total = counted().and_then(|t| sum(&t)).during("summing targets")?;
        let count = sum(&batch.mask).during("counting bins")?;
        sums.resize(total.len(), (0.0, 0.0));
        for (s, (t, c)) in sums.iter_mut().zip(total.into_iter().zip(count)) {
            *s = (s.0 + t, s.1 + c);
        }
    }
    Ok(sums.into_iter().map(|(total, count)| if count > 0.0 { total / count } else { 0.0 }).collect())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use statenet_core::TimeBin;
    use statenet_data::{Description, Neuron, Responses, Stimulus};

    use super::*;

    #[test]
    fn means_and_deviations_are_over_recorded_bins() {
        let n = f32::NAN;
        let unit: ResponseUnit = "mV".parse().unwrap();
        let values = array![[[-60.0, -64.0, n, -62.0]], [[5.0, 5.0, 5.0, 5.0]], [[n, n, n, n]]];
        let responses = Responses::from_nan_in(values, unit.clone()).unwrap();
        let sound = Stimulus::new("a", Array2::zeros((1, 4)), responses).unwrap();
        let neurons = ["u", "constant", "missing"].map(Neuron::new).to_vec();
        let dt = TimeBin::whole_millis::<5>();
        let recording = Recording::new(Description::default(), dt, vec![], neurons, vec![sound]).unwrap();
        let batches = Batches::new(&recording, &[0], &Device::Cpu).unwrap();
        let known = TrainingResponses::of(&batches, &unit).unwrap();
        assert_eq!(known.mean, [-62.0, 5.0, 0.0]);
        let deviation = known.deviation.as_deref().unwrap();
        assert!((deviation[0] - (8.0f64 / 3.0).sqrt()).abs() < 1e-6 && deviation[1..] == [1.0, 1.0]);
        let of_spikes = TrainingResponses::of(&batches, &ResponseUnit::SpikesPerBin).unwrap();
        assert!(of_spikes.weights(&Device::Cpu, DType::F32).unwrap().is_none());
    }
}
