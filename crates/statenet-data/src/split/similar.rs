//! Sounds in different parts of a split that are one sound: equal, a part of another, or the same but for gain, shift or rounding.
//!
//! A test sound that a model was trained on makes a score too good. Sounds are compared by value (-0 equals 0), and by the
//! correlation of their cochleagrams `(F, T)` over every overlap of at least half of the shorter one in which 20 bins vary:
//!
//! ```text
//! r(s) = sum_ft (a[f,t+s] - mean_t a[f]) (b[f,t] - mean_t b[f]) / sqrt(sum_ft (..)^2 sum_ft (..)^2)
//! ```
//! Means are those of each band within the overlap, so that gain, and an offset of each band, change nothing. The products are
//! computed for all shifts s at once by Fourier transforms, in f64. Sounds with fewer than 20 bins that vary are compared by value
//! only: short sounds correlate by chance.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex};
use statenet_core::Digest;

use super::{Likeness, Part, SimilarSounds};
use crate::recording::{Recording, Stimulus};

/// A higher correlation means the same sound.
const SAME: f64 = 0.999;
/// As many bins of an overlap must vary.
const VARYING: usize = 20;
/// An overlap with a smaller part of a sound's variance is not judged: rounding would decide.
const QUIET: f64 = 1e-9;
/// Spectra of all sounds are kept if they take no more numbers than this (a gigabyte); else each pair computes its own.
const KEPT_NUMBERS: usize = 1 << 27;

/// Groups of sounds that are alike, also by way of others, in the order in which they first occur. A sound without its like is a group.
pub(super) fn groups(recording: &Recording) -> Vec<Vec<usize>> {
    let listed: Vec<(usize, &Stimulus)> = recording.stimuli().iter().enumerate().collect();
    let mut group: Vec<usize> = (0..listed.len()).collect();
    for (i, j) in pairs(&listed).into_keys() {
        if let (Some(&a), Some(&b)) = (group.get(i), group.get(j)) {
            group.iter_mut().filter(|g| **g == a.max(b)).for_each(|g| *g = a.min(b));
        }
    }
    // The number of a group is its first sound.
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    group.into_iter().enumerate().for_each(|(s, group)| groups.entry(group).or_default().push(s));
    groups.into_values().collect()
}

/// All pairs of alike sounds in different parts, in the order of the list.
pub(super) fn find(listed: &[(Part, &Stimulus)]) -> Vec<SimilarSounds> {
    let named = |((i, j), likeness): ((usize, usize), Likeness)| {
        let (&(first_part, first), &(second_part, second)) = (listed.get(i)?, listed.get(j)?);
        let (first, second) = (first.name().to_owned(), second.name().to_owned());
        Some(SimilarSounds { first, first_part, second, second_part, likeness })
    };
    pairs(listed).into_iter().filter_map(named).collect()
}

/// The places in a list of alike sounds that are not of one part.
fn pairs<P: PartialEq + Sync>(listed: &[(P, &Stimulus)]) -> BTreeMap<(usize, usize), Likeness> {
    let mut found: BTreeMap<(usize, usize), Likeness> = by_value(listed);
    for (pair, likeness) in correlated(listed, &found) {
        found.insert(pair, likeness);
    }
    found
}

