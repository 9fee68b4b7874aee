//! Every figure with unusual input is well-formed, has no ids, stays within its box and does not panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests may fail them")]

mod drawn;

use ndarray::Array2;
use statenet_core::{Hertz, TimeBin};
use statenet_report::{
    Bar, Bars, ColorMap, Curve, CurveAxis, Curves, Figure, Heatmap, Histogram, Interval, Panel, Point,
    PointSeries, Points, Raster, Scatter, ScatterPoint, Size, Strip, Strips, Trace, Traces,
};

const LONG_ID: &str = "dataAC-E1P04.R.SH.En.C-cluster.04.data";
const SCRIPT_ID: &str = "<script>alert('x')</script> & \"more\" \u{0}";

fn dt() -> TimeBin {
    TimeBin::from_millis(5.0).unwrap()
}

fn centers(n: usize) -> Vec<Hertz> {
    (0..n).map(|i| Hertz::new(500.0 * 45.254f64.powf(i as f64 / 33.0)).unwrap()).collect()
}

/// Unusual values.
fn awkward() -> Vec<(&'static str, Vec<f64>)> {
    vec![
        ("empty", vec![]),
        ("one value", vec![0.3]),
        ("one missing value", vec![f64::NAN]),
        ("all missing", vec![f64::NAN; 9]),
        ("zero", vec![0.0; 9]),
        ("constant", vec![7.5; 9]),
        ("constant and negative", vec![-7.5; 9]),
        ("ends missing", vec![f64::NAN, 1.0, 2.0, f64::NAN]),
        ("lone values", vec![1.0, f64::NAN, 2.0, f64::NAN, 3.0]),
        ("infinite", vec![f64::INFINITY, 0.0, f64::NEG_INFINITY, 1.0]),
        ("huge", vec![f64::MAX, 0.0, f64::MIN, 1.0]),
        ("huge and positive", vec![f64::MAX, 1e300, 1e299]),
        ("tiny", vec![f64::MIN_POSITIVE, 5e-324, 0.0]),
        ("close together", vec![1.0, 1.0 + f64::EPSILON, 1.0]),
        ("negative", vec![-1.0, -2.5, -0.25]),
        ("thousands", (0..3000).map(|i| f64::from(i % 17)).collect()),
    ]
}

/// Every kind of figure that shows these values, for a neuron of this id.
fn figures(values: &[f64], id: &str) -> Vec<Figure> {
    let n = values.len();
    let row = Array2::from_shape_vec((1, n), values.to_vec()).unwrap();
    let column = Array2::from_shape_vec((n, 1), values.to_vec()).unwrap();
    let options: Vec<Option<f64>> = values.iter().map(|v| Some(*v)).collect();
    let interval = |v: &f64| Interval::new(v - 1.0, v + 1.0);
    let frequencies = centers(n.min(200));
    let mut ribbon = Curve::new(id, values.to_vec());
    ribbon.intervals = values.iter().map(|v| Some(interval(v))).collect();
    let mut curves = Curves::new(id, id, CurveAxis::Lags(dt()), [ribbon.clone(), Curve::new(id, [1.0])]);
    curves.marked = Some(n.saturating_sub(1));
    let traces =
        Traces::new(id, [Trace::recorded(id, values.to_vec()), Trace::predicted(id, values.to_vec())], dt());
    let cochleagram = Heatmap::cochleagram(id, row.view(), &[], dt()).unwrap();
    let mut diverging = Heatmap::matrix(id, column.view(), id, id);
    diverging.colors = ColorMap::Diverging;
    diverging.unit = id.to_string();
    let point = |v: &f64| Point { interval: Some(interval(v)), ..Point::new(id, *v, -*v) };
    let points: Vec<Point> = values.iter().map(point).collect();
    vec![
        cochleagram.clone().into(),
        diverging.into(),
        Heatmap::strf(id, row.view(), &[], dt()).unwrap().into(),
        traces.clone().into(),
        Raster::new(id, row.view(), dt()).into(),
        Raster::new(id, column.view(), dt()).into(),
        Bars::new(id, id, values.iter().take(20).map(|v| Bar::new(id, *v, interval(v)))).into(),
        Scatter::new(id, id, id, values.iter().map(|v| ScatterPoint::new(id, *v, -*v))).into(),
        Histogram::new(id, id, options.clone()).into(),
        Strips::new(id, id, [Strip::new(id, options), Strip::new(id, [])]).into(),
        curves.into(),
        Curves::new(id, id, CurveAxis::Frequencies(frequencies), [ribbon]).into(),
        Panel::training(id, values.to_vec(), values.to_vec(), "CCnorm", Some(0)).into(),
        Panel::shared_time(id, [cochleagram.into(), traces.into()]).into(),
        Points::new(id, id, id, [PointSeries::new(id, points.clone()), PointSeries::joined(id, points)])
            .into(),
    ]
}

