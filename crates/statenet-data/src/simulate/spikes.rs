//! Poisson spikes.

use ndarray::Array3;
use statenet_core::RandomStream;

/// Spike counts `(1, R, T)` of an inhomogeneous Poisson process with mean `rate[t]` spikes in bin t.
///
/// Uses time rescaling (Brown et al. 2002): as a function of the cumulative rate, intervals between spikes are exponential
/// with mean 1. This is exact and needs one random number per spike instead of one per bin.
pub(super) fn poisson(rate: &[f64], n_repeats: usize, stream: &mut RandomStream) -> Array3<f32> {
    let mut counts = Array3::zeros((1, n_repeats, rate.len()));
    for mut repeat in counts.rows_mut() {
        let (mut passed, mut next) = (0.0, stream.exponential());
        for (count, &rate) in repeat.iter_mut().zip(rate) {
            passed += rate;
            while next < passed {
                *count += 1.0;
                next += stream.exponential();
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use ndarray::Axis;
    use statenet_core::Seed;

    use super::*;

    #[test]
    fn counts_have_the_mean_and_the_variance_of_poisson_and_no_memory() {
        let rate = [0.05, 3.0, 0.0, 0.4];
        let n = 40_000;
        let counts = poisson(&rate, n, &mut Seed::new(1).stream("spikes")).mapv(f64::from);
        let counts = counts.index_axis(Axis(0), 0);
        for (t, &rate) in rate.iter().enumerate() {
            let column = counts.column(t);
            let mean = column.mean().unwrap();
            let variance = column.mapv(|c| (c - mean) * (c - mean)).mean().unwrap();
            // Five standard errors of a Poisson mean, and of its variance.
            let error = 5.0 * (rate / n as f64).sqrt();
            assert!((mean - rate).abs() <= error, "{rate}: {mean}");
            let error = 5.0 * ((rate + 2.0 * rate * rate) / n as f64).sqrt();
            assert!((variance - rate).abs() <= error, "{rate}: {variance}");
        }
        let product = (&counts.column(1) - 3.0) * (&counts.column(3) - 0.4);
        assert!(product.mean().unwrap().abs() < 5.0 * (3.0f64 * 0.4 / n as f64).sqrt());
    }
}
