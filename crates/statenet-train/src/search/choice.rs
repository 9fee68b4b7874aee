//! The rule of one standard error (Breiman et al. 1984, section 3.4.3).

/// A trial as the rule sees it: a score of each fold, and how much it regularises, from 0 to 1.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) trial: usize,
    pub(super) folds: Vec<Option<f64>>,
    pub(super) strength: f64,
}

/// What was chosen, and the best, which need not be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) chosen: usize,
    pub(super) best: usize,
}

/// The mean of scores; `None` where there is none.
pub(super) fn mean(scores: &[Option<f64>]) -> Option<f64> {
    let defined: Vec<f64> = scores.iter().copied().flatten().collect();
    (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
}

/// Of the trials whose mean is below the best by no more than the standard error of the differences over folds, the one that regularises
/// most; of equal ones the better. `None` without a score.
pub(super) fn choose(candidates: &[Candidate]) -> Option<Choice> {
    let scored: Vec<(&Candidate, f64)> =
        candidates.iter().filter_map(|c| Some((c, mean(&c.folds)?))).collect();
    let first_max = |a: &(&Candidate, f64), b: &(&Candidate, f64)| a.1.total_cmp(&b.1);
    let &(best, top) = scored.iter().rev().max_by(|a, b| first_max(a, b))?;
    let is_close = |&&(candidate, mean): &&(&Candidate, f64)| {
        let margin = standard_error(&differences(best, candidate));
        top - mean <= margin
    };
    let by_strength = |a: &&(&Candidate, f64), b: &&(&Candidate, f64)| {
        a.0.strength.total_cmp(&b.0.strength).then(a.1.total_cmp(&b.1))
    };
    let (chosen, _) = scored.iter().rev().filter(is_close).max_by(by_strength)?;
    Some(Choice { chosen: chosen.trial, best: best.trial })
}

/// Fold by fold, where both have a score.
fn differences(best: &Candidate, other: &Candidate) -> Vec<f64> {
    best.folds.iter().zip(&other.folds).filter_map(|(a, b)| Some((*a)? - (*b)?)).collect()
}

/// The standard error of a mean: sd / sqrt(n), 0 for fewer than two values.
fn standard_error(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    if values.len() < 2 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (variance / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(trial: usize, folds: &[f64], strength: f64) -> Candidate {
        let folds = folds.iter().map(|&score| (score > 0.0).then_some(score)).collect();
        Candidate { trial, folds, strength }
    }

    #[test]
    fn the_most_regularised_within_one_standard_error_by_hand() {
        // Differences to the best .1, 0, .2: mean .1, sd .1, standard error .058.
        let best = candidate(0, &[0.6, 0.7, 0.8], 0.0);
        let worse = candidate(1, &[0.5, 0.7, 0.6], 0.9);
        // Differences .02, -.02, .03: mean .01, standard error .0153.
        let close = candidate(2, &[0.58, 0.72, 0.77], 0.3);
        let chosen = |candidates: &[Candidate]| choose(candidates).unwrap();
        assert_eq!(chosen(&[best.clone(), worse.clone(), close.clone()]), Choice { chosen: 2, best: 0 });
        assert_eq!(chosen(&[worse, best.clone()]), Choice { chosen: 0, best: 0 });
        // Without a difference in strength the better one.
        let same = Candidate { strength: 0.0, ..close };
        assert_eq!(chosen(&[same, best.clone()]), Choice { chosen: 0, best: 0 });
        // Equal in all: the first.
        let twin = Candidate { trial: 5, ..best.clone() };
        assert_eq!(chosen(&[best, twin]), Choice { chosen: 0, best: 0 });
    }

    #[test]
    fn a_trial_without_scores_is_not_chosen() {
        let failed = candidate(0, &[0.0, 0.0], 1.0);
        let scored = candidate(1, &[0.3, 0.0], 0.0);
        assert_eq!(choose(&[failed.clone(), scored]), Some(Choice { chosen: 1, best: 1 }));
        assert_eq!(choose(&[failed]), None);
        assert_eq!(choose(&[]), None);
    }
}
