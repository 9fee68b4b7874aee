//! Whether a prediction has the representational geometry of a population.
//!
//! ```text
//! D_r    dissimilarities of the conditions in repeat r          D_p    of the predicted patterns
//! similarity = mean_r compare(D_r, D_p),      between the noise ceilings of the D_r (Nili et al. 2014)
//! ```

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    moments::mean_of,
    observation::{Observation, recorded},
    population::{
        JointCounts,
        joint::Joint,
        rdm::{Dissimilarity, Rdm, RdmComparison, noise_ceiling},
    },
    undefined::{Score, Source, Undefined},
};

/// What counts as a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conditions {
    /// Windows of so many bins within a stimulus, over which responses are averaged; incomplete windows are left out.
    Bins(usize),
    /// Whole stimuli, averaged over their bins.
    Stimuli,
}

/// Options of [`representational_similarity`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RepresentationOptions {
    /// Default: windows of 10 bins.
    pub conditions: Conditions,
    /// Default: squared Euclidean, which is defined for patterns without spikes too.
    pub dissimilarity: Dissimilarity,
    /// Default: Spearman's.
    pub comparison: RdmComparison,
}

impl Default for RepresentationOptions {
    fn default() -> Self {
        Self {
            conditions: Conditions::Bins(10),
            dissimilarity: Dissimilarity::default(),
            comparison: RdmComparison::default(),
        }
    }
}

/// How alike recorded and predicted dissimilarities are, with the ceilings between which the true rates would lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RepresentationalSimilarity {
    /// Mean over repeats of the comparison with the prediction, -1 to 1.
    pub similarity: Score,
    /// Lower ceiling: a repeat with the others.
    pub lower_ceiling: Score,
    /// Upper ceiling: a repeat with all, itself among them.
    pub upper_ceiling: Score,
    /// What they are made of.
    pub counts: JointCounts,
}

/// Compares the dissimilarities of predicted patterns with those of recorded ones, repeat by repeat.
///
/// Noise makes dissimilarities of single repeats larger and less reliable, so that the similarity of the true rates is below 1: it
/// lies, on average, between the ceilings, which are computed from the repeats as [`noise_ceiling`] does from subjects. For
/// animals or sites as subjects compute an [`Rdm`] of each and call that. The similarity itself is as it is, neither corrected nor
/// divided by a ceiling; it is biased towards 0 by noise, and the ceilings say how far.
///
/// The ceilings need two repeats; without these they are undefined and the similarity is not.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus, the stimuli differ in N, a window has 0 bins, or dissimilarities of all repeats
/// would be more than 10^8 numbers.
///
/// # Examples
/// ```
/// use ndarray::{Array2, Array3};
/// use statenet_core::{ResponseMask, Seed};
/// use statenet_metrics::{Observation, population};
///
/// let mut noise = Seed::new(0).stream("noise");
/// let rates = Array2::from_shape_fn((5, 200), |(n, t)| (0.03 * (n + 1) as f64 * t as f64).sin());
/// let y = Array3::from_shape_fn((5, 4, 200), |(n, _, t)| rates[[n, t]] + noise.normal());
/// let mask = ResponseMask::all(5, 4, 200);
/// let observation = Observation::new(rates.view(), y.view(), &mask)?;
/// let similarity = population::representational_similarity(&[observation], &Default::default())?;
/// assert_eq!(similarity.counts.n_conditions, 20);
/// let (lower, upper) = (similarity.lower_ceiling?, similarity.upper_ceiling?);
/// assert!(lower < upper && (similarity.similarity? - (lower + upper) / 2.0).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn representational_similarity(
    observations: &[Observation<'_>],
    options: &RepresentationOptions,
) -> Result<RepresentationalSimilarity> {
    if options.conditions == Conditions::Bins(0) {
        return Err(Error::OutOfRange { option: "window", got: 0.0, expected: "1 bin or more" });
    }
    let joint = match Joint::of(&recorded(observations), 1)? {
        Ok(joint) => joint,
        Err(reason) => return Ok(undefined(reason, JointCounts::default())),
    };
    let windows = windows(&joint, options.conditions);
    let counts = JointCounts { n_conditions: windows.len(), ..joint.counts() };
    let numbers = windows.len().saturating_mul(windows.len()) / 2 * (counts.n_repeats + 1);
    if numbers > MOST_NUMBERS {
        return Err(Error::OutOfRange {
            option: "number of conditions",
            got: windows.len() as f64,
            expected: "so few that the dissimilarities of all repeats are at most 10^8 numbers: use longer windows",
        });
    }
    let rates = Array2::from_shape_fn((joint.neurons.len(), joint.bins.len()), |(i, c)| {
        let (b, t) = joint.bins[c];
        observations[b].rate()[[joint.neurons[i], t]]
    });
    if !rates.iter().all(|p| p.is_finite()) {
        return Ok(undefined(Undefined::NotFinite(Source::Rate), counts));
    }
    let rdm = |bins: &Array2<f64>| Rdm::of(averaged(bins, &windows).view(), options.dissimilarity);
    let repeats: Vec<Rdm> = match joint.repeats.iter().map(rdm).collect() {
        Ok(repeats) => repeats,
        Err(reason) => return Ok(undefined(reason, counts)),
    };
    let similarity = rdm(&rates).and_then(|predicted| {
        let scores = repeats.iter().map(|of| of.compare(&predicted, options.comparison));
        mean_of(&scores.collect::<std::result::Result<Vec<_>, _>>()?).ok_or(Undefined::NoData)
    });
    let ceilings = match repeats.len() {
        1 => Err(Undefined::TooFewJointRepeats { repeats: 1, needed: 2 }),
        _ => noise_ceiling(&repeats, options.comparison),
    };
    Ok(RepresentationalSimilarity {
        similarity,
        lower_ceiling: ceilings.map(|[lower, _]| lower),
        upper_ceiling: ceilings.map(|[_, upper]| upper),
        counts,
    })
}

