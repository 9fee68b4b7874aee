//! Sufficient statistics per block of time, so that a resampled data set is scored without reading its bins again.
//!
//! For each block, with p the rate, y the PSTH and y_r the repeats: n and the sums of p, y, p^2, y^2, p y and (p - y)^2;
//! for the signal power sum_r y_r^2 and, for each r, sum y_r. Values are relative to the neuron's mean rate and mean PSTH,
//! so that the sums keep full precision. A bootstrap draw gives each block a count; sums are weighted by the counts and
//! then centred within the stimulus, as in the scores themselves. If repeats miss different bins, sums are kept for every
//! pair of repeats.

use ndarray::Axis;

use crate::{
    moments::mean,
    observation::Observation,
    psth::Psth,
    time_blocks::{block_of, n_blocks},
    undefined::Undefined,
};

/// A centred sum of squares below this fraction of the uncentred one counts as 0, since it is due to rounding.
const ROUNDING: f64 = 1e-12;

/// The sums of one block, or weighted sums over many.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    n: f64,
    p: f64,
    y: f64,
    pp: f64,
    yy: f64,
    py: f64,
    ee: f64,
}

impl Sums {
    fn add(&mut self, w: f64, other: &Self) {
        self.n += w * other.n;
        self.p += w * other.p;
        self.y += w * other.y;
        self.pp += w * other.pp;
        self.yy += w * other.yy;
        self.py += w * other.py;
        self.ee += w * other.ee;
    }

    /// Sums of p^2, y^2 and p y about the means.
    fn centred(&self) -> (f64, f64, f64) {
        let n = self.n.max(1.0);
        (self.pp - self.p * self.p / n, self.yy - self.y * self.y / n, self.py - self.p * self.y / n)
    }
}

/// Statistics for the signal power of a stimulus.
#[derive(Clone, Debug)]
enum Noise {
    /// Fewer than two repeats: the signal power is undefined.
    None,
    /// All repeats have the same bins: sum_r y_r^2 for each block, and sum y_r for each block and repeat.
    Complete { n_repeats: usize, squares: Vec<f64>, sums: Vec<f64> },
    /// Sums for each pair of repeats and block.
    Ragged { pairs: Vec<Vec<PairSums>> },
}

/// Sums of one pair of repeats over the bins of a block that both repeats have.
#[derive(Clone, Copy, Debug, Default)]
struct PairSums {
    n: f64,
    a: f64,
    b: f64,
    ab: f64,
}

#[derive(Clone, Debug)]
struct StimulusBlocks {
    sums: Vec<Sums>,
    noise: Noise,
}

/// The block statistics of one neuron for each stimulus.
#[derive(Clone, Debug)]
pub(crate) struct NeuronBlocks(Vec<StimulusBlocks>);

/// How many units a neuron's draws have, and their degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Units {
    pub(crate) n: usize,
    pub(crate) df: usize,
}

