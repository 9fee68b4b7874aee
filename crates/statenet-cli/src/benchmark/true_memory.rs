//! The advantage of the model that others are compared with, against how far back sound affects each neuron: known of simulated ones.

use std::collections::BTreeMap;

use statenet::report::{Point, PointSeries, Points, Section};

use super::{
    page::of_neuron,
    scores::{Benchmark, NeuronMeans},
    tables,
};

/// The section; `None` if no recording says how long its neurons' memory is, or no model is compared.
pub(super) fn section(benchmark: &Benchmark) -> Option<Section> {
    let title = tables::compared_score(benchmark);
    let reference = benchmark.models.iter().find(|model| model.name == benchmark.against)?;
    let mut section = Section::new("Advantage against the neurons' memory").paragraph(format!(
        "{title} of {} minus that of another model, neuron by neuron, against how far back sound affects the neuron: known where neurons are \
         simulated, or where the recording has memory_ms. Where no memory beyond a model's window is needed, a difference is due to \
         something else.",
        benchmark.against
    ));
    let known: BTreeMap<_, _> = (reference.per_neuron.iter())
        .filter_map(|n| Some(((&*n.recording, &*n.id), (n.memory_ms?, of_neuron(benchmark, n)?))))
        .collect();
    for other in benchmark.models.iter().filter(|model| model.name != benchmark.against) {
        let series = benchmark.recordings.iter().map(|recording| {
            let point = |neuron: &NeuronMeans| {
                let &(memory, score) = known.get(&(&*neuron.recording, &*neuron.id))?;
                Some(Point::new("", memory, score - of_neuron(benchmark, neuron)?))
            };
            let here = other.per_neuron.iter().filter(|neuron| neuron.recording == recording.name);
            PointSeries::new(recording.name.clone(), here.filter_map(point).collect::<Vec<_>>())
        });
        let series: Vec<PointSeries> = series.filter(|series| !series.points.is_empty()).collect();
        if !series.is_empty() {
            let label = format!("{title}, {} minus {}", benchmark.against, other.name);
            let figure = Points::new("", "Memory (ms)", label, series).render();
            section = section.figure(figure, format!("{} minus {}.", benchmark.against, other.name));
        }
    }
    (section.blocks.len() > 1).then_some(section)
}
