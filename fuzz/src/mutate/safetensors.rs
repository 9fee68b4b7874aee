//! Changes of safetensors files: of single tensors, so that the file stays whole, or of the header alone.

use serde_json::{Map, Value, json};

use super::{json, npy::numbers};
use crate::random::Random;

const TYPES: [(&str, usize); 12] = [
    ("F32", 4),
    ("F32", 4),
    ("F64", 8),
    ("F16", 2),
    ("BF16", 2),
    ("U8", 1),
    ("I64", 8),
    ("U32", 4),
    ("I32", 4),
    ("I16", 2),
    ("BOOL", 1),
    ("F8_E4M3", 1),
];

struct One {
    name: String,
    dtype: String,
    shape: Vec<u64>,
    data: Vec<u8>,
}

/// Changes a file; `None` if the bytes are not one.
pub(super) fn mutate(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (header, data) = rest.split_at_checked(length)?;
    let mut header: Value = serde_json::from_slice(header).ok()?;
    if random.one_in(5) {
        json::change(&mut header, random);
        return Some(joined(&header, data));
    }
    let mut tensors = tensors(header.as_object()?, data)?;
    let at = random.below(tensors.len());
    match random.below(9) {
        0 if !tensors.is_empty() => {
            tensors.remove(at);
        }
        1 => json::change_text(&mut tensors.get_mut(at)?.name, random),
        2 => {
            let prefix = *random.pick(&["module.", "_orig_mod.", "model."]);
            tensors.iter_mut().for_each(|one| one.name.insert_str(0, prefix));
        }
        3 => {
            let one = tensors.get_mut(at)?;
            let (dtype, bytes) = *random.pick(&TYPES);
            one.dtype = dtype.to_owned();
            one.fill(bytes);
        }
        4 => {
            let one = tensors.get_mut(at)?;
            one.shape = (0..random.below(4)).map(|_| *random.pick(&[0, 1, 1, 2, 3, 4, 7])).collect();
            let bytes = TYPES.iter().find(|(name, _)| *name == one.dtype).map_or(4, |(_, bytes)| *bytes);
            one.fill(bytes);
        }
        5 => {
            let one = tensors.get_mut(at)?;
            let to = random.below(one.shape.len() + 1);
            one.shape.insert(to, 1);
        }
        6 => tensors.get_mut(at)?.shape.reverse(),
        _ => {
            let one = tensors.get_mut(at)?;
            let dtype = one.dtype.clone();
            numbers(&mut one.data, &dtype, random);
        }
    }
    let mut header = Map::new();
    let mut data = Vec::new();
    for one in tensors {
        let start = data.len();
        data.extend(one.data);
        let entry = json!({"dtype": one.dtype, "shape": one.shape, "data_offsets": [start, data.len()]});
        header.insert(one.name, entry);
    }
    Some(joined(&Value::Object(header), &data))
}

impl One {
    /// Repeats or cuts the numbers to the length that the shape needs, up to 4 kB.
    fn fill(&mut self, bytes: usize) {
        let cells = self.shape.iter().fold(1u64, |n, &axis| n.saturating_mul(axis));
        let bytes = cells.saturating_mul(bytes as u64).min(4096) as usize;
        if self.data.is_empty() {
            self.data.push(0);
        }
        self.data = self.data.iter().copied().cycle().take(bytes).collect();
    }
}

fn tensors(header: &Map<String, Value>, data: &[u8]) -> Option<Vec<One>> {
    let one = |(name, entry): (&String, &Value)| {
        let offset = |i: usize| entry.get("data_offsets")?.get(i)?.as_u64().map(|n| n as usize);
        Some(One {
            name: name.clone(),
            dtype: entry.get("dtype")?.as_str()?.to_owned(),
            shape: entry.get("shape")?.as_array()?.iter().filter_map(Value::as_u64).collect(),
            data: data.get(offset(0)?..offset(1)?)?.to_vec(),
        })
    };
    header.iter().filter(|(name, _)| *name != "__metadata__").map(one).collect()
}

fn joined(header: &Value, data: &[u8]) -> Vec<u8> {
    let text = header.to_string();
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes.extend(data);
    bytes
}
