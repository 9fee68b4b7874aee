//! Scores of recordings that do not fit in memory: pieces of stimuli go in, sums are kept.
//!
//! Sums about means are kept for rate and PSTH, and for the rate and each repeat; pieces are joined by the formula of Chan, Golub and
//! LeVeque (1983), which keeps their precision.

use rayon::prelude::*;
use statenet_core::{Dim, expect_shape};

use crate::{
    error::Result,
    moments::{CrossSums, RunningSums},
    observation::Observation,
    powers::{PooledPowers, PowerSum},
    repeats::Powers,
    scores::{
        Neuron, bits_per_spike, cc_norm, deviance_explained, explained_signal_power, poisson::PoissonSums,
        r2_er,
    },
    undefined::{Score, Undefined, finite},
};

/// Computes the scores that are made of sums from pieces of stimuli, in memory for the sums alone: (N, R), whatever the length.
///
/// They equal those of the functions of the same names over the whole, up to rounding. A repeat must be recorded in all bins of a
/// stimulus that any repeat has, or in none: else those that need the signal power are undefined
/// ([`Undefined::RaggedRepeats`]).
///
/// ```
/// use ndarray::{Array2, Array3, s};
/// use statenet_core::{ResponseMask, Seed};
/// use statenet_metrics::{Observation, scores::{self, ScoreStream}};
///
/// let mut noise = Seed::new(0).stream("noise");
/// let rate = Array2::from_shape_fn((1, 1000), |(_, t)| 1.0 + (0.1 * t as f64).sin());
/// let counts = Array3::from_shape_fn((1, 5, 1000), |(_, _, t)| f64::from(noise.poisson(rate[[0, t]])));
/// let mut stream = ScoreStream::new(1);
/// for start in (0..1000).step_by(250) {
///     let (rate, counts) = (rate.slice(s![.., start..start + 250]), counts.slice(s![.., .., start..start + 250]));
///     stream.push(&Observation::new(rate, counts, &ResponseMask::all(1, 5, 250))?)?;
/// }
/// stream.end_stimulus();
/// let mask = ResponseMask::all(1, 5, 1000);
/// let whole = scores::r2_er(&[Observation::new(rate.view(), counts.view(), &mask)?])?;
/// assert!((stream.scores()[0].r2_er? - whole[0]?.value()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ScoreStream(Vec<Result<NeuronSums, Undefined>>);

/// The scores of one neuron, each as the function of [`scores`](crate::scores) or [`ceilings`](crate::ceilings) of its name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamedScores {
    /// [`cc_raw`](crate::scores::cc_raw).
    pub cc_raw: Score,
    /// [`cc_norm`](crate::scores::cc_norm).
    pub cc_norm: Score,
    /// [`fve`](crate::scores::fve).
    pub fve: Score,
    /// [`mse`](crate::scores::mse).
    pub mse: Score,
    /// [`explained_signal_power`](crate::scores::explained_signal_power).
    pub explained_signal_power: Score,
    /// [`r2_er`](crate::scores::r2_er).
    pub r2_er: Score,
    /// [`signal_power`](crate::ceilings::signal_power).
    pub signal_power: Score,
    /// [`noise_power`](crate::ceilings::noise_power).
    pub noise_power: Score,
    /// [`log_likelihood`](crate::scores::log_likelihood).
    pub log_likelihood: Score,
    /// [`bits_per_spike`](crate::scores::bits_per_spike).
    pub bits_per_spike: Score,
    /// [`deviance_explained`](crate::scores::deviance_explained).
    pub deviance_explained: Score,
}

impl ScoreStream {
    /// A stream without data.
    #[must_use]
    pub fn new(n_neurons: usize) -> Self {
        Self(vec![Ok(NeuronSums::default()); n_neurons])
    }

    /// Adds the next piece of the present stimulus. All pieces of a stimulus have the same repeats.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another number of neurons.
    pub fn push(&mut self, piece: &Observation<'_>) -> Result<()> {
        let shape = [self.0.len().into(), Dim::Any("T")];
        expect_shape("rate", piece.rate().shape(), &shape)?;
        self.0.par_iter_mut().enumerate().for_each(|(neuron, sums)| {
            let pushed = sums.as_mut().map_err(|reason| *reason).and_then(|sums| sums.push(piece, neuron));
            if let Err(reason) = pushed {
                *sums = Err(reason);
            }
        });
        Ok(())
    }

    /// Ends a stimulus: the next piece is of another, with means of its own.
    pub fn end_stimulus(&mut self) {
        self.0.iter_mut().flatten().for_each(NeuronSums::end_stimulus);
    }

    /// The scores of each neuron so far; a stimulus that has not [ended](Self::end_stimulus) counts as far as it is known.
    #[must_use]
    pub fn scores(&self) -> Vec<StreamedScores> {
        let of = |sums: &Result<NeuronSums, Undefined>| match sums {
            Err(reason) => StreamedScores::undefined(*reason),
            Ok(sums) => {
                let mut sums = sums.clone();
                sums.end_stimulus();
                sums.scores()
            }
        };
        self.0.par_iter().map(of).collect()
    }
}

impl StreamedScores {
    fn undefined(reason: Undefined) -> Self {
        let no = Err(reason);
        Self {
            cc_raw: no,
            cc_norm: no,
            fve: no,
            mse: no,
            explained_signal_power: no,
            r2_er: no,
            signal_power: no,
            noise_power: no,
            log_likelihood: no,
            bits_per_spike: no,
            deviance_explained: no,
        }
    }
}

