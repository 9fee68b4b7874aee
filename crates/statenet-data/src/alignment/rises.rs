//! Rises of sounds and of responses, and how they correlate at each lag.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use statenet_core::Input;

use crate::{
    error::Result,
    recording::{Recording, Responses, Stimulus},
};

/// How much each bin of each sound rises above the one before: the mean over bands of what rises, in standard deviations of the band.
pub(super) fn of_sounds(recording: &Recording) -> Vec<Vec<f64>> {
    let inputs: Vec<ArrayView2<'_, f32>> = recording.stimuli().iter().map(|s| s.cochleagram()).collect();
    match recording.input() {
        Input::Cochleagram => {
            let scales = deviations(&inputs);
            let of_sound = |bands: &ArrayView2<'_, f32>| {
                let mut mean = vec![0.0; bands.ncols()];
                for (band, scale) in bands.outer_iter().zip(&scales) {
                    let Some(deviation) = scale else { continue };
                    for (mean, rise) in
                        mean.iter_mut().zip(rises(band.iter().map(|&x| f64::from(x) / deviation)))
                    {
                        *mean += rise / scales.len() as f64;
                    }
                }
                mean
            };
            inputs.iter().map(of_sound).collect()
        }
        Input::Sound => {
            let amplitude = |bin: ArrayView1<'_, f32>| {
                (bin.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / bin.len().max(1) as f64).sqrt()
            };
            let of_sounds: Vec<Vec<f64>> =
                inputs.iter().map(|bins| bins.axis_iter(Axis(1)).map(amplitude).collect()).collect();
            let loudest = of_sounds.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
            // 80 dB below the loudest bin is silence.
            of_sounds.iter().map(|sound| rises(sound.iter().map(|a| (a / loudest + 1e-4).ln()))).collect()
        }
    }
}

/// The mean about the neurons' baselines of those repeats that `counts(repeat, number of repeats)` names, `(N, T)` for each stimulus.
pub(super) fn psths(
    recording: &Recording,
    baselines: &[f32],
    counts: impl Fn(usize, usize) -> bool,
) -> Result<Vec<Array2<f32>>> {
    let of_stimulus = |stimulus: &Stimulus| {
        let responses = stimulus.responses()?;
        Ok(psth(&responses, baselines, &counts))
    };
    recording.stimuli().iter().map(of_stimulus).collect()
}

/// How much each bin of each response rises above the one before: of the mean over neurons of the PSTH, each in its standard deviations.
pub(super) fn of_responses(psths: &[Array2<f32>]) -> Vec<Vec<f64>> {
    let views: Vec<ArrayView2<'_, f32>> = psths.iter().map(|psth| psth.view()).collect();
    let scales = deviations(&views);
    let of_stimulus = |psth: &ArrayView2<'_, f32>| {
        let mut mean = vec![0.0; psth.ncols()];
        for (neuron, scale) in psth.outer_iter().zip(&scales) {
            let Some(deviation) = scale else { continue };
            for (mean, &rate) in mean.iter_mut().zip(neuron) {
                *mean += f64::from(rate) / deviation / scales.len() as f64;
            }
        }
        rises(mean.into_iter())
    };
    views.iter().map(of_stimulus).collect()
}

/// The mean over some repeats about the neurons' baselines, `(N, T)`; 0 where nothing was recorded.
fn psth(responses: &Responses, baselines: &[f32], counts: &impl Fn(usize, usize) -> bool) -> Array2<f32> {
    let values = responses.about(baselines);
    let (n, n_repeats, t) = responses.values().dim();
    let mut sum = Array2::<f32>::zeros((n, t));
    let mut recorded = Array2::<f32>::zeros((n, t));
    for repeat in (0..n_repeats).filter(|&repeat| counts(repeat, n_repeats)) {
        sum += &values.index_axis(Axis(1), repeat);
        recorded +=
            &responses.mask().view().index_axis(Axis(1), repeat).mapv(|valid| f32::from(u8::from(valid)));
    }
    sum / recorded.mapv(|n| n.max(1.0))
}

