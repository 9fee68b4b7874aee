//! One recorded neuron.

use super::Metadata;

/// A neuron: an id that is unique in its recording, and metadata such as depth, area or quality.
#[derive(Clone, Debug, PartialEq)]
pub struct Neuron {
    id: String,
    metadata: Metadata,
}

impl Neuron {
    /// A neuron without metadata.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), metadata: Metadata::new() }
    }

    /// Sets the metadata, which are stored in `recording.json` next to the id.
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

    /// The metadata.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
