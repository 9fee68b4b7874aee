//! Clustering of dreams that converged to the same sound.

use ndarray::ArrayView2;

/// Clusters sounds of one shape by their correlation (average linkage): the two clusters with the largest mean correlation
/// between members are merged, until none reaches `threshold`.
///
/// Returns the cluster of each sound. Clusters are numbered in the order of their first members, so that cluster 0 holds
/// the first sound. A constant sound has correlation 0 with every other.
#[must_use]
pub fn clusters(sounds: &[ArrayView2<'_, f32>], threshold: f64) -> Vec<usize> {
    let centered: Vec<Vec<f64>> = sounds.iter().map(centered).collect();
    let correlation = |a: &usize, b: &usize| -> f64 {
        let (a, b) = (&centered[*a], &centered[*b]);
        if a.len() == b.len() { a.iter().zip(b).map(|(x, y)| x * y).sum() } else { 0.0 }
    };
    let mut groups: Vec<Vec<usize>> = (0..sounds.len()).map(|i| vec![i]).collect();
    loop {
        let mut best: Option<(f64, usize, usize)> = None;
        for (i, one) in groups.iter().enumerate() {
            for (j, other) in groups.iter().enumerate().skip(i + 1) {
                let sum: f64 = one.iter().flat_map(|a| other.iter().map(move |b| correlation(a, b))).sum();
                let mean = sum / (one.len() * other.len()) as f64;
                if mean >= threshold && best.is_none_or(|(most, ..)| mean > most) {
                    best = Some((mean, i, j));
                }
            }
        }
        let Some((_, i, j)) = best else { break };
        let joined = groups.remove(j);
        groups[i].extend(joined);
    }
    groups.sort_by_key(|group| group.iter().min().copied());
    let mut of_sounds = vec![0; sounds.len()];
    for (number, group) in groups.iter().enumerate() {
        for &member in group {
            of_sounds[member] = number;
        }
    }
    of_sounds
}

/// A sound with its mean subtracted and scaled to norm 1; zeros if it is constant.
fn centered(sound: &ArrayView2<'_, f32>) -> Vec<f64> {
    let mean = sound.iter().map(|&x| f64::from(x)).sum::<f64>() / sound.len().max(1) as f64;
    let from_mean: Vec<f64> = sound.iter().map(|&x| f64::from(x) - mean).collect();
    let norm = from_mean.iter().map(|x| x * x).sum::<f64>().sqrt();
    from_mean.iter().map(|x| if norm > 0.0 { x / norm } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, arr2};

    use super::*;

    #[test]
    fn sounds_that_differ_by_level_and_gain_are_one() {
        let a = arr2(&[[0f32, 1.0], [2.0, 5.0]]);
        let louder = &a * 3.0 + 1.0;
        let opposite = &a * -1.0;
        let silence = Array2::zeros((2, 2));
        let sounds = [opposite.view(), a.view(), silence.view(), louder.view()];
        assert_eq!(clusters(&sounds, 0.9), [0, 1, 2, 1]);
        assert_eq!(clusters(&sounds, -1.0), [0, 0, 0, 0]);
        assert!(clusters(&[], 0.5).is_empty());
    }

    #[test]
    fn a_chain_is_not_a_group() {
        // Each alike to the next at .71, the ends not at all: the mean over members stays below .6.
        let at = |angle: f32| arr2(&[[angle.cos(), -angle.cos(), angle.sin(), -angle.sin()]]);
        let eighth = std::f32::consts::FRAC_PI_4;
        let (a, b, c) = (at(0.0), at(eighth * 0.98), at(2.0 * eighth));
        let found = clusters(&[a.view(), b.view(), c.view()], 0.6);
        assert_eq!(found, [0, 0, 1]);
    }
}
