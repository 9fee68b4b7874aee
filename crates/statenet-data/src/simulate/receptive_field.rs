//! Random receptive fields: Gabor-like patches over frequency and time.
//!
//! ```text
//! w[f, k] = exp(-((f - f0) / sf)^2 / 2) cos(2 pi (f - f0) / pf + a (k - k0))  *  g[k]
//! g[k]    = exp(-((k - k0) / st)^2 / 2) - i exp(-((k - k1) / (1.5 st))^2 / 2)
//! ```
//! f in bands, k in lags: excitation around (f0, k0), inhibitory sidebands at half a period pf, later inhibition of
//! strength i around k1 = k0 + 2.5 st, and a slant a that makes the field prefer rising or falling sweeps.

use ndarray::Array2;
use statenet_core::{RandomStream, TimeBin};

/// The axes of a receptive field.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldAxes {
    pub(super) n_bands: usize,
    pub(super) n_lags: usize,
    pub(super) dt: TimeBin,
}

/// A receptive field of norm 1 with its centre.
#[derive(Clone, Debug)]
pub(super) struct ReceptiveField {
    /// Weights `(F, lags)`, lag 0 (the current bin) first.
    pub(super) weights: Array2<f64>,
    /// Band of the centre.
    pub(super) band: usize,
    /// Lag of the centre.
    pub(super) latency_lag: f64,
}

impl ReceptiveField {
    /// Draws a receptive field: best frequency anywhere but in the outermost bands, latency 10 to 30 ms, duration 8 to 16 ms.
    pub(super) fn draw(axes: FieldAxes, stream: &mut RandomStream) -> Self {
        let FieldAxes { n_bands, n_lags, dt } = axes;
        let n = n_bands as f64;
        let center = stream.uniform(0.1, 0.9) * (n - 1.0);
        let width = (stream.uniform(0.03, 0.09) * n).max(0.6);
        let period = width * stream.uniform(3.5, 7.0);
        // The field must fit in its lags: the latency in the first third, the inhibition before the end.
        let within = |ms: f64| ms / dt.ms();
        let latency = within(stream.uniform(10.0, 30.0)).min(n_lags as f64 / 3.0);
        let duration = within(stream.uniform(8.0, 16.0)).clamp(0.6, n_lags as f64 / 5.0);
        let inhibition = stream.uniform(0.2, 0.8);
        let slant = stream.uniform(-0.35, 0.35) * duration.recip();
        let weights = Array2::from_shape_fn((n_bands, n_lags), |(band, lag)| {
            let (f, k) = (band as f64 - center, lag as f64 - latency);
            let bell = |x: f64| libm::exp(-0.5 * x * x);
            let across = bell(f / width) * libm::cos(std::f64::consts::TAU * f / period + slant * k);
            across * (bell(k / duration) - inhibition * bell((k - 2.5 * duration) / (1.5 * duration)))
        });
        let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
        Self { weights: weights / norm, band: center.round() as usize, latency_lag: latency }
    }

    /// The filtered input, `sum_fk w[f, k] x[f, t - k]`, where x `(F, T)` equals `before` at negative times.
    pub(super) fn filter(&self, x: &Array2<f64>, before: f64) -> Vec<f64> {
        let n_bins = x.dim().1;
        let mut filtered = vec![0.0; n_bins];
        for (row, weights) in x.rows().into_iter().zip(self.weights.rows()) {
            // Filter x - before, which is 0 before the sound, and add the response to the constant `before`.
            let constant = before * weights.sum();
            filtered.iter_mut().for_each(|y| *y += constant);
            for (lag, &weight) in weights.iter().enumerate() {
                for (y, &x) in filtered.iter_mut().skip(lag).zip(&row) {
                    *y += weight * (x - before);
                }
            }
        }
        filtered
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use statenet_core::Seed;

    use super::*;

    #[test]
    fn lag_zero_is_the_current_bin_and_before_the_sound_is_its_mean() {
        let field = ReceptiveField { weights: array![[1.0, 2.0], [0.0, 10.0]], band: 0, latency_lag: 0.0 };
        let y = field.filter(&array![[1.0, 2.0, 3.0], [0.1, 0.2, 0.3]], 0.5);
        let expected = [1.0 + 2.0 * 0.5 + 10.0 * 0.5, 2.0 + 2.0 + 1.0, 3.0 + 4.0 + 2.0];
        for (y, expected) in y.iter().zip(expected) {
            assert!((y - expected).abs() < 1e-12, "{y} {expected}");
        }
    }

    #[test]
    fn a_field_has_norm_one_peaks_near_its_place_and_inhibits_later() {
        let axes = FieldAxes { n_bands: 34, n_lags: 20, dt: TimeBin::whole_millis::<5>() };
        for i in 0..50 {
            let field = ReceptiveField::draw(axes, &mut Seed::new(i).stream("field"));
            let norm: f64 = field.weights.iter().map(|w| w * w).sum();
            assert!((norm - 1.0).abs() < 1e-12);
            let ((band, lag), _) = field.weights.indexed_iter().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
            assert!(band.abs_diff(field.band) <= 2, "{i}: {band} {}", field.band);
            assert!((lag as f64 - field.latency_lag).abs() <= 2.0, "{i}: {lag} {}", field.latency_lag);
            assert!(field.weights.iter().any(|w| *w < -0.02));
        }
    }
}