/// Most dissimilarities that are held in memory.
const MOST_NUMBERS: usize = 100_000_000;

fn undefined(reason: Undefined, counts: JointCounts) -> RepresentationalSimilarity {
    let none = Err(reason);
    RepresentationalSimilarity { similarity: none, lower_ceiling: none, upper_ceiling: none, counts }
}

/// The columns of each condition.
fn windows(joint: &Joint, conditions: Conditions) -> Vec<Vec<usize>> {
    let mut windows: Vec<((usize, usize), Vec<usize>)> = Vec::new();
    for (column, &(stimulus, bin)) in joint.bins.iter().enumerate() {
        let window = match conditions {
            Conditions::Bins(n) => (stimulus, bin / n.max(1)),
            Conditions::Stimuli => (stimulus, 0),
        };
        match windows.last_mut() {
            Some((last, columns)) if *last == window => columns.push(column),
            _ => windows.push((window, vec![column])),
        }
    }
    let whole = |columns: &Vec<usize>| match conditions {
        Conditions::Bins(n) => columns.len() == n,
        Conditions::Stimuli => true,
    };
    windows.into_iter().map(|(_, columns)| columns).filter(whole).collect()
}

/// Means over the columns of each condition.
fn averaged(bins: &Array2<f64>, windows: &[Vec<usize>]) -> Array2<f64> {
    Array2::from_shape_fn((bins.len_of(Axis(0)), windows.len()), |(n, c)| {
        windows[c].iter().map(|&t| bins[[n, t]]).sum::<f64>() / windows[c].len() as f64
    })
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    fn rates(seed: u64) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream("rates");
        Array2::from_shape_fn((6, 80), |_| stream.normal())
    }

    fn of(prediction: &Array2<f64>, y: &Array3<f64>, conditions: Conditions) -> RepresentationalSimilarity {
        let mask = ResponseMask::new(y.mapv(|v: f64| !v.is_nan()));
        let options = RepresentationOptions { conditions, ..RepresentationOptions::default() };
        let observation = Observation::new(prediction.view(), y.view(), &mask).unwrap();
        representational_similarity(&[observation], &options).unwrap()
    }

    #[test]
    fn the_true_rates_reach_the_ceiling_and_others_do_not() {
        let (truth, mut stream) = (rates(1), Seed::new(5).stream("noise"));
        let y = Array3::from_shape_fn((6, 8, 80), |(n, _, t)| truth[[n, t]] + 1.5 * stream.normal());
        let right = of(&truth, &y, Conditions::Bins(1));
        let (lower, upper) = (right.lower_ceiling.unwrap(), right.upper_ceiling.unwrap());
        let similarity = right.similarity.unwrap();
        assert!(lower - 0.02 < similarity && similarity < upper, "{lower} {similarity} {upper}");
        let wrong = of(&rates(2), &y, Conditions::Bins(1)).similarity.unwrap();
        assert!(wrong.abs() < 0.1 && similarity > 0.3, "{wrong} {similarity}");
        // Neither scale nor an offset of each neuron matters to squared distances' order, but a scale of one neuron does.
        let scaled = truth.mapv(|x| 3.0 * x + 7.0);
        assert!((of(&scaled, &y, Conditions::Bins(1)).similarity.unwrap() - similarity).abs() < 1e-12);
    }

    #[test]
    fn missing_bins_leave_out_their_window_and_are_not_read() {
        let truth = rates(1);
        let mut y =
            Array3::from_shape_fn((6, 2, 80), |(n, r, t)| truth[[n, t]] + 0.1 * ((n + r + t) as f64).sin());
        assert_eq!(of(&truth, &y, Conditions::Bins(10)).counts.n_conditions, 8);
        y[[2, 1, 33]] = f64::NAN;
        let counts = of(&truth, &y, Conditions::Bins(10)).counts;
        assert_eq!(counts, JointCounts { n_neurons: 6, n_repeats: 2, n_conditions: 7 });
    }

    #[test]
    fn one_repeat_has_a_similarity_without_ceilings_and_one_stimulus_none() {
        let truth = rates(1);
        let y = truth.clone().insert_axis(Axis(1));
        let one = of(&truth, &y, Conditions::Bins(10));
        assert!((one.similarity.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(one.lower_ceiling, Err(Undefined::TooFewJointRepeats { repeats: 1, needed: 2 }));
        let whole = of(&truth, &y, Conditions::Stimuli);
        assert_eq!(whole.similarity, Err(Undefined::TooFewConditions { conditions: 1, needed: 3 }));
    }
}
