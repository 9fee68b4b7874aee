//! One recorded neuron.

use super::Metadata;

/// A neuron: its id, unique in a recording, and what is known about it (depth, area, quality, ..).
#[derive(Clone, Debug, PartialEq)]
pub struct Neuron {
    id: String,
    metadata: Metadata,
}

impl Neuron {
    /// A neuron of which nothing but the id is known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), metadata: Metadata::new() }
    }

    /// Adds what is known; written to and read from `recording.json` beside the id.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What else is known.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
