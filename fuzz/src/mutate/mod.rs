//! Mutations that keep enough of a format that what comes out gets past its first checks.

mod json;
mod mat5;
mod npy;
mod npz;
mod safetensors;
mod toml;
mod wav;

use crate::{folder::Folder, random::Random};

/// A mutation of bytes that knows no format: libFuzzer's, or [`flip`].
pub type Raw<'a> = &'a mut dyn FnMut(Vec<u8>) -> Vec<u8>;

/// What the bytes of an input are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// JSON text.
    Json,
    /// TOML text.
    Toml,
    /// JSON, or else TOML.
    Text,
    /// An npy file.
    Npy,
    /// An npz file.
    Npz,
    /// A wav file.
    Wav,
    /// A MATLAB file of version 5.
    Mat5,
    /// A safetensors file.
    Safetensors,
    /// A packed [`Folder`], each file being what its name says.
    Folder,
    /// Anything else.
    Bytes,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name.rsplit('.').next().unwrap_or_default() {
            "json" => Self::Json,
            "toml" => Self::Toml,
            "npy" => Self::Npy,
            "npz" => Self::Npz,
            "wav" => Self::Wav,
            "mat" => Self::Mat5,
            "safetensors" => Self::Safetensors,
            _ => Self::Bytes,
        }
    }
}

/// Changes an input a little.
pub(crate) fn mutate(kind: Kind, bytes: &[u8], random: &mut Random, raw: Raw<'_>) -> Vec<u8> {
    if kind == Kind::Folder {
        return mutate_folder(bytes, random, raw);
    }
    let changed = match kind {
        _ if random.one_in(8) => None,
        Kind::Json => json::mutate(bytes, random),
        Kind::Toml => toml::mutate(bytes, random),
        Kind::Text => json::mutate(bytes, random).or_else(|| toml::mutate(bytes, random)),
        Kind::Npy => npy::mutate(bytes, random),
        Kind::Npz => npz::mutate(bytes, random, raw),
        Kind::Wav => wav::mutate(bytes, random),
        Kind::Mat5 => mat5::mutate(bytes, random),
        Kind::Safetensors => safetensors::mutate(bytes, random),
        Kind::Folder | Kind::Bytes => None,
    };
    changed.unwrap_or_else(|| raw(bytes.to_vec()))
}

/// Changes one file most of the time, else which files there are.
fn mutate_folder(bytes: &[u8], random: &mut Random, raw: Raw<'_>) -> Vec<u8> {
    let mut folder = Folder::unpack(bytes);
    let names: Vec<String> = folder.files.keys().cloned().collect();
    if names.is_empty() {
        return raw(bytes.to_vec());
    }
    let name = random.pick(&names).clone();
    let content = folder.files.get(&name).cloned().unwrap_or_default();
    match random.below(24) {
        0 => {
            folder.files.remove(&name);
        }
        1 => {
            folder.files.insert(random.pick(&names).clone(), content);
        }
        2 => {
            let other = folder.files.get(random.pick(&names)).cloned().unwrap_or_default();
            folder.files.insert(name, other);
        }
        3 => {
            let mut other = name.clone();
            json::change_text(&mut other, random);
            folder.files.remove(&name);
            folder.files.insert(other, content);
        }
        4 => {
            folder.files.insert(name, Vec::new());
        }
        5 => return raw(bytes.to_vec()),
        // The description of the folder is changed as often as all else together.
        k => {
            let description = names.iter().find(|n| k % 2 == 0 && n.ends_with(".json"));
            let name = description.cloned().unwrap_or(name);
            let content = folder.files.get(&name).cloned().unwrap_or_default();
            let changed = mutate(Kind::of(&name), &content, random, raw);
            folder.files.insert(name, changed);
        }
    }
    folder.pack()
}

/// Changes, adds or removes single bytes: a mutation that knows no format.
#[must_use]
pub fn flip(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(5) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            1 if !bytes.is_empty() => bytes[at] = random.number() as u8,
            2 if !bytes.is_empty() => {
                bytes.remove(at);
            }
            3 => bytes.insert(at, random.number() as u8),
            _ => bytes.truncate(random.below(bytes.len() + 1)),
        }
    }
    bytes
}
