//! Tensors out of and into memory: safetensors files, plain numbers.

use std::{collections::BTreeMap, path::Path};

use candle_core::{DType, Device, Tensor};

use crate::error::{During, Error, Result};

/// Bytes of a safetensors file with these tensors.
pub(crate) fn serialize<'a>(tensors: impl Iterator<Item = (&'a str, &'a Tensor)>) -> Result<Vec<u8>> {
    let host: BTreeMap<&str, Tensor> = tensors
        .map(|(name, t)| {
            Ok((name, t.to_device(&Device::Cpu).and_then(|t| t.contiguous()).during("reading a tensor")?))
        })
        .collect::<Result<_>>()?;
    safetensors::serialize(host.iter().map(|(name, t)| (*name, t)), None)
        .map_err(|e| Error::Tensor { op: "writing safetensors", source: candle_core::Error::wrap(e) })
}

/// The tensors of a safetensors file, by name.
pub(crate) fn read(path: &Path, device: &Device) -> Result<BTreeMap<String, Tensor>> {
    let damaged = |action, source| Error::File { path: path.to_path_buf(), action, source };
    let bytes = std::fs::read(path).map_err(|e| damaged("read", e.into()))?;
    let tensors = candle_core::safetensors::load_buffer(&bytes, device)
        .map_err(|e| damaged("understand as safetensors", e.into()))?;
    Ok(tensors.into_iter().collect())
}

/// The entries of a tensor as f64, row by row.
pub(crate) fn f64_values(tensor: &Tensor) -> Result<Vec<f64>> {
    let values = tensor.to_dtype(DType::F64).and_then(|t| t.flatten_all()?.to_vec1());
    values.during("reading a tensor")
}
