//! Which neurons were recorded together, for tests.

use std::collections::BTreeMap;

/// A group for each neuron, by id. Neurons of one group are not independent in tests.
///
/// ```
/// use statenet_metrics::Clusters;
/// let clusters = Clusters::new("site", [("a".to_owned(), "P1".to_owned()), ("b".to_owned(), "P1".to_owned())]);
/// assert_eq!((clusters.by(), clusters.of("a")), (Some("site"), "P1"));
/// assert_eq!(clusters.of("c"), "c"); // a neuron that nothing is known of is a group of its own
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clusters {
    by: Option<String>,
    labels: BTreeMap<String, String>,
}

impl Clusters {
    /// Every neuron is a group of its own.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Groups; `by` says what makes them, for example `site`, `labels` are ids of neurons with the group of each.
    #[must_use]
    pub fn new(by: &str, labels: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { by: Some(by.to_owned()), labels: labels.into_iter().collect() }
    }

    /// What makes the groups; `None` if every neuron is one.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// The group of a neuron.
    #[must_use]
    pub fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.labels.get(id).map_or(id, String::as_str)
    }
}
