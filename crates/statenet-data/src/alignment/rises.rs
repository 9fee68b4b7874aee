//! Rises of sounds and of responses, and how they correlate at each lag.

use ndarray::{ArrayView1, ArrayView2, Axis};
use statenet_core::Input;

use crate::recording::{Recording, Responses};

/// The level of each sound, `T` bins each.
pub(super) fn levels(recording: &Recording) -> Vec<Vec<f64>> {
    let inputs: Vec<ArrayView2<'_, f32>> = recording.stimuli().iter().map(|s| s.cochleagram()).collect();
    match recording.input() {
        Input::Cochleagram => mean_of_rows(&inputs),
        Input::Sound => {
            let amplitude = |bin: ArrayView1<'_, f32>| {
                (bin.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / bin.len().max(1) as f64).sqrt()
            };
            let of_sounds: Vec<Vec<f64>> =
                inputs.iter().map(|bins| bins.axis_iter(Axis(1)).map(amplitude).collect()).collect();
            let loudest = of_sounds.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
            // 80 dB below the loudest bin is silence.
            of_sounds.iter().map(|sound| sound.iter().map(|a| (a / loudest + 1e-4).ln()).collect()).collect()
        }
    }
}

/// The mean over neurons of the PSTH of those repeats that `counts(repeat, number of repeats)` names, in standard deviations.
pub(super) fn rates(recording: &Recording, counts: impl Fn(usize, usize) -> bool) -> Vec<Vec<f64>> {
    let psths: Vec<_> = recording.stimuli().iter().map(|s| psth(s.responses(), &counts)).collect();
    mean_of_rows(&psths.iter().map(|psth| psth.view()).collect::<Vec<_>>())
}

/// The mean over some repeats, `(N, T)`; 0 where nothing was recorded.
fn psth(responses: &Responses, counts: &impl Fn(usize, usize) -> bool) -> ndarray::Array2<f32> {
    let (n, n_repeats, t) = responses.values().dim();
    let mut sum = ndarray::Array2::<f32>::zeros((n, t));
    let mut recorded = ndarray::Array2::<f32>::zeros((n, t));
    for repeat in (0..n_repeats).filter(|&repeat| counts(repeat, n_repeats)) {
        sum += &responses.values().index_axis(Axis(1), repeat);
        recorded +=
            &responses.mask().view().index_axis(Axis(1), repeat).mapv(|valid| f32::from(u8::from(valid)));
    }
    sum / recorded.mapv(|n| n.max(1.0))
}

/// The mean over rows, each in its standard deviations over all arrays; rows that hardly vary are left out.
fn mean_of_rows(arrays: &[ArrayView2<'_, f32>]) -> Vec<Vec<f64>> {
    let n_rows = arrays.first().map_or(0, |array| array.nrows());
    let mut means: Vec<Vec<f64>> = arrays.iter().map(|array| vec![0.0; array.ncols()]).collect();
    for row in 0..n_rows {
        let values = || arrays.iter().filter_map(|array| array.outer_iter().nth(row));
        let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for value in values().flatten().map(|&x| f64::from(x)) {
            n += 1.0;
            sum += value;
            squares += value * value;
        }
        let mean = sum / f64::max(n, 1.0);
        let variance = squares / f64::max(n, 1.0) - mean * mean;
        if variance <= 1e-12 * mean * mean || variance <= 0.0 {
            continue;
        }
        for (out, values) in means.iter_mut().zip(values()) {
            for (out, &x) in out.iter_mut().zip(values) {
                *out += (f64::from(x) - mean) / variance.sqrt() / n_rows as f64;
            }
        }
    }
    means
}

/// The correlation of the rises of each level and rate at each lag, in bins.
pub(super) fn correlations(levels: &[Vec<f64>], rates: &[Vec<f64>], lags: &[isize]) -> Vec<Vec<f64>> {
    levels.iter().zip(rates).map(|(level, rate)| correlation(&rises(level), &rises(rate), lags)).collect()
}

/// How much each bin is above the one before, less the mean of that.
fn rises(values: &[f64]) -> Vec<f64> {
    let rise = values.iter().zip(values.iter().skip(1)).map(|(before, now)| f64::max(now - before, 0.0));
    let rise: Vec<f64> = std::iter::once(0.0).chain(rise).take(values.len()).collect();
    let mean = rise.iter().sum::<f64>() / rise.len().max(1) as f64;
    rise.iter().map(|x| x - mean).collect()
}

fn correlation(level: &[f64], rate: &[f64], lags: &[isize]) -> Vec<f64> {
    let power = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    let scale = (power(level) * power(rate)).sqrt();
    let at = |&lag: &isize| {
        let (skip_level, skip_rate) = (lag.min(0).unsigned_abs(), lag.max(0).unsigned_abs());
        let pairs = level.iter().skip(skip_level).zip(rate.iter().skip(skip_rate));
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
        let r = correlation(&rises(&level), &rises(&rate), &[-1, 0, 1, 2, 3]);
        let best = r.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert_eq!(best.0, 3);
        assert!((best.1 - 1.0).abs() < 0.05, "{r:?}");
    }

    #[test]
    fn what_never_rises_has_no_correlation() {
        assert_eq!(correlation(&rises(&[1.0; 4]), &rises(&[0.0, 1.0, 0.0, 1.0]), &[0]), [0.0]);
    }
}
