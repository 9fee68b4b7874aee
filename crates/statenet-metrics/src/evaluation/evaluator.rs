//! An evaluation in groups of neurons, so that the responses of all need not be in memory at once.

use std::collections::BTreeSet;

use rayon::prelude::*;
use statenet_core::expect_shape;

use super::{
    Conditions, DefinedCounts, Evaluation, EvaluationOptions, NeuronScores, RepeatCounts, Scored,
    blocks::NeuronBlocks, intervals,
};
use crate::{
    ceilings::{SplitOptions, enough, half_split_ceiling, signal_power_error, split_table},
    error::{Error, Result},
    moments::{mean_of, median_of},
    observation::{Observation, Recorded, n_neurons, recorded},
    responses::NeuronRecorded,
    scores::{CcNormTarget, CcRawTarget, Concatenated, fve_of},
};

/// [`evaluate_observations`](crate::evaluate_observations) of neurons that are given group by group. The scores, means and intervals are the
/// same bit for bit, however neurons are grouped.
///
/// ```
/// use ndarray::{Array2, Array3, s};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{EvaluationOptions, Evaluator, Observation, evaluate_observations};
///
/// let rates = Array2::from_shape_fn((2, 200), |(n, t)| (0.1 * (t + n) as f64).sin() + 1.0);
/// let responses = Array3::from_shape_fn((2, 2, 200), |(n, r, t)| rates[[n, t]] + ((t * (r + 3)) % 7) as f64);
/// let (options, ids) = (EvaluationOptions::default(), ["a".to_owned(), "b".to_owned()]);
/// let (both, one) = (ResponseMask::all(2, 2, 200), ResponseMask::all(1, 2, 200));
/// let mut evaluator = Evaluator::new(&options)?;
/// for n in 0..2 {
///     let (rate, responses) = (rates.slice(s![n..=n, ..]), responses.slice(s![n..=n, .., ..]));
///     evaluator.add(&ids[n..=n], &[Observation::new(rate, responses, &one)?])?;
/// }
/// let together = [Observation::new(rates.view(), responses.view(), &both)?];
/// assert_eq!(evaluator.finish()?, evaluate_observations(&ids, &together, &options)?);
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Evaluator<'o> {
    options: &'o EvaluationOptions,
    not_trained: BTreeSet<&'o str>,
    ids: BTreeSet<String>,
    per_neuron: Vec<NeuronScores>,
    /// Of each neuron, for intervals; `None` where it has no data.
    blocks: Vec<Option<NeuronBlocks>>,
    /// Of each stimulus; `None` before the first group.
    n_bins: Option<Vec<usize>>,
    repeats: Option<RepeatCounts>,
}

impl<'o> Evaluator<'o> {
    /// Without neurons yet.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for an option.
    pub fn new(options: &'o EvaluationOptions) -> Result<Self> {
        options.validate()?;
        Ok(Self {
            options,
            not_trained: options.not_trained.iter().map(String::as_str).collect(),
            ids: BTreeSet::new(),
            per_neuron: Vec::new(),
            blocks: Vec::new(),
            n_bins: None,
            repeats: None,
        })
    }

