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
///
/// # Errors
/// [`Error::File`] if the file cannot be read or understood, or has numbers of a type [that is not read](is_read);
/// [`Error::NotFinite`] for a tensor with NaN or infinity.
pub(crate) fn read(path: &Path, device: &Device) -> Result<BTreeMap<String, Tensor>> {
    let damaged = |action, source| Error::File { path: path.to_path_buf(), action, source };
    let bytes = std::fs::read(path).map_err(|e| damaged("read", e.into()))?;
    let tensors = candle_core::safetensors::load_buffer(&bytes, device)
        .map_err(|e| damaged("understand as safetensors", e.into()))?;
    let tensors: BTreeMap<String, Tensor> = tensors.into_iter().collect();
    for (name, tensor) in &tensors {
        if !is_read(tensor.dtype()) {
            let reason = format!("{name} has numbers of type {:?}, expected {READ}", tensor.dtype());
            return Err(damaged("use", reason.into()));
        }
        expect_finite(path, name, tensor)?;
    }
    Ok(tensors)
}

/// The types that are read, in words.
pub(crate) const READ: &str = "F64, F32, F16, BF16, or whole numbers";

/// Whether numbers of a type are read. Those of 8 bits and fewer are not: no model has them, and some of their values never come out
/// of float8 0.7.
pub(crate) fn is_read(dtype: DType) -> bool {
    use DType::{BF16, F16, F32, F64, I16, I32, I64, U8, U32};
    matches!(dtype, F64 | F32 | F16 | BF16 | I64 | I32 | I16 | U32 | U8)
}

/// Refuses NaN and infinity, which would make every rate NaN without a word.
fn expect_finite(path: &Path, name: &str, tensor: &Tensor) -> Result<()> {
    if !tensor.dtype().is_float() {
        return Ok(());
    }
    let values = f64_values(tensor)?;
    let Some(at) = values.iter().position(|value| !value.is_finite()) else { return Ok(()) };
    let mut rest = at;
    let mut index: Vec<usize> = Vec::with_capacity(tensor.rank());
    for &size in tensor.dims().iter().rev() {
        index.push(rest % size.max(1));
        rest /= size.max(1);
    }
    index.reverse();
    let got = values.get(at).copied().unwrap_or(f64::NAN);
    Err(Error::NotFinite { path: path.to_path_buf(), tensor: name.to_owned(), index, got })
}

/// What compiled and distributed models of PyTorch put before every name.
const WRAPPERS: [&str; 2] = ["_orig_mod.", "module."];

/// The tensors without a prefix that all their names share, and that prefix.
///
/// `known` are names of the model: where they are given, any prefix is taken off that makes one of them of the first name.
/// Without them only the prefixes that PyTorch's wrappers put are.
pub(crate) fn without_prefix(
    tensors: BTreeMap<String, Tensor>,
    known: &[&str],
) -> (BTreeMap<String, Tensor>, Option<String>) {
    let of_wrappers = || {
        let mut prefix = String::new();
        while let Some(next) =
            WRAPPERS.iter().find(|next| all_start_with(&tensors, &format!("{prefix}{next}")))
        {
            prefix.push_str(next);
        }
        prefix
    };
    let of_model = || {
        let first = tensors.keys().next()?;
        if known.contains(&first.as_str()) {
            return None;
        }
        let prefixes = known.iter().filter_map(|name| first.strip_suffix(name));
        prefixes.filter(|prefix| prefix.ends_with('.')).min_by_key(|prefix| prefix.len()).map(str::to_owned)
    };
    let prefix = if known.is_empty() { of_wrappers() } else { of_model().unwrap_or_default() };
    if prefix.is_empty() || !all_start_with(&tensors, &prefix) {
        return (tensors, None);
    }
    let bare =
        |(name, tensor): (String, Tensor)| (name.get(prefix.len()..).unwrap_or_default().to_owned(), tensor);
    (tensors.into_iter().map(bare).collect(), Some(prefix))
}

fn all_start_with(tensors: &BTreeMap<String, Tensor>, prefix: &str) -> bool {
    !tensors.is_empty() && tensors.keys().all(|name| name.starts_with(prefix))
}

/// The entries of a tensor as f64, row by row.
pub(crate) fn f64_values(tensor: &Tensor) -> Result<Vec<f64>> {
    let values = tensor.to_dtype(DType::F64).and_then(|t| t.flatten_all()?.to_vec1());
    values.during("reading a tensor")
}
