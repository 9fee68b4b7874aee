//! Constraints on dreams: limits onto which the sound is projected after every step, and penalties that are subtracted
//! from its response.

use candle_core::{DType, Tensor};
use ndarray::ArrayView2;
use statenet_core::{Dim, Hertz, TimeBin, expect_shape};

use crate::{
    error::{During, Result, out_of_range},
    frozen_model::FrozenModel,
};

/// A limit or a penalty.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// Limit: every value of a band lies within bounds of that band, as recorded, for example the range of the training sounds
    /// ([`range_of`](Constraint::range_of)).
    Box {
        /// The lowest value of each band, (F).
        lowest: Vec<f64>,
        /// The highest value of each band, (F).
        highest: Vec<f64>,
    },
    /// Limit: the root mean square over bands and bins has this value, above 0. A sound of zeros is left unchanged.
    Energy(f64),
    /// Limit: only modulations within a band remain.
    Modulation(ModulationBand),
    /// Penalty: this weight times the mean of x^2.
    L2(f64),
    /// Penalty: this weight times the mean of |x(f, t) - x(f, t-1)| plus that of |x(f, t) - x(f-1, t)|.
    TotalVariation(f64),
    /// Penalty: this weight times the mean of (x(f, t) - x(f-1, t))^2, f counting bands.
    Smoothness(f64),
}

/// The modulations that a sound may have: components of its two-dimensional Fourier transform within both ranges, ends
/// included.
///
/// The transform treats a sound as periodic: its frequencies are multiples of 1 / T and 1 / F.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModulationBand {
    /// The width of a bin.
    pub dt: TimeBin,
    /// Slowest modulation in time. `None` keeps also the mean over time.
    pub slowest: Option<Hertz>,
    /// Fastest modulation in time; `None` for no bound.
    pub fastest: Option<Hertz>,
    /// Coarsest modulation over frequency, cycles per band. `None` keeps also the mean over bands.
    pub coarsest: Option<f64>,
    /// Finest modulation over frequency, cycles per band, at most 1/2; `None` for no bound.
    pub finest: Option<f64>,
}

impl Constraint {
    /// A [`Box`](Self::Box) with the range of each band in some sounds `(F, T)`.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) for no sounds, [`Error::Shape`](crate::Error::Shape) if their numbers of bands differ.
    pub fn range_of(sounds: &[ArrayView2<'_, f32>]) -> Result<Self> {
        let Some(first) = sounds.first() else {
            return Err(out_of_range("number of sounds", 0, "1 or more"));
        };
        let n_bands = first.nrows();
        let (mut lowest, mut highest) = (vec![f64::INFINITY; n_bands], vec![f64::NEG_INFINITY; n_bands]);
        for sound in sounds {
            expect_shape("sound", sound.shape(), &[Dim::Is(n_bands), Dim::Any("T")])?;
            for ((band, low), high) in sound.outer_iter().zip(&mut lowest).zip(&mut highest) {
                for &x in band {
                    (*low, *high) = (low.min(f64::from(x)), high.max(f64::from(x)));
                }
            }
        }
        Ok(Self::Box { lowest, highest })
    }
}

/// A checked constraint with its numbers as tensors, for sounds (R, 1, F, T).
pub(super) enum Prepared {
    /// (F, 1) each.
    Box {
        lowest: Tensor,
        highest: Tensor,
    },
    Energy(f64),
    /// Symmetric projection matrices, (F, F) and (T, T).
    Modulation {
        over_bands: Tensor,
        over_bins: Tensor,
    },
    L2(f64),
    TotalVariation(f64),
    Smoothness(f64),
}

impl Prepared {
    /// Checks constraints and prepares them for the sounds of a model.
    pub(super) fn all(
        constraints: &[Constraint],
        frozen: &FrozenModel<'_>,
        n_bins: usize,
    ) -> Result<Vec<Self>> {
        let model = frozen.model();
        let n_bands = model.n_bands();
        let tensor = |values: Vec<f64>, shape: (usize, usize)| {
            Tensor::from_vec(values, shape, model.device())
                .and_then(|t| t.to_dtype(model.dtype()))
                .during("preparing a limit")
        };
        let weight = |name: &'static str, weight: f64| {
            let fits = weight.is_finite() && weight > 0.0;
            if fits { Ok(weight) } else { Err(out_of_range(name, weight, "a finite number above 0")) }
        };
        let prepare = |constraint: &Constraint| {
            Ok(match constraint {
                Constraint::Box { lowest, highest } => {
                    for (name, values) in [("lowest", lowest), ("highest", highest)] {
                        expect_shape(name, &[values.len()], &[Dim::Is(n_bands)])?;
                    }
                    let bounds = |levels: &[f64]| tensor(frozen.scaled_levels(levels), (n_bands, 1));
                    Self::Box { lowest: bounds(lowest)?, highest: bounds(highest)? }
                }
                Constraint::Energy(level) => Self::Energy(weight("energy", *level)?),
                Constraint::Modulation(band) => {
                    let per_bin = |rate: Option<Hertz>| rate.map(|rate| rate.hz() * band.dt.seconds());
                    let over_bins = projection(n_bins, per_bin(band.slowest), per_bin(band.fastest));
                    let over_bands = projection(n_bands, band.coarsest, band.finest);
                    Self::Modulation {
                        over_bands: tensor(over_bands, (n_bands, n_bands))?,
                        over_bins: tensor(over_bins, (n_bins, n_bins))?,
                    }
                }
                Constraint::L2(w) => Self::L2(weight("L2 weight", *w)?),
                Constraint::TotalVariation(w) => Self::TotalVariation(weight("total variation weight", *w)?),
                Constraint::Smoothness(w) => Self::Smoothness(weight("smoothness weight", *w)?),
            })
        };
        constraints.iter().map(prepare).collect()
    }

