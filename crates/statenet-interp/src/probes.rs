//! Windows of sound for probing a model, each labelled with the sound that it was cut from.

use candle_core::{Device, Tensor};
use ndarray::{Array2, Array3, ArrayView2, Axis};
use statenet_core::{Dim, Seed, expect_shape};

use crate::{
    error::{During, Result, out_of_range},
    windows::draw_windows,
};

/// Windows of sound, equally many from each sound.
///
/// Windows of one sound overlap and resemble each other, so they are not independent; the sounds are, and bootstrap
/// intervals resample sounds.
#[derive(Clone, Debug)]
pub struct Probes {
    windows: Tensor,
    sounds: Vec<usize>,
    per_sound: usize,
}

impl Probes {
    /// Draws `per_sound` windows of `n_bins` bins at random places of each cochleagram `(F, T)`, as recorded.
    ///
    /// Sounds shorter than a window are skipped.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) unless at least two sounds are long enough, since a memory compares the
    /// pasts of two sounds.
    pub fn draw(
        cochleagrams: &[ArrayView2<'_, f32>],
        per_sound: usize,
        n_bins: usize,
        seed: Seed,
        device: &Device,
    ) -> Result<Self> {
        let long: Vec<_> =
            cochleagrams.iter().enumerate().filter(|(_, sound)| sound.ncols() >= n_bins).collect();
        if long.len() < 2 || per_sound == 0 {
            let got = format!("{per_sound} of {n_bins} bins from each of {} sounds", long.len());
            let expected = "1 or more from each of 2 or more sounds that are as long as a window";
            return Err(out_of_range("number of windows", got, expected));
        }
        let mut windows = Vec::with_capacity(long.len());
        for (sound, cochleagram) in &long {
            let seed = seed.child(&format!("probes/{sound}"));
            windows.push(draw_windows(&[cochleagram.view()], per_sound, n_bins, seed, device)?);
        }
        let sounds = long.iter().flat_map(|&(sound, _)| std::iter::repeat_n(sound, per_sound)).collect();
        let windows = Tensor::cat(&windows, 0).during("joining windows")?;
        expect_shape("windows", windows.dims(), &[Dim::Any("B"), 1.into(), Dim::Any("F"), Dim::Any("L")])?;
        Ok(Self { windows, sounds, per_sound })
    }

    /// The windows, `(B, 1, F, L)`, sound by sound.
    #[must_use]
    pub fn windows(&self) -> &Tensor {
        &self.windows
    }

    /// For each window the index of its sound, (B).
    #[must_use]
    pub fn sounds(&self) -> &[usize] {
        &self.sounds
    }

    /// For each window the index of one of the next sound, so that every window is a partner equally often.
    pub(crate) fn partners(&self) -> Vec<usize> {
        let n = self.sounds.len();
        (0..n).map(|window| (window + self.per_sound) % n).collect()
    }
}

/// Maps `(B, F, L)` summed over the windows of each sound, so that a bootstrap over sounds only adds up these sums.
pub(crate) struct SoundSums {
    sums: Vec<Array2<f64>>,
    shape: (usize, usize),
}

impl SoundSums {
    /// `sounds` holds the sound of each map's window.
    pub(crate) fn of(maps: &Array3<f64>, sounds: &[usize]) -> Self {
        let (_, n_bands, n_lags) = maps.dim();
        let sum = |windows: &Vec<usize>| maps.select(Axis(0), windows).sum_axis(Axis(0));
        Self { sums: sounds_of(sounds).iter().map(sum).collect(), shape: (n_bands, n_lags) }
    }

    pub(crate) fn n_sounds(&self) -> usize {
        self.sums.len()
    }

    /// The sum over the given sounds, which may repeat, `(F, L)`.
    pub(crate) fn drawn(&self, sounds: &[usize]) -> Array2<f64> {
        let mut sum = Array2::zeros(self.shape);
        sounds.iter().filter_map(|&i| self.sums.get(i)).for_each(|of_one| sum += of_one);
        sum
    }
}

/// Groups windows by their sound, in the order in which sounds first occur.
pub(crate) fn sounds_of(labels: &[usize]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = Vec::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (window, label) in labels.iter().enumerate() {
        match order.iter().position(|known| known == label) {
            Some(sound) => members[sound].push(window),
            None => {
                order.push(*label);
                members.push(vec![window]);
            }
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn every_long_sound_gives_as_many_windows_and_partners_are_of_another_sound() {
        let sound = |n_bins: usize, level: f32| Array2::from_elem((2, n_bins), level);
        let sounds = [sound(10, 0.0), sound(3, 1.0), sound(7, 2.0), sound(8, 3.0)];
        let views: Vec<_> = sounds.iter().map(|sound| sound.view()).collect();
        let probes = Probes::draw(&views, 2, 5, Seed::new(0), &Device::Cpu).unwrap();
        assert_eq!(probes.sounds(), [0, 0, 2, 2, 3, 3]);
        assert_eq!(probes.windows().dims(), [6, 1, 2, 5]);
        let partners = probes.partners();
        assert!(partners.iter().enumerate().all(|(i, &j)| probes.sounds()[i] != probes.sounds()[j]));
        let levels = probes.windows().flatten_from(1).unwrap().to_vec2::<f32>().unwrap();
        for (level, &sound) in levels.iter().zip(probes.sounds()) {
            assert!(level.iter().all(|&l| l == sound as f32));
        }
    }

    #[test]
    fn one_sound_has_no_partner() {
        let sound = Array2::<f32>::zeros((2, 9));
        let message =
            Probes::draw(&[sound.view()], 4, 5, Seed::new(0), &Device::Cpu).unwrap_err().to_string();
        assert_eq!(
            message,
            "number of windows is 4 of 5 bins from each of 1 sounds, expected 1 or more from each of 2 or more \
             sounds that are as long as a window"
        );
    }

    #[test]
    fn windows_are_grouped_by_their_sound() {
        assert_eq!(sounds_of(&[4, 1, 4, 4]), [vec![0, 2, 3], vec![1]]);
    }
}