    /// Scores some neurons: `ids`, one for each in the order of the arrays, and an observation for each test stimulus.
    ///
    /// # Errors
    /// As [`evaluate_observations`](crate::evaluate_observations); [`Error::Count`] and [`Error::Shape`] for other stimuli than those of the
    /// group before.
    pub fn add(&mut self, ids: &[String], observations: &[Observation<'_>]) -> Result<()> {
        let Self { options, not_trained, .. } = self;
        let recorded = recorded(observations);
        let n = n_neurons(&recorded)?;
        if ids.len() != n {
            return Err(Error::Count { list: "ids", got: ids.len(), expected: n, per: "neuron" });
        }
        if let Some(id) = ids.iter().find(|id| !self.ids.insert((*id).clone())) {
            return Err(Error::DuplicateId { id: id.clone() });
        }
        let n_bins: Vec<usize> = recorded.iter().map(Recorded::n_bins).collect();
        if let Some(known) = &self.n_bins {
            if known.len() != n_bins.len() {
                let (got, expected) = (n_bins.len(), known.len());
                return Err(Error::Count {
                    list: "observations",
                    got,
                    expected,
                    per: "stimulus of each group",
                });
            }
            for (known, stimulus) in known.iter().zip(&recorded) {
                let (n, r, t) = stimulus.responses().dim();
                expect_shape("responses", &[n, r, t], &[n.into(), r.into(), (*known).into()])?;
            }
        }
        self.n_bins = Some(n_bins);
        self.repeats = RepeatCounts::of(&recorded, self.repeats);
        let splits = split_table(&recorded, &SplitOptions { seed: options.seed, n_splits: options.n_splits });
        let score = |neuron: usize| {
            let is_tested = recorded.iter().any(|stimulus| {
                stimulus.mask().view().index_axis_move(ndarray::Axis(0), neuron).iter().any(|&valid| valid)
            });
            let rate =
                |stimulus: usize| observations[stimulus].rate().index_axis_move(ndarray::Axis(0), neuron);
            let read = NeuronRecorded::of(&recorded, neuron);
            let read = read.as_ref().map_err(|reason| *reason);
            let concatenated = |read: &NeuronRecorded| {
                let psths = read.stimuli().iter().map(|stimulus| &stimulus.psth);
                Concatenated::of_psths(observations, neuron, psths)
            };
            Scored {
                cc: CcRawTarget::of_read(read).score(rate),
                ccnorm: CcNormTarget::of_read(read).score(rate),
                fve: read.and_then(concatenated).and_then(|all| fve_of(&all.rate, &all.psth)),
                ccmax: read.and_then(|read| half_split_ceiling(read, &splits)).map(f64::from),
                powers: read.and_then(NeuronRecorded::powers),
                signal_power_se: read.ok().and_then(|read| signal_power_error(read, options.block_bins)),
            }
            .left_out(not_trained.contains(ids[neuron].as_str()), is_tested, options.min_signal_power)
            .named(&ids[neuron], || enough(read.ok()?, options.block_bins))
        };
        self.per_neuron.par_extend((0..n).into_par_iter().map(score));
        if options.n_bootstrap > 0 {
            let unit_bins = intervals::unit_bins(observations.len(), options);
            let blocks = |neuron| NeuronBlocks::of(observations, neuron, unit_bins).ok();
            self.blocks.par_extend((0..n).into_par_iter().map(blocks));
        }
        Ok(())
    }

    /// The scores of all neurons, their means and intervals.
    ///
    /// # Errors
    /// [`Error::NoStimulus`] if no group was added.
    pub fn finish(self) -> Result<Evaluation> {
        let Self { options, mut per_neuron, blocks, n_bins, repeats, .. } = self;
        let n_bins = n_bins.ok_or(Error::NoStimulus)?;
        let intervals = intervals::intervals(&n_bins, &blocks, &per_neuron, options);
        for (neuron, [cc, ccnorm, fve]) in per_neuron.iter_mut().zip(intervals.per_neuron) {
            (neuron.cc_ci95, neuron.ccnorm_ci95, neuron.fve_ci95) = (cc, ccnorm, fve);
        }
        let [cc_ci95, ccnorm_ci95, fve_ci95] = intervals.means;
        let defined = |score: fn(&NeuronScores) -> Option<f64>| -> Vec<f64> {
            per_neuron.iter().filter_map(score).collect()
        };
        let (cc, ccnorm, fve) = (defined(|s| s.cc), defined(|s| s.ccnorm), defined(|s| s.fve));
        Ok(Evaluation {
            cc_mean: mean_of(&cc),
            cc_median: median_of(&cc),
            ccnorm_mean: mean_of(&ccnorm),
            ccnorm_median: median_of(&ccnorm),
            fve_mean: mean_of(&fve),
            ccnorm_ci95,
            cc_ci95,
            fve_ci95,
            ccnorm_ci95_method: intervals.ccnorm_resampled,
            n_defined: DefinedCounts {
                cc: cc.len(),
                ccnorm: ccnorm.len(),
                fve: fve.len(),
                ccmax: defined(|s| s.ccmax).len(),
            },
            n_weak: per_neuron.iter().filter(|neuron| neuron.weak).count(),
            conditions: Conditions::of(&n_bins, repeats.unwrap_or_default(), &per_neuron),
            options: options.clone(),
            per_neuron,
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, s};
    use statenet_core::{ResponseMask, Seed};

    use super::*;
    use crate::evaluate_observations;

    #[test]
    fn groups_of_any_size_give_the_same_bits_and_other_stimuli_are_refused() {
        let mut stream = Seed::new(3).stream("groups");
        let lengths = [120, 40];
        let rates = lengths.map(|t| Array2::from_shape_fn((5, t), |_| stream.normal()));
        let responses = [0, 1].map(|b| {
            Array3::from_shape_fn((5, 3, lengths[b]), |(n, _, t)| rates[b][[n, t]] + stream.normal())
        });
        let masks = lengths.map(|t| {
            ResponseMask::new(Array3::from_shape_fn((5, 3, t), |(n, r, bin)| n != 2 || (r + bin) % 4 > 0))
        });
        let ids: Vec<String> = (0..5).map(|n| format!("u{n}")).collect();
        let options = EvaluationOptions { block_bins: 20, n_bootstrap: 50, ..EvaluationOptions::default() };
        let add = |evaluator: &mut Evaluator<'_>, neurons: &[usize], stimuli: &[usize]| {
            let masks: Vec<_> = stimuli.iter().map(|&b| masks[b].select(neurons)).collect();
            let (from, to) = (neurons[0], neurons[0] + neurons.len());
            let observations: Vec<_> = stimuli
                .iter()
                .zip(&masks)
                .map(|(&b, mask)| {
                    let (rate, y) =
                        (rates[b].slice(s![from..to, ..]), responses[b].slice(s![from..to, .., ..]));
                    Observation::new(rate, y, mask).unwrap()
                })
                .collect();
            evaluator.add(&ids[from..to], &observations)
        };
        let all: Vec<_> = (0..2)
            .map(|b| Observation::new(rates[b].view(), responses[b].view(), &masks[b]).unwrap())
            .collect();
        let expected = evaluate_observations(&ids, &all, &options).unwrap();
        for groups in [&[0..2, 2..5][..], &[0..1, 1..2, 2..3, 3..4, 4..5]] {
            let mut evaluator = Evaluator::new(&options).unwrap();
            for group in groups {
                add(&mut evaluator, &group.clone().collect::<Vec<_>>(), &[0, 1]).unwrap();
            }
            assert_eq!(evaluator.finish().unwrap(), expected);
        }
        let mut evaluator = Evaluator::new(&options).unwrap();
        add(&mut evaluator, &[0], &[0, 1]).unwrap();
        let message = |result: Result<()>| result.unwrap_err().to_string();
        assert_eq!(
            message(add(&mut evaluator, &[1], &[0])),
            "observations has 1 entries, expected 2, one per stimulus of each group"
        );
        assert_eq!(
            message(add(&mut evaluator, &[2], &[1, 0])),
            "responses has shape (1, 3, 40), expected (1, 3, 120)"
        );
        assert_eq!(
            message(add(&mut evaluator, &[0], &[0, 1])),
            "neuron id \"u0\" occurs twice, expected unique ids"
        );
        assert!(matches!(Evaluator::new(&options).unwrap().finish(), Err(Error::NoStimulus)));
    }
}
