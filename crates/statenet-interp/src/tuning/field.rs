//! What one map says of its neuron's tuning.
//!
//! ```text
//! G[f,k] = sum_i s_i u_i[f] v_i[k]        s_1 >= s_2 >= ..., u_1 signed so that its entry of largest size is positive
//! best frequency, bandwidth               peak of u_1, full width of u_1 at half of it, in octaves
//! latency, duration                       peak of v_1, full width of v_1 at half of it
//! separability                            s_1^2 / sum_i s_i^2
//! balance                                 (E - I) / (E + I),  E = sum max(G, 0),  I = sum max(-G, 0)
//! ```
//! Between bands and between lags peaks are read off a parabola, widths off straight lines; frequencies lie on a
//! logarithmic axis. Lag 0 is the current bin: a latency of 0.
//!
//! The separability is that of Depireux, Simon, Klein & Shamma (2001, J Neurophysiol 85:1220), one minus their index.

use ndarray::ArrayView2;
use statenet_core::{Hertz, Millis, TimeBin};

use super::peak::{between, flanks, peak};
use crate::subspace::{Separable, separable};

/// The tuning of one map; `None` for a quantity that is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FieldTuning {
    /// The frequency with the most excitation.
    pub best_frequency: Option<Hertz>,
    /// Full width at half height over frequency, octaves.
    pub bandwidth_octaves: Option<f64>,
    /// The lag with the most excitation.
    pub latency: Option<Millis>,
    /// Full width at half height over lags.
    pub duration: Option<Millis>,
    /// Share of the map's power in the nearest product of a spectral and a temporal profile, at most 1.
    pub separability: Option<f64>,
    /// -1 for inhibition only, 0 for equal excitation and inhibition, 1 for excitation only.
    pub balance: Option<f64>,
}

/// The separable map nearest to a map: the product of a spectral and a temporal profile.
struct Profiles {
    spectral: Vec<f64>,
    temporal: Vec<f64>,
    separability: f64,
}

impl FieldTuning {
    /// The tuning of a map `(F, L)`, lag 0 first, over bands with these centre frequencies.
    ///
    /// All quantities of a map of zeros, or of one that is not finite, are `None`; without centre frequencies so are best
    /// frequency and bandwidth.
    #[must_use]
    pub fn of(map: ArrayView2<'_, f64>, band_centers: &[Hertz], dt: TimeBin) -> Self {
        let Some(Profiles { spectral, temporal, separability }) = profiles(map) else {
            return Self::default();
        };
        let octaves: Vec<f64> = if band_centers.len() == spectral.len() {
            band_centers.iter().map(|center| center.hz().log2()).collect()
        } else {
            Vec::new()
        };
        let best = peak(&spectral);
        let width = best.and_then(|best| flanks(&spectral, &best, 0.5));
        let first = peak(&temporal);
        let lasting = first.and_then(|first| flanks(&temporal, &first, 0.5));
        let time = |bins: f64| Millis::new(bins.max(0.0) * dt.ms()).ok();
        let (excitation, inhibition) =
            map.iter().fold((0.0, 0.0), |(e, i), g| (e + g.max(0.0), i - g.min(0.0)));
        Self {
            best_frequency: best
                .and_then(|best| between(&octaves, best.position))
                .and_then(|octave| Hertz::new(octave.exp2()).ok()),
            bandwidth_octaves: width
                .and_then(|(low, high)| Some(between(&octaves, high)? - between(&octaves, low)?)),
            latency: first.and_then(|first| time(first.position)),
            duration: lasting.and_then(|(from, to)| time(to - from)),
            separability: Some(separability),
            balance: Some((excitation - inhibition) / (excitation + inhibition)),
        }
    }
}