#[test]
fn any_numbers_give_a_well_formed_figure_inside_its_box() {
    for (name, values) in awkward() {
        for (i, figure) in figures(&values, "neuron 7").into_iter().enumerate() {
            drawn::check(&format!("{name}, figure {i}"), figure.render().as_str());
        }
    }
}

#[test]
fn any_name_is_escaped_and_shortened() {
    for id in [
        LONG_ID,
        SCRIPT_ID,
        "",
        "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm",
        "\u{8033}\u{8717}\u{795e}\u{7d4c}",
    ] {
        for (i, figure) in figures(&[0.1, 0.5, 0.2], id).into_iter().enumerate() {
            let svg = figure.render();
            drawn::check(&format!("{id:?}, figure {i}"), svg.as_str());
            assert!(!svg.as_str().contains("<script"), "{id:?}, figure {i}");
        }
    }
}

#[test]
fn a_name_too_long_is_whole_in_the_title() {
    let strf = Heatmap::strf(LONG_ID, Array2::<f32>::zeros((34, 40)).view(), &centers(34), dt()).unwrap();
    let mut small = strf;
    small.size = Size::new(120.0, 100.0);
    let svg = small.render();
    let document = drawn::parse(svg.as_str());
    let text = document
        .descendants()
        .find(|n| {
            n.has_tag_name(("http://www.w3.org/2000/svg", "text")) && drawn::shown(*n).contains('\u{2026}')
        })
        .expect("a shortened text");
    assert_eq!(text.first_element_child().and_then(|t| t.text()), Some(LONG_ID));
}

#[test]
fn figures_without_values_say_so() {
    for (i, figure) in figures(&[], "neuron 7").into_iter().enumerate() {
        let svg = figure.render();
        let empty_strip = i == 9;
        assert!(svg.as_str().contains("no data") || empty_strip || i == 10, "figure {i}");
    }
}

#[test]
fn any_size_is_drawn() {
    for side in [f64::NAN, -5.0, 0.0, 30.0, 1e9] {
        let values = Array2::<f32>::zeros((34, 40));
        let mut heatmap = Heatmap::cochleagram("n", values.view(), &centers(34), dt()).unwrap();
        heatmap.size = Size::new(side, side);
        drawn::check(&format!("heat map of side {side}"), heatmap.render().as_str());
        let mut scatter = Scatter::new("n", "a", "b", [ScatterPoint::new("c", 0.1, 0.2)]);
        scatter.side = side;
        drawn::check(&format!("scatter of side {side}"), scatter.render().as_str());
    }
}

#[test]
fn a_cochleagram_of_34_by_999_takes_less_than_60_kb_and_a_long_one_not_more() {
    let noise = |i: usize, j: usize| ((i * 7919 + j * 104_729) % 1009) as f32;
    for bins in [999, 60_000] {
        let values = Array2::from_shape_fn((34, bins), |(i, j)| noise(i, j));
        let figure = Heatmap::cochleagram("noise", values.view(), &centers(34), dt()).unwrap();
        let bytes = figure.render().as_str().len();
        assert!(bytes < 60_000, "{bins} bins: {bytes} bytes");
    }
}

#[test]
fn bands_have_frequencies_and_lags_end_at_0() {
    let values = Array2::<f32>::zeros((34, 40));
    let figure = Heatmap::strf("n", values.view(), &centers(34), dt()).unwrap();
    let svg = figure.render();
    let document = drawn::parse(svg.as_str());
    let texts: Vec<String> =
        document.descendants().filter(|n| n.tag_name().name() == "text").map(drawn::shown).collect();
    for text in ["Frequency (kHz)", "0.5", "5", "20", "Lag (ms)", "150", "0", "Weight (a.u.)"] {
        assert!(texts.iter().any(|t| t == text), "{text} in {texts:?}");
    }
}

#[test]
fn figures_are_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figures/neuron 7.svg");
    let svg = Histogram::new("n", "CC", [Some(0.5)]).render();
    svg.write(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), svg.as_str());
    let error = svg.write(path.join("below a file.svg")).unwrap_err();
    assert!(error.to_string().contains("neuron 7.svg"), "{error}");
}
