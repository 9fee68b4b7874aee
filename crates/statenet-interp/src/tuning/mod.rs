//! Tuning from maps: best frequency, bandwidth, latency, duration, separability, balance of excitation and inhibition.
//!
//! Each number is read from the mean map; its interval is a bootstrap over the stimuli whose maps are averaged.

mod field;
pub(crate) mod peak;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};
use statenet_core::{Axes, Hertz, Millis, expect_shape};
use statenet_metrics::resampling::Resampling;

pub use field::FieldTuning;

use crate::{
    error::Result,
    estimate::{Estimate, estimates},
    gradient_map::GradientMaps,
    probes::SoundSums,
};

/// The tuning of a neuron, with intervals over stimuli.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// The frequency with the most excitation.
    #[serde(rename = "best_frequency_hz")]
    pub best_frequency: Estimate<Hertz>,
    /// Full width at half height over frequency, octaves.
    pub bandwidth_octaves: Estimate,
    /// The lag with the most excitation, 0 for the current bin.
    #[serde(rename = "latency_ms")]
    pub latency: Estimate<Millis>,
    /// Full width at half height over lags.
    #[serde(rename = "duration_ms")]
    pub duration: Estimate<Millis>,
    /// Share of the map's power in the nearest product of a spectral and a temporal profile.
    pub separability: Estimate,
    /// (E - I) / (E + I), with E the sum of positive weights and I that of the sizes of negative ones.
    pub balance: Estimate,
}

/// The tuning of a neuron from its maps, one for each window of sound.
///
/// - `sounds`: for each map the sound from which its window was cut. Windows of one sound are not independent, so the
///   bootstrap resamples whole sounds. If all labels are equal there are no intervals.
/// - `axes`: dt and the bands' centre frequencies; without the latter there is no best frequency and no bandwidth.
///
/// Noise that remains in the mean map biases the separability downwards and the balance towards 0. Best frequency,
/// latency and widths have little bias.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_interp::{gradient_maps, tuning};
/// use statenet_metrics::resampling::Resampling;
/// use statenet_models::zoo;
///
/// let axes = Axes::new(8, 3, TimeBin::from_millis(5.0)?);
/// let model = zoo::linear(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let windows = Tensor::zeros((2, 1, 8, 60), DType::F32, &Device::Cpu)?;
/// let maps = gradient_maps(&*model, &windows, &[1])?;
/// let tuning = tuning::tuning(&maps[0], &[0, 1], &axes, &Resampling::default())?;
/// // The gradient of a linear model is the same at every sound.
/// let latency = tuning.latency;
/// assert_eq!(latency.ci95.map(|ends| ends[0]), latency.value);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) if `sounds` does not have one entry per map, or maps and axes have different
/// numbers of bands.
pub fn tuning(maps: &GradientMaps, sounds: &[usize], axes: &Axes, resampling: &Resampling) -> Result<Tuning> {
    let (n_maps, n_bands, _) = maps.maps.dim();
    expect_shape("sounds of the maps", &[sounds.len()], &[n_maps.into()])?;
    expect_shape("bands of the maps", &[n_bands], &[axes.n_bands.into()])?;
    let sums = SoundSums::of(&maps.maps, sounds);
    let statistics = |drawn: &[usize]| numbers(sums.drawn(drawn).view(), axes);
    let [frequency, bandwidth_octaves, latency, duration, separability, balance] =
        estimates(sums.n_sounds(), statistics, resampling);
    let time = |ms: f64| Millis::new(ms).ok();
    Ok(Tuning {
        best_frequency: frequency.in_unit(|hz| Hertz::new(hz).ok()),
        bandwidth_octaves,
        latency: latency.in_unit(time),
        duration: duration.in_unit(time),
        separability,
        balance,
    })
}

fn numbers(map: ArrayView2<'_, f64>, axes: &Axes) -> [Option<f64>; 6] {
    let tuning = FieldTuning::of(map, &axes.band_centers, axes.dt);
    [
        tuning.best_frequency.map(Hertz::hz),
        tuning.bandwidth_octaves,
        tuning.latency.map(Millis::ms),
        tuning.duration.map(Millis::ms),
        tuning.separability,
        tuning.balance,
    ]
}