impl NeuronBlocks {
    pub(crate) fn of(
        observations: &[Observation<'_>],
        neuron: usize,
        block_bins: usize,
    ) -> Result<Self, Undefined> {
        let mut series = Vec::with_capacity(observations.len());
        for observation in observations {
            let psth = Psth::of(&observation.recorded(), neuron)?;
            let rate = psth.pick(observation.rate().index_axis_move(Axis(0), neuron))?;
            series.push((psth, rate));
        }
        let all = |f: fn(&(Psth, Vec<f64>)) -> &[f64]| {
            mean(&series.iter().flat_map(f).copied().collect::<Vec<_>>())
        };
        let (mean_p, mean_y) = (all(|(_, rate)| rate), all(|(psth, _)| psth.mean()));
        let stimuli = observations.iter().zip(&series).map(|(observation, (psth, rate))| {
            let n_bins = observation.recorded().n_bins();
            let n_blocks = n_blocks(n_bins, block_bins);
            let mut sums = vec![Sums::default(); n_blocks];
            for ((t, &p), &y) in psth.times().into_iter().zip(rate).zip(psth.mean()) {
                let (dp, dy) = (p - mean_p, y - mean_y);
                let bin = Sums {
                    n: 1.0,
                    p: dp,
                    y: dy,
                    pp: dp * dp,
                    yy: dy * dy,
                    py: dp * dy,
                    ee: (p - y) * (p - y),
                };
                sums[block_of(t, n_bins, n_blocks)].add(1.0, &bin);
            }
            StimulusBlocks { sums, noise: Noise::of(observation, neuron, n_blocks, mean_y) }
        });
        Ok(Self(stimuli.collect()))
    }

    /// The blocks in which the neuron was recorded. They are drawn within stimuli, stimuli of one block among each other.
    pub(crate) fn units(&self) -> Units {
        let (mut n, mut df, mut whole) = (0, 0, 0_usize);
        for stimulus in &self.0 {
            let recorded = stimulus.sums.iter().filter(|sums| sums.n > 0.0).count();
            n += recorded;
            if stimulus.sums.len() == 1 {
                whole += recorded;
            } else {
                df += recorded.saturating_sub(1);
            }
        }
        Units { n, df: df + whole.saturating_sub(1) }
    }

    /// CCraw, CCnorm and FVE, `None` where undefined, if block k of stimulus b is drawn `counts[b][k]` times.
    pub(crate) fn score(&self, counts: &[Vec<f64>]) -> [Option<f64>; 3] {
        let mut all = Sums::default();
        let (mut pp, mut yy, mut py) = (0.0, 0.0, 0.0);
        let (mut pp_raw, mut yy_raw, mut signal, mut dof) = (0.0, 0.0, 0.0, 0.0);
        for (stimulus, counts) in self.0.iter().zip(counts) {
            let mut sums = Sums::default();
            for (block, &w) in stimulus.sums.iter().zip(counts).filter(|(_, w)| **w > 0.0) {
                sums.add(w, block);
            }
            all.add(1.0, &sums);
            let Some(sp) = stimulus.noise.signal_power(&sums, counts) else {
                continue;
            };
            let centred = sums.centred();
            (pp, yy, py) = (pp + centred.0, yy + centred.1, py + centred.2);
            (pp_raw, yy_raw) = (pp_raw + sums.pp, yy_raw + sums.yy);
            signal += (sums.n - 1.0) * sp;
            dof += sums.n - 1.0;
        }
        let ccnorm = (pp > ROUNDING * pp_raw && yy > ROUNDING * yy_raw && signal > ROUNDING * yy)
            .then(|| py / (pp.sqrt() * signal.sqrt()))
            .filter(|c| dof > 0.0 && c.is_finite());
        let (pp, yy, py) = all.centred();
        let y_varies = yy > ROUNDING * all.yy;
        let cc = (y_varies && pp > ROUNDING * all.pp)
            .then(|| (py / (pp.sqrt() * yy.sqrt())).clamp(-1.0, 1.0))
            .filter(|c| c.is_finite());
        let fve = y_varies.then(|| 1.0 - all.ee / yy).filter(|f| f.is_finite());
        [cc, ccnorm, fve]
    }
}

impl Noise {
    fn of(observation: &Observation<'_>, neuron: usize, n_blocks: usize, mean_y: f64) -> Self {
        let recorded = observation.recorded();
        let n_bins = recorded.n_bins();
        let responses = recorded.responses().index_axis_move(Axis(0), neuron);
        let mask = recorded.mask().view().index_axis_move(Axis(0), neuron);
        let kept: Vec<usize> = (0..mask.nrows()).filter(|&r| mask.row(r).iter().any(|&v| v)).collect();
        let n_repeats = kept.len();
        if n_repeats < 2 {
            return Self::None;
        }
        if kept.windows(2).all(|pair| mask.row(pair[0]) == mask.row(pair[1])) {
            let (mut squares, mut sums) = (vec![0.0; n_blocks], vec![0.0; n_blocks * n_repeats]);
            for (i, &r) in kept.iter().enumerate() {
                for (t, (&y, _)) in
                    responses.row(r).iter().zip(mask.row(r)).enumerate().filter(|(_, (_, v))| **v)
                {
                    let k = block_of(t, n_bins, n_blocks);
                    squares[k] += (y - mean_y) * (y - mean_y);
                    sums[k * n_repeats + i] += y - mean_y;
                }
            }
            return Self::Complete { n_repeats, squares, sums };
        }
        let mut pairs = Vec::with_capacity(n_repeats * (n_repeats - 1) / 2);
        for (i, &r) in kept.iter().enumerate() {
            for &s in &kept[i + 1..] {
                let mut sums = vec![PairSums::default(); n_blocks];
                for t in (0..n_bins).filter(|&t| mask[[r, t]] && mask[[s, t]]) {
                    let (a, b) = (responses[[r, t]] - mean_y, responses[[s, t]] - mean_y);
                    let sum = &mut sums[block_of(t, n_bins, n_blocks)];
                    *sum = PairSums { n: sum.n + 1.0, a: sum.a + a, b: sum.b + b, ab: sum.ab + a * b };
                }
                pairs.push(sums);
            }
        }
        Self::Ragged { pairs }
    }