/// The sums of one neuron.
#[derive(Clone, Debug)]
struct NeuronSums {
    /// Of the present stimulus: rate and PSTH, rate and each repeat.
    psth: RunningSums,
    repeats: Vec<RunningSums>,
    /// Rate and PSTH over all stimuli together, and the sum of squared errors.
    all: RunningSums,
    squared_errors: f64,
    /// Rate and PSTH within the stimuli that have powers, these, and the variance of the product of rate and PSTH.
    within: CrossSums,
    powers: PowerSum,
    projected_noise: f64,
    is_ragged: bool,
    poisson: Result<PoissonSums, Undefined>,
    /// Why responses are not counts.
    counts: Result<(), Undefined>,
}

impl Default for NeuronSums {
    fn default() -> Self {
        Self {
            psth: RunningSums::default(),
            repeats: Vec::new(),
            all: RunningSums::default(),
            squared_errors: 0.0,
            within: CrossSums::default(),
            powers: PowerSum::default(),
            projected_noise: 0.0,
            is_ragged: false,
            poisson: Ok(PoissonSums::default()),
            counts: Ok(()),
        }
    }
}

impl NeuronSums {
    fn push(&mut self, piece: &Observation<'_>, neuron: usize) -> Result<(), Undefined> {
        let recorded = piece.recorded();
        let n_repeats = recorded.responses().dim().1;
        if self.repeats.len() < n_repeats {
            self.repeats.resize(n_repeats, RunningSums::default());
        }
        let data = match Neuron::of(std::slice::from_ref(piece), neuron) {
            Err(Undefined::NoData) => return Ok(()), // no bin of this piece was recorded
            data => data?,
        };
        let mask = recorded.mask().view().index_axis_move(ndarray::Axis(0), neuron);
        let kept = (0..n_repeats).filter(|&r| mask.row(r).iter().any(|&valid| valid));
        for (stimulus, rate) in data.stimuli() {
            let psth = stimulus.psth.mean();
            self.psth.append(&RunningSums::of(rate, psth));
            self.squared_errors += rate.iter().zip(psth).map(|(p, y)| (p - y) * (p - y)).sum::<f64>();
            for (i, r) in kept.clone().enumerate() {
                match stimulus.row(i) {
                    (y, None) => self.repeats[r].append(&RunningSums::of(rate, &y)),
                    _ => self.is_ragged = true,
                }
            }
        }
        self.counts = self.counts.and_then(|()| data.recorded().expect_counts());
        self.poisson = self.poisson.and_then(|sums| Ok(sums.with(&PoissonSums::of(&data)?)));
        Ok(())
    }

    fn end_stimulus(&mut self) {
        let (psth, repeats) = (std::mem::take(&mut self.psth), std::mem::take(&mut self.repeats));
        self.all.append(&psth);
        let kept: Vec<&RunningSums> = repeats.iter().filter(|repeat| repeat.n() > 0).collect();
        self.is_ragged |= kept.iter().any(|repeat| repeat.n() != psth.n());
        let (r, dof) = (kept.len() as f64, psth.n() as f64 - 1.0);
        let powers = (kept.len() > 1 && psth.n() > 1).then(|| {
            let total = kept.iter().map(|repeat| repeat.sums().yy).sum::<f64>() / (r * dof);
            let signal = (r * psth.sums().yy / dof - total) / (r - 1.0);
            Powers { signal, noise: total - signal, total }
        });
        if self.powers.add(powers, kept.len(), psth.n()) {
            self.within.add(psth.sums());
            let projected: Vec<f64> = kept.iter().map(|repeat| repeat.sums().xy).collect();
            self.projected_noise += r2_er::squared_error_of_mean(&projected);
        }
    }

    fn pooled(&self) -> Result<PooledPowers, Undefined> {
        if self.is_ragged { Err(Undefined::RaggedRepeats) } else { self.powers.pooled() }
    }

    fn scores(&self) -> StreamedScores {
        if self.all.n() == 0 {
            return StreamedScores::undefined(Undefined::NoData);
        }
        let (sums, within) = (self.all.sums(), &self.within);
        let counts = self.counts.and(self.poisson);
        StreamedScores {
            cc_raw: sums.correlation(),
            cc_norm: self.pooled().and_then(|powers| cc_norm::of_sums(within, &powers)),
            fve: self.fve(),
            mse: finite(self.squared_errors / self.all.n() as f64),
            explained_signal_power: (self.pooled())
                .and_then(|powers| explained_signal_power::of_sums(within, &powers)),
            r2_er: self.pooled().and_then(|powers| r2_er::of_sums(within, self.projected_noise, &powers)),
            signal_power: self.pooled().and_then(|powers| finite(powers.signal)),
            noise_power: self.pooled().and_then(|powers| finite(powers.noise)),
            log_likelihood: self.poisson.and_then(|sums| finite(sums.log_likelihood() / sums.n)),
            bits_per_spike: counts.and_then(|sums| bits_per_spike::of_sums(&sums)),
            deviance_explained: counts.and_then(|sums| deviance_explained::of_sums(&sums)),
        }
    }

    fn fve(&self) -> Score {
        let sums = self.all.sums();
        if self.all.n() < 2 {
            return Err(Undefined::TooFewBins { bins: self.all.n() });
        }
        sums.expect_y_varies()?;
        finite(1.0 - self.squared_errors / sums.yy)
    }
}