/// Pairs in different parts of which one is equal to the other or a part of it.
///
/// A part must have two bins that differ: that a silence occurs in another sound says nothing.
fn by_value<P: PartialEq + Sync>(listed: &[(P, &Stimulus)]) -> BTreeMap<(usize, usize), Likeness> {
    let columns: Vec<Vec<u64>> = listed.par_iter().map(|(_, s)| digests(s.cochleagram())).collect();
    // Where the first bin of a sound occurs in the others.
    let firsts: BTreeSet<u64> = columns.iter().filter_map(|c| c.first().copied()).collect();
    let mut places: BTreeMap<u64, Vec<(usize, usize)>> = BTreeMap::new();
    for (sound, bins) in columns.iter().enumerate() {
        for (at, digest) in bins.iter().enumerate().filter(|(_, d)| firsts.contains(d)) {
            places.entry(*digest).or_default().push((sound, at));
        }
    }
    let (columns, places) = (&columns, &places);
    let pairs = columns.par_iter().enumerate().flat_map_iter(|(i, short)| {
        let varies = short.iter().any(|d| Some(d) != short.first());
        let starts = short.first().and_then(|first| places.get(first)).map_or(&[][..], Vec::as_slice);
        let places = starts.iter().filter_map(move |&(j, at)| {
            let equal = at == 0 && columns.get(j)?.len() == short.len();
            let apart = listed.get(i)?.0 != listed.get(j)?.0;
            let candidate = i != j && apart && (equal || varies);
            let same = candidate && columns.get(j)?.get(at..at + short.len()) == Some(short);
            same.then_some(((i.min(j), i.max(j)), if equal { Likeness::Equal } else { Likeness::Part }))
        });
        places.collect::<Vec<_>>()
    });
    pairs.collect()
}

/// A digest of the values of each bin, the same for 0 and -0.
fn digests(cochleagram: ArrayView2<'_, f32>) -> Vec<u64> {
    let digest = |bin: ArrayView1<'_, f32>| {
        let mut digest = Digest::default();
        for value in bin {
            digest.add(&(value + 0.0).to_bits().to_le_bytes());
        }
        digest.value()
    };
    cochleagram.axis_iter(Axis(1)).map(digest).collect()
}

/// Pairs in different parts that correlate, of those not known yet.
fn correlated<P: PartialEq + Sync>(
    listed: &[(P, &Stimulus)],
    known: &BTreeMap<(usize, usize), Likeness>,
) -> Vec<((usize, usize), Likeness)> {
    let sounds: Vec<Option<Centred>> = listed.par_iter().map(|(_, s)| Centred::of(s.cochleagram())).collect();
    let longest = sounds.iter().flatten().map(|s| s.n_bins).max().unwrap_or(0);
    let length = (2 * longest).next_power_of_two();
    let bands: usize = sounds.iter().flatten().map(|s| s.n_bands).sum();
    let fourier = Fourier::new(length);
    let spectra: Option<Vec<Option<Spectra>>> = (bands.saturating_mul(length) <= KEPT_NUMBERS)
        .then(|| sounds.par_iter().map(|s| s.as_ref().map(|s| fourier.of(s))).collect());
    let pairs = sounds.par_iter().enumerate().flat_map_iter(|(i, a)| {
        let later = sounds.iter().enumerate().skip(i + 1);
        let found = later.filter_map(|(j, b)| {
            let (a, b) = (a.as_ref()?, b.as_ref()?);
            if listed.get(i)?.0 == listed.get(j)?.0 || known.contains_key(&(i, j)) {
                return None;
            }
            let products = match &spectra {
                Some(spectra) => fourier.products(spectra.get(i)?.as_ref()?, spectra.get(j)?.as_ref()?),
                None => {
                    let fourier = Fourier::new((a.n_bins + b.n_bins).next_power_of_two());
                    fourier.products(&fourier.of(a), &fourier.of(b))
                }
            };
            Some(((i, j), a.highest(b, &products)?))
        });
        found.collect::<Vec<_>>()
    });
    pairs.collect()
}

/// A sound with enough bins that vary, each band centred and all scaled together, with the sums that correlations need.
struct Centred {
    n_bands: usize,
    n_bins: usize,
    /// Band by band.
    values: Vec<f64>,
    /// Sums of each band over the bins before t, for t from 0 to T, bin by bin.
    sums: Vec<f64>,
    /// Sums of the squares of all bands over the bins before t.
    squares: Vec<f64>,
    /// How many of the bins before t differ from the bin before them.
    varying: Vec<usize>,
}