    /// The signal power of the stimulus, if defined; `psth` are the stimulus's weighted sums.
    fn signal_power(&self, psth: &Sums, counts: &[f64]) -> Option<f64> {
        if psth.n < 2.0 {
            return None;
        }
        match self {
            Self::None => None,
            Self::Complete { n_repeats, squares, sums } => {
                let mut per_repeat = vec![0.0; *n_repeats];
                let mut total = 0.0;
                for ((&w, &q), block) in counts.iter().zip(squares).zip(sums.chunks_exact(*n_repeats)) {
                    if w > 0.0 {
                        total += w * q;
                        for (sum, s) in per_repeat.iter_mut().zip(block) {
                            *sum += w * s;
                        }
                    }
                }
                total -= per_repeat.iter().map(|s| s * s).sum::<f64>() / psth.n;
                let r = *n_repeats as f64;
                Some((r * r * psth.centred().1 - total) / (r * (r - 1.0) * (psth.n - 1.0)))
            }
            Self::Ragged { pairs } => {
                let (mut sum, mut n_pairs) = (0.0, 0_u32);
                for blocks in pairs {
                    let mut pair = PairSums::default();
                    for (block, &w) in blocks.iter().zip(counts).filter(|(_, w)| **w > 0.0) {
                        pair.n += w * block.n;
                        pair.a += w * block.a;
                        pair.b += w * block.b;
                        pair.ab += w * block.ab;
                    }
                    if pair.n >= 2.0 {
                        sum += (pair.ab - pair.a * pair.b / pair.n) / (pair.n - 1.0);
                        n_pairs += 1;
                    }
                }
                (n_pairs > 0).then(|| sum / f64::from(n_pairs))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::{ResponseMask, Seed};

    use super::*;
    use crate::scores;

    #[test]
    fn every_block_once_gives_the_scores_themselves() {
        let mut stream = Seed::new(4).stream("blocks");
        let lengths = [333, 80, 1];
        let rates: Vec<_> =
            lengths.iter().map(|&t| Array2::from_shape_fn((1, t), |_| stream.normal() + 40.0)).collect();
        let responses: Vec<_> = rates
            .iter()
            .map(|rate| {
                Array3::from_shape_fn((1, 4, rate.ncols()), |(_, _, t)| rate[[0, t]] + stream.normal() - 10.0)
            })
            .collect();
        for ragged in [false, true] {
            let masks: Vec<_> = lengths
                .iter()
                .map(|&t| {
                    ResponseMask::new(Array3::from_shape_fn((1, 4, t), |(_, r, bin)| {
                        !(ragged && (r + bin) % 5 == 0) && bin != 60
                    }))
                })
                .collect();
            let observations: Vec<_> = (0..3)
                .map(|b| Observation::new(rates[b].view(), responses[b].view(), &masks[b]).unwrap())
                .collect();
            let blocks = NeuronBlocks::of(&observations, 0, 20).unwrap();
            let once: Vec<Vec<f64>> = lengths.iter().map(|&t| vec![1.0; n_blocks(t, 20)]).collect();
            let draw = blocks.score(&once);
            let expected = [
                scores::cc_raw(&observations).unwrap()[0].map(f64::from),
                scores::cc_norm(&observations).unwrap()[0].map(f64::from),
                scores::fve(&observations).unwrap()[0],
            ];
            for (found, expected) in draw.into_iter().zip(expected) {
                assert!((found.unwrap() - expected.unwrap()).abs() < 1e-11, "{found:?} for {expected:?}");
            }
        }
    }
}
