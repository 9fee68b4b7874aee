//! Which neurons were recorded together: by site, session or animal, as the neurons' metadata state it.
//!
//! Neurons of one penetration share noise and the state of the animal, so that they are not independent in tests.

use std::collections::BTreeSet;

use super::{Neuron, Recording};
use crate::error::{Error, Result};

/// Fields that state it, the first that all neurons have counts. A label is put behind that of the animal, since sites are often
/// counted within an animal.
const FIELDS: [&str; 5] = ["penetration", "site", "session", "experiment", "animal"];
/// Fewer groups than this do not say which neurons are alike.
const FEWEST: usize = 3;

/// A group for every neuron, in the order of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeuronClusters {
    field: String,
    labels: Vec<String>,
}

impl NeuronClusters {
    /// The field of the neurons' metadata that groups them.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The group of each neuron.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Number of groups.
    #[must_use]
    pub fn n_clusters(&self) -> usize {
        self.labels.iter().collect::<BTreeSet<_>>().len()
    }
}

impl Recording {
    /// The groups in which neurons were recorded, if their metadata state any: by `penetration`, `site`, `session`, `experiment` or
    /// `animal`, the first that all neurons have and that makes three groups or more.
    ///
    /// Where ids begin with the experiment, as in NS1 (`exp45_1x32-P10-...`), the part behind it is the penetration.
    ///
    /// ```
    /// use statenet_data::{Neuron, Recording};
    /// # fn show(recording: &Recording) {
    /// if let Some(clusters) = recording.neuron_clusters() {
    ///     println!("{} groups by {}", clusters.n_clusters(), clusters.field());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn neuron_clusters(&self) -> Option<NeuronClusters> {
        let [first, others @ ..] = FIELDS;
        let named = |field: &str| self.neuron_clusters_by(field).ok().filter(|c| c.n_clusters() >= FEWEST);
        named(first)
            .or_else(|| self.of_ids().filter(|c| c.n_clusters() >= FEWEST))
            .or_else(|| others.into_iter().find_map(named))
    }

    /// The groups that a field of the neurons' metadata makes.
    ///
    /// # Errors
    /// [`Error::NoCluster`] for a neuron without that field.
    pub fn neuron_clusters_by(&self, field: &str) -> Result<NeuronClusters> {
        let label = |neuron: &Neuron| {
            let own = text(neuron, field).ok_or_else(|| Error::NoCluster {
                neuron: neuron.id().to_owned(),
                field: field.to_owned(),
            })?;
            Ok(match text(neuron, "animal").filter(|_| field != "animal") {
                Some(animal) => format!("{animal}/{own}"),
                None => own,
            })
        };
        let labels = self.neurons().iter().map(label).collect::<Result<_>>()?;
        Ok(NeuronClusters { field: field.to_owned(), labels })
    }

    /// Groups by the part of the ids behind the experiment.
    fn of_ids(&self) -> Option<NeuronClusters> {
        let label = |neuron: &Neuron| {
            let experiment = text(neuron, "experiment")?;
            let rest = neuron.id().strip_prefix(&experiment)?.strip_prefix('-')?;
            let (penetration, _) = rest.split_once('-')?;
            Some(format!("{experiment}/{penetration}"))
        };
        let labels = self.neurons().iter().map(label).collect::<Option<_>>()?;
        Some(NeuronClusters { field: "penetration".to_owned(), labels })
    }
}

/// A field of a neuron's metadata as text; `None` where it is missing, null or empty.
fn text(neuron: &Neuron, field: &str) -> Option<String> {
    let value = neuron.metadata().get(field).filter(|value| !value.is_null())?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::SimulationConfig;

    fn recording(neurons: Vec<Neuron>) -> Recording {
        let plain = SimulationConfig::default().simulate().unwrap().recording;
        let kept = plain.select_neurons(&(0..neurons.len()).collect::<Vec<_>>()).unwrap();
        Recording::new(
            kept.description().clone(),
            kept.dt(),
            kept.bands().to_vec(),
            neurons,
            kept.stimuli().to_vec(),
        )
        .unwrap()
    }

    fn neuron(id: &str, fields: &[(&str, serde_json::Value)]) -> Neuron {
        let metadata = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Neuron::new(id).with_metadata(metadata)
    }

    #[test]
    fn sites_are_counted_within_an_animal() {
        let of =
            |id, animal: &str, site: u32| neuron(id, &[("animal", json!(animal)), ("site", json!(site))]);
        let recording = recording(vec![of("a", "x", 1), of("b", "x", 1), of("c", "y", 1), of("d", "y", 2)]);
        let clusters = recording.neuron_clusters().unwrap();
        assert_eq!((clusters.field(), clusters.n_clusters()), ("site", 3));
        assert_eq!(clusters.labels(), ["x/1", "x/1", "y/1", "y/2"]);
        assert_eq!(recording.neuron_clusters_by("animal").unwrap().n_clusters(), 2);
    }

    #[test]
    fn ids_of_ns1_carry_the_penetration() {
        let of = |id| neuron(id, &[("experiment", json!("exp45_1x32"))]);
        let recording = recording(vec![
            of("exp45_1x32-P10-SH-cluster.03"),
            of("exp45_1x32-P10-SH-cluster.04"),
            of("exp45_1x32-P11-SH-cluster.03"),
            of("exp45_1x32-P12-SH-cluster.03"),
        ]);
        let clusters = recording.neuron_clusters().unwrap();
        assert_eq!((clusters.field(), clusters.n_clusters()), ("penetration", 3));
    }

    #[test]
    fn a_neuron_without_the_field_is_named_and_two_groups_say_nothing() {
        let recording =
            recording(vec![neuron("a", &[("site", json!(1))]), neuron("b", &[]), neuron("c", &[])]);
        assert_eq!(recording.neuron_clusters(), None);
        let message = recording.neuron_clusters_by("site").unwrap_err().to_string();
        assert_eq!(message, "neuron b has no site in its metadata");
    }
}