impl Centred {
    /// `None` if fewer than 20 bins vary.
    fn of(sound: ArrayView2<'_, f32>) -> Option<Self> {
        let (n_bands, n_bins) = sound.dim();
        let mut varying = vec![0; n_bins + 1];
        for t in 1..n_bins {
            let differs = sound.column(t) != sound.column(t - 1);
            *varying.get_mut(t + 1)? = *varying.get(t)? + usize::from(differs);
        }
        if *varying.last()? < VARYING {
            return None;
        }
        let mut values = Vec::with_capacity(n_bands * n_bins);
        for band in sound.outer_iter() {
            let mean = band.iter().map(|&v| f64::from(v)).sum::<f64>() / n_bins as f64;
            values.extend(band.iter().map(|&v| f64::from(v) - mean));
        }
        let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
        if !(norm.is_finite() && norm > 0.0) {
            return None;
        }
        values.iter_mut().for_each(|v| *v /= norm);
        let mut sums = vec![0.0; n_bands * (n_bins + 1)];
        let mut squares = vec![0.0; n_bins + 1];
        for t in 0..n_bins {
            let (before, after) = sums.split_at_mut((t + 1) * n_bands);
            let mut square = 0.0;
            let rows = before.get(t * n_bands..)?.iter().zip(after.iter_mut());
            for (band, (before, after)) in rows.enumerate() {
                let value = values.get(band * n_bins + t)?;
                *after = before + value;
                square += value * value;
            }
            *squares.get_mut(t + 1)? = squares.get(t)? + square;
        }
        Some(Self { n_bands, n_bins, values, sums, squares, varying })
    }

    /// The sums of each band before bin t.
    fn before(&self, t: usize) -> &[f64] {
        self.sums.get(t * self.n_bands..(t + 1) * self.n_bands).unwrap_or_default()
    }

    /// The overlap of at least half of the shorter sound with the highest correlation, if that is high enough.
    fn highest(&self, other: &Self, products: &[f64]) -> Option<Likeness> {
        if self.n_bands != other.n_bands {
            return None;
        }
        let least = self.n_bins.min(other.n_bins).div_ceil(2).max(VARYING);
        let mut best: Option<(f64, usize)> = None;
        // `skip` bins of self are before the first bin of other, or the other way round.
        let later = (0..=self.n_bins.saturating_sub(least)).map(|skip| (skip, 0));
        let earlier = (1..=other.n_bins.saturating_sub(least)).map(|skip| (0, skip));
        for (i, j) in later.chain(earlier) {
            let bins = (self.n_bins - i).min(other.n_bins - j);
            // The product at a negative shift lies at the end of the circle.
            let at = if j == 0 { i } else { products.len() - j };
            let product = *products.get(at)?;
            let (a, b) = (self.within(i, bins)?, other.within(j, bins)?);
            let n = bins as f64;
            let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
            let sums = a.start.iter().zip(a.end).zip(b.start.iter().zip(b.end));
            for ((a0, a1), (b0, b1)) in sums {
                let (sum_a, sum_b) = (a1 - a0, b1 - b0);
                both += sum_a * sum_b;
                of_a += sum_a * sum_a;
                of_b += sum_b * sum_b;
            }
            let (variance_a, variance_b) = (a.square - of_a / n, b.square - of_b / n);
            let judged = variance_a > QUIET && variance_b > QUIET && a.varying.min(b.varying) >= VARYING;
            let r = (product - both / n) / (variance_a * variance_b).sqrt();
            if judged && r > SAME && best.is_none_or(|(highest, _)| r > highest) {
                best = Some((r, bins));
            }
        }
        best.map(|(r, bins)| Likeness::Correlated { r: r.min(1.0), bins })
    }

    /// What lies within some bins.
    fn within(&self, first: usize, bins: usize) -> Option<Within<'_>> {
        let end = first + bins;
        Some(Within {
            start: self.before(first),
            end: self.before(end),
            square: self.squares.get(end)? - self.squares.get(first)?,
            varying: self.varying.get(end)? - self.varying.get(first + 1)?,
        })
    }
}

/// Sums within an overlap.
struct Within<'a> {
    start: &'a [f64],
    end: &'a [f64],
    square: f64,
    varying: usize,
}

