//! Filters over the samples of a membrane potential.

/// The median of the samples around each, `2 * half + 1` of them, fewer at the ends.
pub(super) fn running_median(samples: &[f32], half: usize) -> Vec<f32> {
    let n = samples.len();
    // The window, sorted: one sample enters and one leaves at each step.
    let mut window: Vec<f32> = Vec::with_capacity(2 * half + 2);
    let place = |window: &[f32], x: f32| window.partition_point(|y| y.total_cmp(&x).is_lt());
    for &x in samples.iter().take(half) {
        window.insert(place(&window, x), x);
    }
    let mut medians = Vec::with_capacity(n);
    for i in 0..n {
        if let Some(&x) = samples.get(i + half) {
            window.insert(place(&window, x), x);
        }
        if let Some(&x) = i.checked_sub(half + 1).and_then(|old| samples.get(old)) {
            window.remove(place(&window, x));
        }
        medians.push(middle(&window));
    }
    medians
}

/// The middle of sorted numbers, the mean of the two if there are two; NaN of none.
fn middle(sorted: &[f32]) -> f32 {
    let at = |i: usize| sorted.get(i).copied().unwrap_or(f32::NAN);
    let n = sorted.len();
    if n.is_multiple_of(2) && n > 0 { f32::midpoint(at(n / 2 - 1), at(n / 2)) } else { at(n / 2) }
}

/// The median of all samples.
pub(super) fn median(samples: &[f32]) -> f32 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f32::total_cmp);
    middle(&sorted)
}

/// The samples smoothed by a Gaussian of this standard deviation in samples, cut at four of them; its weights sum to 1, also at the ends.
pub(super) fn gaussian(samples: &[f32], sd: f64) -> Vec<f32> {
    let half = (4.0 * sd).ceil() as usize;
    let weights: Vec<f64> = (0..=half).map(|k| (-0.5 * (k as f64 / sd).powi(2)).exp()).collect();
    let smoothed = (0..samples.len()).map(|i| {
        let (mut sum, mut total) = (0.0, 0.0);
        for (j, &x) in samples.iter().enumerate().take(i + half + 1).skip(i.saturating_sub(half)) {
            let weight = weights.get(i.abs_diff(j)).copied().unwrap_or(0.0);
            sum += weight * f64::from(x);
            total += weight;
        }
        (sum / total) as f32
    });
    if sd > 0.0 { smoothed.collect() } else { samples.to_vec() }
}

/// Pearson's correlation; `None` if one of the two is constant.
pub(super) fn correlation(x: &[f32], y: &[f32]) -> Option<f64> {
    let n = x.len().min(y.len()) as f64;
    let mean = |values: &[f32]| values.iter().take(n as usize).map(|&v| f64::from(v)).sum::<f64>() / n;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (&x, &y) in x.iter().zip(y) {
        let (x, y) = (f64::from(x) - mean_x, f64::from(y) - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn medians_by_hand() {
        assert_eq!(running_median(&[1.0, 9.0, 2.0, 3.0, 8.0], 1), [5.0, 2.0, 3.0, 3.0, 5.5]);
        assert_eq!(running_median(&[4.0, 1.0], 0), [4.0, 1.0]);
        assert_eq!(running_median(&[], 3), Vec::<f32>::new());
        assert_eq!(median(&[3.0, 1.0, 2.0, 10.0]), 2.5);
    }

    #[test]
    fn a_constant_stays_and_a_step_is_smoothed() {
        assert_eq!(gaussian(&[2.0; 5], 1.5), [2.0; 5]);
        let step = gaussian(&[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0], 1.0);
        assert!(step.windows(2).all(|two| two[0] <= two[1]) && (step[3] + step[4] - 1.0).abs() < 1e-6);
        assert_eq!(gaussian(&[1.0, 5.0], 0.0), [1.0, 5.0]);
    }

    #[test]
    fn correlations_by_hand() {
        assert_eq!(correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), Some(1.0));
        assert_eq!(correlation(&[1.0, 2.0, 1.0], &[-1.0, -2.0, -1.0]), Some(-1.0));
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(correlation(&[], &[]), None);
    }

    proptest! {
        #[test]
        fn the_running_median_is_the_median_of_each_window(
            samples in prop::collection::vec(-9i8..9, 0..40), half in 0usize..6,
        ) {
            let samples: Vec<f32> = samples.into_iter().map(f32::from).collect();
            let expected: Vec<f32> = (0..samples.len())
                .map(|i| median(&samples[i.saturating_sub(half)..(i + half + 1).min(samples.len())]))
                .collect();
            prop_assert_eq!(running_median(&samples, half), expected);
        }
    }
}
