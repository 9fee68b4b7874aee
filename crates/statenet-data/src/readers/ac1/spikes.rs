//! Spikes in a cell-attached recording.

use super::filters::running_median;

/// How spikes are found in the trace of a cell-attached recording: what is above a threshold once a running median has been taken away.
///
/// The default is that of the published analysis, a median of 10 ms and 2.5 standard deviations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpikeDetection {
    /// The width of the median that is subtracted, in ms.
    pub median_ms: f64,
    /// The threshold, in standard deviations of what is left.
    pub threshold_sd: f64,
}

impl Default for SpikeDetection {
    fn default() -> Self {
        Self { median_ms: 10.0, threshold_sd: 2.5 }
    }
}

impl SpikeDetection {
    /// The samples at which there is a spike: of those above the threshold side by side, the highest.
    pub(super) fn spikes(&self, trace: &[f32], rate: f64) -> Vec<usize> {
        let half = (0.5e-3 * self.median_ms * rate).round().max(0.0) as usize;
        let slow = running_median(trace, half);
        let fast: Vec<f64> = trace.iter().zip(&slow).map(|(&x, &y)| f64::from(x) - f64::from(y)).collect();
        let known = || fast.iter().copied().filter(|x| !x.is_nan());
        let n = known().count() as f64;
        let mean = known().sum::<f64>() / n;
        let sd = (known().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        let threshold = self.threshold_sd * sd;
        let mut spikes = Vec::new();
        // The highest sample of a run that is above.
        let mut highest: Option<(usize, f64)> = None;
        for (i, &x) in fast.iter().enumerate() {
            if x > threshold {
                if highest.is_none_or(|(_, most)| x > most) {
                    highest = Some((i, x));
                }
            } else if let Some((at, _)) = highest.take() {
                spikes.push(at);
            }
        }
        spikes.extend(highest.map(|(at, _)| at));
        spikes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_is_the_highest_sample_above_a_slow_baseline() {
        // 2 s at 1 kHz with a drift; spikes of three samples.
        let at = [100, 700, 1500, 1999];
        let trace: Vec<f32> = (0..2000)
            .map(|t| {
                let near = at.iter().map(|&spike: &i32| (spike - t).abs()).min().unwrap();
                let spike = [10.0, 6.0].get(near as usize).copied().unwrap_or(0.0);
                0.001 * t as f32 + 0.1 * (t as f32).sin() + spike
            })
            .collect();
        assert_eq!(SpikeDetection::default().spikes(&trace, 1000.0), [100, 700, 1500, 1999]);
        let high = SpikeDetection { threshold_sd: 1000.0, ..SpikeDetection::default() };
        assert_eq!(high.spikes(&trace, 1000.0), Vec::<usize>::new());
        assert_eq!(SpikeDetection::default().spikes(&[], 1000.0), Vec::<usize>::new());
        assert_eq!(SpikeDetection::default().spikes(&[0.0; 9], 1000.0), Vec::<usize>::new());
    }
}