/// The standard deviation of each row over all arrays; `None` for a row that hardly varies.
fn deviations(arrays: &[ArrayView2<'_, f32>]) -> Vec<Option<f64>> {
    let n_rows = arrays.first().map_or(0, ArrayView2::nrows);
    let of_row = |row: usize| {
        let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
        let values = arrays.iter().filter_map(|array| array.outer_iter().nth(row));
        for value in values.flatten().map(|&x| f64::from(x)) {
            n += 1.0;
            sum += value;
            squares += value * value;
        }
        let mean = sum / f64::max(n, 1.0);
        let variance = squares / f64::max(n, 1.0) - mean * mean;
        (variance > 1e-12 * mean * mean && variance > 0.0).then(|| variance.sqrt())
    };
    (0..n_rows).map(of_row).collect()
}

/// How much each value is above the one before; 0 for the first, and where it is below.
fn rises(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut before = None;
    values.map(|now| before.replace(now).map_or(0.0, |before: f64| f64::max(now - before, 0.0))).collect()
}

/// The correlation of the rises of each sound and of the responses to it, at each lag, in bins.
pub(super) fn correlations(sounds: &[Vec<f64>], responses: &[Vec<f64>], lags: &[isize]) -> Vec<Vec<f64>> {
    sounds.iter().zip(responses).map(|(sound, response)| correlation(sound, response, lags)).collect()
}

/// The mean over neurons of the PSTH of each stimulus, about their baselines.
pub(super) fn means(psths: &[Array2<f32>]) -> Vec<Vec<f64>> {
    let mean = |bin: ArrayView1<'_, f32>| bin.iter().map(|&x| f64::from(x)).sum::<f64>() / bin.len() as f64;
    psths.iter().map(|psth| psth.columns().into_iter().map(mean).collect()).collect()
}

/// The mean response around those bins in which a sound rises by more than three standard deviations above its mean rise.
pub(super) fn onset_response(sounds: &[Vec<f64>], responses: &[Vec<f64>], lags: &[isize]) -> Vec<f64> {
    const CLEAR: f64 = 3.0;
    let n = sounds.iter().map(Vec::len).sum::<usize>().max(1) as f64;
    let mean = sounds.iter().flatten().sum::<f64>() / n;
    let deviation = (sounds.iter().flatten().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    let onsets: Vec<(&Vec<f64>, usize)> = sounds
        .iter()
        .zip(responses)
        .flat_map(|(sound, response)| {
            let clear = sound.iter().enumerate().filter(|(_, rise)| **rise > mean + CLEAR * deviation);
            clear.map(move |(bin, _)| (response, bin))
        })
        .collect();
    if onsets.is_empty() {
        return Vec::new();
    }
    let at = |&lag: &isize| {
        let values = onsets.iter().filter_map(|(response, bin)| response.get(bin.checked_add_signed(lag)?));
        let (sum, n) = values.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
        sum / n
    };
    lags.iter().map(at).collect()
}

fn correlation(sound: &[f64], response: &[f64], lags: &[isize]) -> Vec<f64> {
    let centred = |x: &[f64]| -> Vec<f64> {
        let mean = x.iter().sum::<f64>() / x.len().max(1) as f64;
        x.iter().map(|x| x - mean).collect()
    };
    let (sound, response) = (centred(sound), centred(response));
    let power = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    let scale = (power(&sound) * power(&response)).sqrt();
    let at = |&lag: &isize| {
        let (skip_sound, skip_response) = (lag.min(0).unsigned_abs(), lag.max(0).unsigned_abs());
        let pairs = sound.iter().skip(skip_sound).zip(response.iter().skip(skip_response));
        if scale > 0.0 { pairs.map(|(x, y)| x * y).sum::<f64>() / scale } else { 0.0 }
    };
    lags.iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_two_bins_later_correlates_best_there() {
        let level = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 0.0, 0.0];
        let rate = [0.0, 0.0, 0.0, 1.0, 0.5, 0.0, 0.0, 0.0, 2.0, 1.0];
        let r = correlation(&rises(level.into_iter()), &rises(rate.into_iter()), &[-1, 0, 1, 2, 3]);
        let best = r.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert_eq!(best.0, 3);
        assert!((best.1 - 1.0).abs() < 0.05, "{r:?}");
    }

    #[test]
    fn what_never_rises_has_no_correlation() {
        assert_eq!(
            correlation(&rises([1.0; 4].into_iter()), &rises([0.0, 1.0, 0.0, 1.0].into_iter()), &[0]),
            [0.0]
        );
    }

    #[test]
    fn a_gap_in_potentials_is_no_rise() {
        use crate::recording::{Description, Neuron, Stimulus};
        let values = ndarray::array![[[-60.0, -60.5, f32::NAN, f32::NAN, -60.0, -59.0]]];
        let responses = Responses::from_nan_in(values, "mV".parse().unwrap()).unwrap();
        let stimulus = Stimulus::new("s", Array2::zeros((1, 6)), responses).unwrap();
        let dt = statenet_core::TimeBin::whole_millis::<5>();
        let neurons = vec![Neuron::new("u")];
        let recording = Recording::new(Description::default(), dt, vec![], neurons, vec![stimulus]).unwrap();
        let rises = of_responses(&psths(&recording, &recording.baselines().unwrap(), |_, _| true).unwrap());
        let largest = rises[0].iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert_eq!(largest.0, 5, "{rises:?}");
    }
}