    /// Whether this is a limit, which changes the sound, and not a penalty.
    pub(super) fn limits(&self) -> bool {
        matches!(self, Self::Box { .. } | Self::Energy(_) | Self::Modulation { .. })
    }

    /// Projects a sound (R, 1, F, T) onto the limit; a penalty leaves it unchanged.
    pub(super) fn limit(&self, sound: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Box { lowest, highest } => {
                sound.broadcast_maximum(lowest)?.broadcast_minimum(highest)?.contiguous()
            }
            Self::Energy(level) => {
                let mean = sound.sqr()?.mean_keepdim((1, 2, 3))?.to_dtype(DType::F64)?;
                let mean: Vec<f64> = mean.flatten_all()?.to_vec1()?;
                let gains: Vec<f64> =
                    mean.iter().map(|m| if *m > 0.0 { level / m.sqrt() } else { 1.0 }).collect();
                let gains = Tensor::from_vec(gains, (mean.len(), 1, 1, 1), sound.device())?;
                sound.broadcast_mul(&gains.to_dtype(sound.dtype())?)
            }
            Self::Modulation { over_bands, over_bins } => {
                let (rows, _, n_bands, n_bins) = sound.dims4()?;
                let slow = sound.contiguous()?.reshape((rows * n_bands, n_bins))?.matmul(over_bins)?;
                let turned = slow.reshape((rows, n_bands, n_bins))?.transpose(1, 2)?.contiguous()?;
                let coarse = turned.reshape((rows * n_bins, n_bands))?.matmul(over_bands)?;
                let back = coarse.reshape((rows, n_bins, n_bands))?.transpose(1, 2)?.contiguous()?;
                back.reshape((rows, 1, n_bands, n_bins))
            }
            Self::L2(_) | Self::TotalVariation(_) | Self::Smoothness(_) => Ok(sound.clone()),
        }
    }

    /// The part of a gradient that is tangent to the limit, at a sound (R, 1, F, T) within it.
    ///
    /// Adam scales the step of each element separately. With a fixed energy it would therefore converge to the signs of the
    /// gradient instead of its direction if the radial part were not removed first. A box bounds each element separately
    /// and needs no projection of the gradient.
    pub(super) fn tangent(&self, sound: &Tensor, gradient: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Energy(level) => {
                let outward =
                    (sound * gradient)?.mean_keepdim((1, 2, 3))?.affine(1.0 / (level * level), 0.0)?;
                gradient - sound.broadcast_mul(&outward)?
            }
            Self::Modulation { .. } => self.limit(gradient),
            _ => Ok(gradient.clone()),
        }
    }

    /// The penalty of a batch of sounds (R, 1, F, T), summed over rows; `None` for a limit.
    pub(super) fn penalty(&self, sound: &Tensor) -> candle_core::Result<Option<Tensor>> {
        let each = sound.elem_count() as f64 / sound.dim(0)? as f64;
        let steps = |axis: usize| -> candle_core::Result<Option<Tensor>> {
            let n = sound.dim(axis)?;
            if n < 2 {
                return Ok(None);
            }
            (sound.narrow(axis, 1, n - 1)? - sound.narrow(axis, 0, n - 1)?).map(Some)
        };
        Ok(match self {
            Self::Box { .. } | Self::Energy(_) | Self::Modulation { .. } => None,
            Self::L2(weight) => Some((sound.sqr()?.sum_all()? * (weight / each))?),
            Self::TotalVariation(weight) => {
                let mut total: Option<Tensor> = None;
                for steps in [steps(2)?, steps(3)?].into_iter().flatten() {
                    let part = (steps.abs()?.sum_all()? * (weight / each))?;
                    total = Some(match total {
                        Some(total) => (total + part)?,
                        None => part,
                    });
                }
                total
            }
            Self::Smoothness(weight) => match steps(2)? {
                Some(steps) => Some((steps.sqr()?.sum_all()? * (weight / each))?),
                None => None,
            },
        })
    }
}

