//! The peak of a sampled curve, and its width at a fraction of its height.

/// The peak of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Peak {
    /// Index of the highest sample.
    pub(crate) sample: usize,
    /// Position of the maximum of the parabola through that sample and its neighbours, in samples.
    pub(crate) position: f64,
    /// Height of the parabola at its maximum.
    pub(crate) height: f64,
}

/// The peak of a curve; `None` unless it is above 0 and all samples are finite. At either end of the curve it is the sample
/// itself.
pub(crate) fn peak(curve: &[f64]) -> Option<Peak> {
    if !curve.iter().all(|y| y.is_finite()) {
        return None;
    }
    let (sample, &height) = curve.iter().enumerate().rev().max_by(|a, b| a.1.total_cmp(b.1))?;
    let at_sample = Peak { sample, position: sample as f64, height };
    let neighbours = sample.checked_sub(1).and_then(|i| curve.get(i)).zip(curve.get(sample + 1));
    let found = neighbours.map_or(at_sample, |(&left, &right)| {
        let bend = left - 2.0 * height + right;
        if bend >= 0.0 {
            return at_sample;
        }
        let shift = 0.5 * (left - right) / bend;
        Peak { sample, position: sample as f64 + shift, height: height - 0.25 * (left - right) * shift }
    });
    (found.height > 0.0).then_some(found)
}

/// Where the curve falls to `share` of the peak's height on either side, in samples, with linear interpolation.
///
/// If one side does not fall that far before the curve ends, the peak is assumed to be symmetric; `None` if neither does.
pub(crate) fn flanks(curve: &[f64], peak: &Peak, share: f64) -> Option<(f64, f64)> {
    let level = share * peak.height;
    let crossing = |inside: usize, outside: usize| {
        let (a, b) = (curve.get(inside)?, curve.get(outside)?);
        (*b <= level && *a > level).then(|| {
            let way = (a - level) / (a - b);
            inside as f64 + way * (outside as f64 - inside as f64)
        })
    };
    let left = (0..peak.sample).rev().find_map(|i| crossing(i + 1, i));
    let right = (peak.sample + 1..curve.len()).find_map(|i| crossing(i - 1, i));
    match (left, right) {
        (Some(left), Some(right)) => Some((left, right)),
        (Some(left), None) => Some((left, 2.0 * peak.position - left)),
        (None, Some(right)) => Some((2.0 * peak.position - right, right)),
        (None, None) => None,
    }
}

/// The value at a position between samples, by linear interpolation, and by linear extrapolation beyond either end.
pub(crate) fn between(values: &[f64], position: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    if last == 0 {
        return values.first().copied();
    }
    let below = (position.max(0.0) as usize).min(last - 1);
    let (a, b) = (values.get(below)?, values.get(below + 1)?);
    Some(a + (position - below as f64) * (b - a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parabola_s_peak_lies_where_it_is() {
        let curve: Vec<f64> = (0..7).map(|i| 4.0 - (f64::from(i) - 3.3).powi(2)).collect();
        let found = peak(&curve).unwrap();
        assert!((found.position - 3.3).abs() < 1e-12 && (found.height - 4.0).abs() < 1e-12, "{found:?}");
        let (left, right) = flanks(&curve, &found, 0.5).unwrap();
        // Straight lines between samples lie inside the parabola, by little.
        let half = 2f64.sqrt();
        assert!((left - (3.3 - half)).abs() < 0.1 && (right - (3.3 + half)).abs() < 0.1, "{left} {right}");
    }

    #[test]
    fn a_triangle_s_half_width_is_half_its_base() {
        let curve = [0.0, 1.0, 2.0, 1.0, 0.0];
        let found = peak(&curve).unwrap();
        assert_eq!(found.position, 2.0);
        assert_eq!(flanks(&curve, &found, 0.5), Some((1.0, 3.0)));
    }

    #[test]
    fn a_peak_at_an_end_is_as_wide_as_its_one_side_tells() {
        let curve = [4.0, 3.0, 1.0, 0.0];
        let found = peak(&curve).unwrap();
        assert_eq!((found.position, found.height), (0.0, 4.0));
        assert_eq!(flanks(&curve, &found, 0.5), Some((-1.5, 1.5)));
        assert_eq!(flanks(&[1.0, 1.2, 1.1], &peak(&[1.0, 1.2, 1.1]).unwrap(), 0.5), None);
    }

    #[test]
    fn nothing_above_zero_is_no_peak() {
        assert_eq!(peak(&[]), None);
        assert_eq!(peak(&[-1.0, 0.0]), None);
        assert_eq!(peak(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn between_samples_values_are_on_a_line_and_beyond_them_it_goes_on() {
        assert_eq!(between(&[1.0, 3.0, 4.0], 0.5), Some(2.0));
        assert_eq!(between(&[1.0, 3.0, 4.0], -0.5), Some(0.0));
        assert_eq!(between(&[1.0, 3.0, 4.0], 3.0), Some(5.0));
        assert_eq!(between(&[], 0.0), None);
    }
}
