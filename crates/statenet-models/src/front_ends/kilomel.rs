//! Frequencies as parameters: in thousands of mel, so that a step of an optimiser moves each as far along the axis.
//!
//! ```text
//! m = 2.595 log10(1 + f / 700)        f = 700 (10^(m / 2.595) - 1)
//! ```
//! A parameter in Hz is moved by 0.001 Hz by a step of learning rate 0.001, which is nowhere; in thousands of mel by 1.5 Hz
//! at 1 kHz and by 14 Hz at 15 kHz.

use candle_core::Tensor;
use statenet_core::{Hertz, scales::Scale};

const MEL: f64 = 1000.0;

/// Thousands of mel of a frequency.
pub(super) fn from_hertz(frequency: Hertz) -> f64 {
    Scale::Mel.from_hertz(frequency) / MEL
}

/// Hz of thousands of mel, element by element.
pub(super) fn to_hertz(kilomel: &Tensor) -> candle_core::Result<Tensor> {
    (kilomel * (MEL * std::f64::consts::LN_10 / 2595.0))?.exp()?.affine(700.0, -700.0)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn it_is_the_mel_scale_and_back() {
        let m = from_hertz(Hertz::new(1000.0).unwrap());
        assert!((m - 0.999_985_5).abs() < 1e-6, "{m}");
        let f = to_hertz(&Tensor::new(&[m], &Device::Cpu).unwrap()).unwrap().to_vec1::<f64>().unwrap();
        assert!((f[0] - 1000.0).abs() < 1e-9, "{f:?}");
    }
}
