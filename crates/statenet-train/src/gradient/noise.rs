//! Noise on the sound in training, which for a linear model is a penalty on squared weights (Bishop 1995).

use candle_core::Tensor;
use statenet_core::Seed;

use crate::error::{During, Result};

/// Scaled cochleagrams (B, 1, F, T) with Gaussian noise of this deviation at each band and bin; unchanged for 0.
pub(super) fn with_noise(cochleagrams: Tensor, deviation: f64, seed: Seed) -> Result<Tensor> {
    if deviation == 0.0 {
        return Ok(cochleagrams);
    }
    let mut stream = seed.stream("sound");
    let noise: Vec<f32> =
        (0..cochleagrams.elem_count()).map(|_| (deviation * stream.normal()) as f32).collect();
    let noise = Tensor::from_vec(noise, cochleagrams.shape(), cochleagrams.device());
    let noise = noise.and_then(|noise| noise.to_dtype(cochleagrams.dtype()));
    noise.and_then(|noise| cochleagrams + noise).during("adding noise to sound")
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;

    #[test]
    fn noise_has_its_deviation_and_is_that_of_its_seed() {
        let sound = Tensor::full(3f32, (2, 1, 34, 500), &Device::Cpu).unwrap();
        let values = |deviation, seed| {
            let noisy = with_noise(sound.clone(), deviation, Seed::new(seed)).unwrap();
            noisy.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap()
        };
        let noisy = values(0.5, 1);
        let n = noisy.len() as f64;
        let mean = noisy.iter().sum::<f64>() / n;
        let deviation = (noisy.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        // Of 34,000 numbers the mean varies by .003, the deviation by .002.
        assert!((mean - 3.0).abs() < 0.015 && (deviation - 0.5).abs() < 0.01, "{mean} {deviation}");
        assert_eq!(noisy, values(0.5, 1));
        assert_ne!(noisy, values(0.5, 2));
        assert!(values(0.0, 1).iter().all(|&x| x == 3.0));
    }
}