/// The symmetric matrix (n, n) that projects onto frequencies from `least` to `most`, in cycles per element, ends included.
fn projection(n: usize, least: Option<f64>, most: Option<f64>) -> Vec<f64> {
    const ROUNDING: f64 = 1e-9;
    let rate = |k: usize| k.min(n - k) as f64 / n as f64;
    let passes = |k: &usize| {
        least.is_none_or(|least| rate(*k) >= least - ROUNDING)
            && most.is_none_or(|most| rate(*k) <= most + ROUNDING)
    };
    let kept: Vec<usize> = (0..n).filter(passes).collect();
    let turn = |k: usize, apart: usize| {
        libm::cos(std::f64::consts::TAU * ((k * apart) % n) as f64 / n as f64) / n as f64
    };
    let by_distance: Vec<f64> =
        (0..n).map(|apart| kept.iter().map(|&k| turn(k, apart)).sum::<f64>()).collect();
    (0..n * n).map(|i| by_distance[(i / n).abs_diff(i % n)]).collect()
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use statenet_core::{Axes, Seed};
    use statenet_models::zoo;

    use super::*;
    use crate::batched_gradients::numbers;

    const F: usize = 4;
    const T: usize = 10;

    fn prepare(constraint: Constraint) -> Result<Prepared> {
        let axes = Axes::new(F, 1, TimeBin::whole_millis::<5>());
        let model = zoo::linear(&axes).build(Seed::new(0), &Device::Cpu).unwrap();
        Ok(Prepared::all(&[constraint], &FrozenModel::new(&model)?, T)?.remove(0))
    }

    fn sound() -> Tensor {
        let mut stream = Seed::new(4).stream("sound");
        let values: Vec<f32> = (0..2 * F * T).map(|_| stream.normal() as f32).collect();
        Tensor::from_vec(values, (2, 1, F, T), &Device::Cpu).unwrap()
    }

    #[test]
    fn a_limit_holds_after_projection_and_projecting_twice_changes_nothing() {
        let band = ModulationBand {
            dt: TimeBin::whole_millis::<5>(),
            slowest: None,
            fastest: Some(Hertz::new(41.0).unwrap()),
            coarsest: Some(0.25),
            finest: None,
        };
        let limits = [
            Constraint::Box { lowest: vec![-0.5; F], highest: vec![0.25; F] },
            Constraint::Energy(0.7),
            Constraint::Modulation(band),
        ];
        for constraint in limits {
            let prepared = prepare(constraint.clone()).unwrap();
            let once = prepared.limit(&sound()).unwrap();
            let twice = numbers(&prepared.limit(&once).unwrap()).unwrap();
            let once = numbers(&once).unwrap();
            assert!(once != numbers(&sound()).unwrap(), "{constraint:?}");
            for (a, b) in once.iter().zip(&twice) {
                assert!((a - b).abs() < 1e-5, "{constraint:?}");
            }
            match constraint {
                Constraint::Box { .. } => assert!(once.iter().all(|x| (-0.5..=0.25).contains(x))),
                Constraint::Energy(level) => {
                    let mean = once[..F * T].iter().map(|x| x * x).sum::<f64>() / (F * T) as f64;
                    assert!((mean.sqrt() - level).abs() < 1e-6);
                }
                // The mean over bands is removed.
                _ => {
                    for t in 0..T {
                        let shared: f64 = (0..F).map(|f| once[f * T + t]).sum();
                        assert!(shared.abs() < 1e-5, "{shared}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_slow_wave_passes_and_a_fast_one_does_not() {
        // 10 bins of 5 ms: one cycle is 20 Hz, four are 80 Hz.
        let band = ModulationBand {
            dt: TimeBin::whole_millis::<5>(),
            slowest: None,
            fastest: Some(Hertz::new(40.0).unwrap()),
            coarsest: None,
            finest: None,
        };
        let prepared = prepare(Constraint::Modulation(band)).unwrap();
        let wave = |cycles: f64| {
            let at = |i: usize| libm::cos(std::f64::consts::TAU * cycles * (i % T) as f64 / T as f64) as f32;
            Tensor::from_vec((0..F * T).map(at).collect(), (1, 1, F, T), &Device::Cpu).unwrap()
        };
        let power = |t: &Tensor| numbers(t).unwrap().iter().map(|x| x * x).sum::<f64>();
        let (slow, fast) = (wave(1.0), wave(4.0));
        assert!((power(&prepared.limit(&slow).unwrap()) / power(&slow) - 1.0).abs() < 1e-5);
        assert!(power(&prepared.limit(&fast).unwrap()) < 1e-8 * power(&fast));
    }

    #[test]
    fn penalties_are_means_over_the_sound() {
        // 0, 1, 2, 3 over bands, each for all bins: 3 of 4 differences over bands are 1.
        let values: Vec<f32> = (0..F * T).map(|i| (i / T) as f32).collect();
        let ramp = Tensor::from_vec(values, (1, 1, F, T), &Device::Cpu).unwrap();
        let pays = |constraint| {
            let penalty = prepare(constraint).unwrap().penalty(&ramp).unwrap().unwrap();
            f64::from(penalty.to_scalar::<f32>().unwrap())
        };
        assert!((pays(Constraint::L2(2.0)) - 7.0).abs() < 1e-5);
        assert!((pays(Constraint::TotalVariation(4.0)) - 3.0).abs() < 1e-5);
        assert!((pays(Constraint::Smoothness(8.0)) - 6.0).abs() < 1e-5);
    }

    #[test]
    fn bad_constraints_are_refused() {
        let message = |constraint| prepare(constraint).err().map(|error| error.to_string());
        assert_eq!(
            message(Constraint::L2(-1.0)).unwrap(),
            "L2 weight is -1, expected a finite number above 0"
        );
        assert_eq!(
            message(Constraint::Energy(0.0)).unwrap(),
            "energy is 0, expected a finite number above 0"
        );
        let narrow = Constraint::Box { lowest: vec![0.0; 3], highest: vec![1.0; F] };
        assert_eq!(message(narrow).unwrap(), "lowest has shape (3), expected (4)");
    }

    #[test]
    fn the_box_of_sounds_is_their_range() {
        let (a, b) = (ndarray::arr2(&[[1f32, 3.0], [0.0, 0.5]]), ndarray::arr2(&[[-2f32], [0.25]]));
        let found = Constraint::range_of(&[a.view(), b.view()]).unwrap();
        assert_eq!(found, Constraint::Box { lowest: vec![-2.0, 0.0], highest: vec![3.0, 0.5] });
        assert!(Constraint::range_of(&[]).is_err());
    }
}