/// The spectra of a sound's bands, one after the other.
struct Spectra(Vec<Complex<f64>>);

/// Fourier transforms of one length.
struct Fourier {
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

impl Fourier {
    fn new(length: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let length = length.max(2);
        Self { forward: planner.plan_fft_forward(length), inverse: planner.plan_fft_inverse(length) }
    }

    fn of(&self, sound: &Centred) -> Spectra {
        let mut spectra = Vec::new();
        for band in sound.values.chunks(sound.n_bins) {
            let (mut input, mut output) = (self.forward.make_input_vec(), self.forward.make_output_vec());
            input.iter_mut().zip(band).for_each(|(x, v)| *x = *v);
            // Fails only for vectors of another length.
            let _same_length = self.forward.process(&mut input, &mut output);
            spectra.extend(output);
        }
        Spectra(spectra)
    }

    /// Sums over bands and bins of `a[f, t+s] b[f, t]` for every shift s around the circle.
    fn products(&self, a: &Spectra, b: &Spectra) -> Vec<f64> {
        let (mut sum, mut products) = (self.inverse.make_input_vec(), self.inverse.make_output_vec());
        for (a, b) in a.0.chunks(sum.len()).zip(b.0.chunks(sum.len())) {
            sum.iter_mut().zip(a.iter().zip(b)).for_each(|(s, (a, b))| *s += a * b.conj());
        }
        // The first and the last are real but for rounding, as the transform demands.
        for end in [0, sum.len() - 1] {
            if let Some(value) = sum.get_mut(end) {
                value.im = 0.0;
            }
        }
        let _same_length = self.inverse.process(&mut sum, &mut products);
        let scale = 1.0 / products.len() as f64;
        products.iter_mut().for_each(|p| *p *= scale);
        products
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, s};
    use proptest::prelude::*;
    use statenet_core::Seed;

    use super::*;
    use crate::recording::Responses;

    /// Noise `(F, T)` of which each bin resembles the bin before it, as in sounds.
    fn noise(name: &str, n_bands: usize, n_bins: usize) -> Array2<f32> {
        let mut stream = Seed::new(1).stream(name);
        let mut level = vec![0.0; n_bands];
        let mut sound = Array2::zeros((n_bands, n_bins));
        for t in 0..n_bins {
            for (band, level) in level.iter_mut().enumerate() {
                *level = 0.9 * *level + stream.normal();
                // Bands have other means, as those of sounds have.
                sound[[band, t]] = (*level + 10.0 * band as f64) as f32;
            }
        }
        sound
    }

    fn likeness(a: &Array2<f32>, b: &Array2<f32>) -> Option<Likeness> {
        let stimulus = |name: &str, sound: &Array2<f32>| {
            let silent = Responses::from_nan(Array3::zeros((1, 1, sound.dim().1))).unwrap();
            Stimulus::new(name, sound.clone(), silent).unwrap()
        };
        let (a, b) = (stimulus("a", a), stimulus("b", b));
        find(&[(Part::Train, &a), (Part::Test, &b)]).first().map(|found| found.likeness)
    }

    fn correlated(a: &Array2<f32>, b: &Array2<f32>) -> Option<usize> {
        match likeness(a, b)? {
            Likeness::Correlated { bins, .. } => Some(bins),
            _ => None,
        }
    }

