//! Scores against what a plan varies: the length of a window, the number of hidden units.

use std::collections::BTreeMap;

use statenet::report::{Point, PointSeries, Points, Section};

use super::{
    fits::ModelFits,
    page::{compared, interval},
    scores::Benchmark,
    tables,
};

/// The field of a share of the training sounds.
pub(super) const TRAIN: &str = "train";

/// A number that the config of a model has in place of its default, or the share of the training sounds that it was fitted to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Varied {
    /// The model without it.
    pub(super) model: String,
    /// The field, the last part of its path.
    pub(super) field: String,
    pub(super) value: f64,
}

/// Of each model without the field, its values with the places of the models that have them.
type Values<'a> = BTreeMap<&'a str, Vec<(f64, usize)>>;

/// A section for each field that a model has with two or more values.
pub(super) fn sections(benchmark: &Benchmark, fits: &[ModelFits]) -> Vec<Section> {
    let mut by_field: BTreeMap<&str, Values<'_>> = BTreeMap::new();
    for (at, model) in fits.iter().enumerate() {
        for varied in &model.varied {
            let of_model = by_field.entry(&varied.field).or_default().entry(&varied.model).or_default();
            of_model.push((varied.value, at));
        }
    }
    // All training sounds are those of the model without a share.
    for (model, values) in by_field.get_mut(TRAIN).into_iter().flatten() {
        values.extend(fits.iter().position(|of| of.name == *model).map(|at| (1.0, at)));
    }
    by_field.into_iter().filter_map(|(field, models)| section(benchmark, field, models)).collect()
}

fn section(benchmark: &Benchmark, field: &str, models: Values<'_>) -> Option<Section> {
    let title = tables::compared_score(benchmark);
    let is_window = field == "lags";
    let (heading, label) = match field {
        _ if is_window => ("Score against the length of the window".to_owned(), "Window (ms)".to_owned()),
        TRAIN => ("Score against the amount of training data".to_owned(), "Training sounds (%)".to_owned()),
        _ => (format!("Score against {field}"), field.to_owned()),
    };
    let mut section = Section::new(heading);
    for recording in &benchmark.recordings {
        let scale = match field {
            _ if is_window => recording.dt_ms,
            TRAIN => 100.0,
            _ => 1.0,
        };
        let series = models.iter().filter_map(|(model, values)| {
            let mut values = values.clone();
            values.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            let points: Vec<Point> = values
                .into_iter()
                .filter_map(|(value, at)| {
                    let score = compared(benchmark, benchmark.models.get(at)?, Some(&recording.name))?;
                    Some(Point {
                        interval: interval(score.ci95),
                        ..Point::new("", value * scale, score.mean?)
                    })
                })
                .collect();
            (points.len() > 1).then(|| PointSeries::joined(*model, points))
        });
        let series: Vec<PointSeries> = series.collect();
        if !series.is_empty() {
            let figure = Points::new("", label.as_str(), title, series).render();
            section =
                section.figure(figure, format!("Mean {title} on {} with its 95 % interval.", recording.name));
        }
    }
    (!section.blocks.is_empty()).then_some(section)
}
