//! Series of numbers as paths, interrupted where numbers are missing and thinned if there are more points than pixels.

use std::fmt::Write;

use super::geometry::Px;

/// A run of neighbouring points.
type Run = Vec<(f64, f64)>;

/// Splits points into runs at missing values and thins each run.
pub(crate) fn runs(points: impl IntoIterator<Item = Option<(f64, f64)>>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut inside = false;
    for point in points {
        match (point, runs.last_mut()) {
            (Some(p), Some(run)) if inside => run.push(p),
            (Some(p), _) => runs.push(vec![p]),
            (None, _) => {}
        }
        inside = point.is_some();
    }
    runs.into_iter().map(thin).collect()
}

/// The path through each run. A single point becomes a dash as wide as a bin, at least 2 px.
pub(crate) fn path(runs: &[Run], bin_px: f64) -> String {
    let mut d = String::new();
    for run in runs {
        if let [(x, y)] = run[..] {
            let wide = bin_px.max(2.0);
            let _ = write!(d, "M{} {}h{}", Px(x - wide / 2.0), Px(y), Px(wide));
            continue;
        }
        trace(&mut d, run.iter().copied());
    }
    d
}

/// The area between each run and a base line.
pub(crate) fn area(runs: &[Run], base: f64) -> String {
    let mut d = String::new();
    for run in runs {
        if let ([(first, _), ..], [.., (last, _)]) = (&run[..], &run[..]) {
            trace(&mut d, run.iter().copied());
            let _ = write!(d, " {} {} {} {}Z", Px(*last), Px(base), Px(*first), Px(base));
        }
    }
    d
}

/// The area between two runs over the same x.
pub(crate) fn ribbon(low: &[Run], high: &[Run]) -> String {
    let mut d = String::new();
    for (low, high) in low.iter().zip(high) {
        trace(&mut d, low.iter().copied().chain(high.iter().rev().copied()));
        d.push('Z');
    }
    d
}

fn trace(d: &mut String, points: impl Iterator<Item = (f64, f64)>) {
    for (i, (x, y)) in points.enumerate() {
        // A tenth of a px is precise enough for a line.
        let (x, y) = (Px((x * 10.0).round() / 10.0), Px((y * 10.0).round() / 10.0));
        let _ = write!(d, "{}{x} {y}", if i == 0 { "M" } else { " " });
    }
}

/// Keeps at most four points per half px: the first, lowest, highest and last, so that no peak is lost.
fn thin(run: Run) -> Run {
    let (Some(first), Some(last)) = (run.first(), run.last()) else {
        return run;
    };
    if run.len() as f64 <= ((last.0 - first.0).abs() * 2.0 + 1.0) * 4.0 {
        return run;
    }
    let cell = |p: &(f64, f64)| (p.0 * 2.0).floor() as i64;
    run.chunk_by(|a, b| cell(a) == cell(b))
        .flat_map(|chunk| {
            let by_y = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
            let mut kept: Run =
                [chunk.first(), chunk.iter().min_by(by_y), chunk.iter().max_by(by_y), chunk.last()]
                    .into_iter()
                    .flatten()
                    .copied()
                    .collect();
            kept.sort_by(|a, b| a.0.total_cmp(&b.0));
            kept.dedup();
            kept
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_breaks_the_line_and_a_lone_one_is_a_dash() {
        let points = [Some((0.0, 1.0)), Some((1.0, 2.0)), None, Some((3.0, 4.0))];
        let runs = runs(points);
        assert_eq!(path(&runs, 4.0), "M0 1 1 2M1 4h4");
        assert_eq!(area(&runs[..1], 9.0), "M0 1 1 2 1 9 0 9Z");
    }

    #[test]
    fn thinning_keeps_the_peaks() {
        let n = 100_000;
        let points = (0..n).map(|i| {
            let y = if i == 51_234 { 100.0 } else { f64::from(i % 7) };
            Some((f64::from(i) * 600.0 / f64::from(n), y))
        });
        let runs = runs(points);
        assert_eq!(runs.len(), 1);
        assert!(runs[0].len() <= 4804, "{}", runs[0].len());
        assert!(runs[0].iter().any(|p| p.1 == 100.0));
    }
}