    #[test]
    fn copies_are_found_by_value_part_and_correlation() {
        let sound = noise("a", 6, 100);
        assert_eq!(likeness(&sound, &sound), Some(Likeness::Equal));
        assert_eq!(likeness(&sound, &(-&(-&sound))), Some(Likeness::Equal));
        assert_eq!(likeness(&sound, &sound.slice(s![.., 1..]).to_owned()), Some(Likeness::Part));
        // Gain and offset; one unit in the last place; a little noise.
        assert_eq!(correlated(&sound, &(&sound * 1e-9 + 3e-8)), Some(100));
        assert_eq!(correlated(&sound, &sound.mapv(f32::next_up)), Some(100));
        assert_eq!(correlated(&sound, &(&sound + 1e-2 * noise("c", 6, 100))), Some(100));
        // The last 60 bins of one are the first of the other, which goes on otherwise.
        let mut later = noise("d", 6, 100);
        later.slice_mut(s![.., ..60]).assign(&sound.slice(s![.., 40..]));
        assert_eq!(correlated(&sound, &later), Some(60));
        assert_eq!(correlated(&later, &sound), Some(60));
        later.slice_mut(s![.., 45..]).assign(&noise("e", 6, 55));
        assert_eq!(likeness(&sound, &later), None);
    }

    #[test]
    fn other_sounds_are_not_alike() {
        for (i, bins) in [(0, 30), (1, 100), (2, 400)] {
            assert_eq!(likeness(&noise(&format!("a{i}"), 4, bins), &noise(&format!("b{i}"), 4, bins)), None);
        }
        // One band would correlate by chance in few bins; a silence occurs everywhere.
        let ramp = Array2::from_shape_fn((1, 19), |(_, t)| t as f32);
        assert_eq!(likeness(&ramp, &(&ramp * 2.0 + 1.0)), None);
        let mut quiet = noise("q", 3, 60);
        quiet.slice_mut(s![.., ..20]).fill(0.0);
        assert_eq!(likeness(&quiet, &Array2::zeros((3, 5))), None);
        assert_eq!(likeness(&quiet, &Array2::zeros((3, 60))), None);
        assert_eq!(likeness(&Array2::zeros((3, 5)), &Array2::zeros((3, 5))), Some(Likeness::Equal));
    }

    #[test]
    fn a_short_part_is_found_by_value() {
        let sound = noise("a", 2, 50);
        assert_eq!(likeness(&sound.slice(s![.., 7..9]).to_owned(), &sound), Some(Likeness::Part));
        assert_eq!(likeness(&(1.5 * &sound.slice(s![.., 7..9])), &sound), None);
    }

    proptest! {
        #[test]
        fn a_copy_is_found_at_any_gain_shift_and_length(
            n_bands in 1usize..5,
            n_bins in 42usize..120,
            cut in 0usize..40,
            gain in -18.0..18.0f64,
            offset in -5.0..5.0f32,
        ) {
            let sound = noise("p", n_bands, n_bins);
            let part = sound.slice(s![.., cut.min(n_bins / 2 - 1)..]).mapv(|v| (v + offset) * 10f32.powf(gain as f32));
            prop_assert!(likeness(&sound, &part).is_some());
            prop_assert!(likeness(&part, &sound).is_some());
        }

        #[test]
        fn products_by_transforms_are_the_correlations_written_out(seed: u64) {
            let mut stream = Seed::new(seed).stream("pair");
            let draw = |stream: &mut statenet_core::RandomStream, bins| {
                Array2::from_shape_fn((2, bins), |_| stream.normal() as f32)
            };
            let (a, mut b) = (draw(&mut stream, 40), draw(&mut stream, 33));
            // Alike over 25 bins, up to noise.
            for t in 0..25 {
                for band in 0..2 {
                    b[[band, t]] = a[[band, t + 15]] + 0.01 * stream.normal() as f32;
                }
            }
            let Some(Likeness::Correlated { r, bins }) = likeness(&a, &b) else {
                return Err(TestCaseError::fail("not found"));
            };
            let centred = |x: ndarray::ArrayView2<'_, f32>| {
                let x = x.mapv(f64::from);
                let mean = x.mean_axis(Axis(1)).unwrap().insert_axis(Axis(1));
                x - mean
            };
            let (x, y) = (centred(a.slice(s![.., 40 - bins..])), centred(b.slice(s![.., ..bins])));
            let direct = (&x * &y).sum() / ((&x * &x).sum() * (&y * &y).sum()).sqrt();
            prop_assert!((r - direct).abs() < 1e-9, "{r} {direct}");
        }
    }
}
