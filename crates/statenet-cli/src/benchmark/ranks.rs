//! The order of the models, over recordings, splits and seeds.

use std::collections::BTreeMap;

use super::{
    estimates::{mean, means},
    fits::ModelFits,
    scores::{Rank, RankStability},
};

/// A place for each recording, split and seed.
type Round<'a> = (&'a str, &'a str, u64);

/// The places of each model by the mean of a score over neurons, on a recording or on each, and how stable they are.
pub(super) fn ranks(
    models: &[ModelFits],
    recording: Option<&str>,
    score: usize,
) -> (Vec<Rank>, RankStability) {
    let mut rounds: BTreeMap<Round<'_>, Vec<(usize, f64)>> = BTreeMap::new();
    for (at, model) in models.iter().enumerate().filter(|(_, model)| !model.is_partial) {
        let mut of_rounds: BTreeMap<Round<'_>, Vec<&super::fits::Fit>> = BTreeMap::new();
        for fit in model.fits.iter().filter(|fit| recording.is_none_or(|name| fit.recording == name)) {
            of_rounds.entry((&fit.recording, &fit.split, fit.seed)).or_default().push(fit);
        }
        for (round, fits) in of_rounds {
            let scores: Vec<f64> =
                means(fits).into_values().filter_map(|scores| scores.get(score).copied().flatten()).collect();
            if let Some(score) = mean(&scores) {
                rounds.entry(round).or_default().push((at, score));
            }
        }
    }
    let rounds: Vec<Vec<(usize, f64)>> = rounds.into_values().collect();
    let mut places: Vec<Vec<usize>> = vec![Vec::new(); models.len()];
    for round in &rounds {
        for &(at, score) in round {
            let place = 1 + round.iter().filter(|(_, other)| *other > score).count();
            if let Some(places) = places.get_mut(at) {
                places.push(place);
            }
        }
    }
    let rank = |places: Vec<usize>| Rank {
        mean: mean(&places.iter().map(|&place| place as f64).collect::<Vec<_>>()),
        best: places.iter().min().copied(),
        worst: places.iter().max().copied(),
        first: places.iter().filter(|&&place| place == 1).count(),
        n: places.len(),
    };
    (places.into_iter().map(rank).collect(), stability(&rounds, models.len()))
}

/// Kendall's W of the models that are in every round; equal scores share the mean of their places.
fn stability(rounds: &[Vec<(usize, f64)>], n_models: usize) -> RankStability {
    let in_all = |&model: &usize| rounds.iter().all(|round| round.iter().any(|(at, _)| *at == model));
    let models: Vec<usize> = (0..n_models).filter(in_all).collect();
    let (n, m) = (models.len(), rounds.len());
    let mut sums = vec![0.0; n];
    // Sum over rounds of t^3 - t over groups of t equal scores.
    let mut ties = 0.0;
    for round in rounds {
        let scores: Vec<f64> = models
            .iter()
            .filter_map(|model| round.iter().find(|(at, _)| at == model).map(|(_, score)| *score))
            .collect();
        for (sum, score) in sums.iter_mut().zip(&scores) {
            let above = scores.iter().filter(|other| *other > score).count() as f64;
            let equal = scores.iter().filter(|other| *other == score).count() as f64;
            *sum += above + (equal + 1.0) / 2.0;
            // Each of t members adds t^2 - 1.
            ties += equal * equal - 1.0;
        }
    }
    let (nf, mf) = (n as f64, m as f64);
    let middle = mf * (nf + 1.0) / 2.0;
    let spread: f64 = sums.iter().map(|sum| (sum - middle).powi(2)).sum();
    let most = mf * mf * (nf.powi(3) - nf) - mf * ties;
    let kendall_w = (n >= 2 && m >= 2 && most > 0.0).then(|| 12.0 * spread / most);
    RankStability { kendall_w, models: n, orders: m }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(scores: &[f64]) -> Vec<(usize, f64)> {
        scores.iter().copied().enumerate().collect()
    }

    #[test]
    fn kendalls_w_is_1_for_equal_orders_and_0_for_opposite_ones() {
        let equal = [round(&[0.9, 0.5, 0.1]), round(&[0.4, 0.3, 0.2])];
        assert_eq!(stability(&equal, 3), RankStability { kendall_w: Some(1.0), models: 3, orders: 2 });
        let opposite = [round(&[0.9, 0.5, 0.1]), round(&[0.2, 0.3, 0.4])];
        assert_eq!(stability(&opposite, 3).kendall_w, Some(0.0));
        // Ranks 1 1.5 1.5 2 by hand: sums 2, 5, 5; S = 6; 12 S / (4 * 24 - 2 * 12) = 1.
        let tied = [round(&[0.9, 0.5, 0.5]), round(&[0.4, 0.1, 0.1])];
        assert_eq!(stability(&tied, 3).kendall_w, Some(1.0));
    }

    #[test]
    fn a_model_without_a_place_in_every_round_is_left_out() {
        let rounds = [round(&[0.9, 0.5, 0.1]), round(&[0.4, 0.3])];
        assert_eq!(stability(&rounds, 3), RankStability { kendall_w: Some(1.0), models: 2, orders: 2 });
        assert_eq!(stability(&rounds[..1], 3).kendall_w, None);
    }
}