fn profiles(map: ArrayView2<'_, f64>) -> Option<Profiles> {
    let Separable { index, bands: mut spectral, lags: mut temporal } = separable(map).ok()??;
    let strongest = spectral.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a })?;
    if strongest < 0.0 {
        spectral.iter_mut().chain(&mut temporal).for_each(|x| *x = -*x);
    }
    Some(Profiles { spectral, temporal, separability: index })
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use statenet_core::scales::Scale;

    use super::*;

    fn octave_bands(n: usize) -> Vec<Hertz> {
        // Eight bands an octave from 1 kHz.
        Scale::Octave
            .spaced(n, Hertz::whole::<1000>(), Hertz::new(1000.0 * 2f64.powf((n - 1) as f64 / 8.0)).unwrap())
            .unwrap()
    }

    fn bell(x: f64) -> f64 {
        (-0.5 * x * x).exp()
    }

    /// Full width at half height of a bell of deviation 1.
    const FULL_WIDTH: f64 = 2.354_820_045;

    #[test]
    fn a_separable_bell_has_its_place_width_and_separability() {
        let map = Array2::from_shape_fn((33, 40), |(f, k)| {
            bell((f as f64 - 12.4) / 2.0) * bell((k as f64 - 6.3) / 2.5) * 1e-3
        });
        let tuning = FieldTuning::of(map.view(), &octave_bands(33), TimeBin::whole_millis::<5>());
        let octave = (tuning.best_frequency.unwrap().hz() / 1000.0).log2();
        assert!((octave - 12.4 / 8.0).abs() < 0.005, "{octave}");
        assert!((tuning.bandwidth_octaves.unwrap() - 2.0 * FULL_WIDTH / 8.0).abs() < 0.01, "{tuning:?}");
        assert!((tuning.latency.unwrap().ms() - 31.5).abs() < 0.3, "{tuning:?}");
        assert!((tuning.duration.unwrap().ms() - 5.0 * 2.5 * FULL_WIDTH).abs() < 0.5, "{tuning:?}");
        assert!((tuning.separability.unwrap() - 1.0).abs() < 1e-9);
        assert!((tuning.balance.unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn two_patches_apart_in_both_axes_share_the_power() {
        let mut map = Array2::zeros((6, 8));
        (map[(1, 2)], map[(4, 5)]) = (2.0, -1.0);
        let tuning = FieldTuning::of(map.view(), &octave_bands(6), TimeBin::whole_millis::<5>());
        assert!((tuning.separability.unwrap() - 0.8).abs() < 1e-12);
        assert!((tuning.balance.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(tuning.latency.unwrap().ms(), 10.0);
        assert!((tuning.best_frequency.unwrap().hz() - octave_bands(6)[1].hz()).abs() < 1e-9);
    }

    #[test]
    fn a_sign_turned_map_is_tuned_to_what_it_still_likes() {
        // Inhibition at lag 2, weaker excitation at lag 5 of the same band.
        let mut map = Array2::zeros((6, 8));
        (map[(3, 2)], map[(3, 5)]) = (-2.0, 1.0);
        let tuning = FieldTuning::of(map.view(), &octave_bands(6), TimeBin::whole_millis::<5>());
        assert_eq!(tuning.latency.unwrap().ms(), 25.0);
        assert!((tuning.best_frequency.unwrap().hz() - octave_bands(6)[3].hz()).abs() < 1e-9);
    }

    #[test]
    fn a_map_of_zeros_has_no_tuning_and_bands_without_names_no_frequency() {
        let dt = TimeBin::whole_millis::<5>();
        assert_eq!(
            FieldTuning::of(Array2::zeros((3, 4)).view(), &octave_bands(3), dt),
            FieldTuning::default()
        );
        let mut map = Array2::zeros((3, 4));
        map[(1, 1)] = 1.0;
        let tuning = FieldTuning::of(map.view(), &[], dt);
        assert_eq!((tuning.best_frequency, tuning.bandwidth_octaves), (None, None));
        assert_eq!(tuning.latency.unwrap().ms(), 5.0);
    }
}
