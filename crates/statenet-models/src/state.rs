//! The streaming state of a model: ordered, named tensors.
//!
//! Cloning, saving and moving to another device are written here once, for every model. A module keeps its tensors
//! under the scope it was built in (`core.backbone.h`), so that a state says what it holds.

use std::path::Path;

use candle_core::{DType, Device, Tensor};

use crate::{
    checkpoint::tensors,
    error::{During, Error, Result},
};

/// What a model remembers between two chunks of a stream, for B streams at once.
///
/// Made by [`ResponseModel::init_state`](crate::ResponseModel::init_state). A clone is independent of its original.
#[derive(Clone, Debug, Default)]
pub struct State {
    entries: Vec<(String, Tensor)>,
}

impl State {
    /// An empty state: that of a model without memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tensor of a name, whose shape must be as given.
    ///
    /// # Errors
    /// [`Error::State`] if the name is missing or its shape is another: a state of another model or batch.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<&Tensor> {
        let found = self.entries.iter().find(|(n, _)| n == name).map(|(_, t)| t);
        match found {
            Some(tensor) if tensor.dims() == shape => Ok(tensor),
            other => Err(Error::State {
                name: name.to_owned(),
                got: other.map_or_else(|| "missing".to_owned(), |t| format!("{:?}", t.dims())),
                expected: format!("{shape:?}"),
            }),
        }
    }

    /// Sets the tensor of a name; a new name goes last. The tensor is detached from any graph.
    pub fn set(&mut self, name: &str, tensor: &Tensor) {
        let tensor = tensor.detach();
        match self.entries.iter_mut().find(|(n, _)| n == name) {
            Some((_, there)) => *there = tensor,
            None => self.entries.push((name.to_owned(), tensor)),
        }
    }

    /// Names and tensors in the order in which the modules stand in the model.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.entries.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// Bytes held, the same however long the stream has run.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.entries.iter().map(|(_, t)| t.elem_count() * t.dtype().size_in_bytes()).sum()
    }

    /// The same state on another device.
    ///
    /// # Errors
    /// [`Error::Tensor`] if the copy fails.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        let moved = |(name, tensor): &(String, Tensor)| {
            Ok((name.clone(), tensor.to_device(device).during("moving a state")?))
        };
        Ok(Self { entries: self.entries.iter().map(moved).collect::<Result<_>>()? })
    }

    /// Saves the state as a safetensors file, atomically.
    ///
    /// # Errors
    /// [`Error::Write`] if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let bytes = tensors::serialize(self.iter())?;
        Ok(statenet_core::atomic::write_file(path, |w| w.write_all(&bytes))?)
    }

    /// Loads a saved state.
    ///
    /// The order is that of the names, which no model depends on.
    ///
    /// # Errors
    /// [`Error::File`] if the file is missing or damaged.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        Ok(Self { entries: tensors::read(path, device)?.into_iter().collect() })
    }

    /// Takes the entries whose names begin with a prefix, in order, out of this state.
    pub(crate) fn take(&mut self, prefix: &str) -> Self {
        let entries = std::mem::take(&mut self.entries);
        let (taken, left) = entries.into_iter().partition(|(name, _)| name.starts_with(prefix));
        self.entries = left;
        Self { entries: taken }
    }

    /// Puts another part's entries behind these.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.entries.append(&mut other.entries);
    }

    /// Zeros under a name: how most modules begin.
    pub(crate) fn set_zeros(
        &mut self,
        name: &str,
        shape: &[usize],
        dtype: DType,
        device: &Device,
    ) -> Result<()> {
        self.set(name, &Tensor::zeros(shape, dtype, device).during("making a state")?);
        Ok(())
    }
}
