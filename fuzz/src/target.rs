//! What a target is.

use std::path::Path;

use crate::{Folder, Kind, Random, Raw, allocation, mutate::mutate, targets::TARGETS};

/// One reader under test.
pub struct Target {
    /// Its name: that of its module, and of its folder of regressions.
    pub name: &'static str,
    /// What its inputs are.
    pub kind: Kind,
    /// Inputs of more bytes are left out.
    pub most_bytes: usize,
    /// The largest block that the reader may allocate for an input of so many bytes.
    pub largest_block: fn(usize) -> usize,
    /// Small valid inputs, with a name each.
    pub seeds: fn() -> Vec<(String, Vec<u8>)>,
    /// Gives a changed folder the digests that it needs to be read at all.
    pub sealed: Option<fn(&mut Folder)>,
    /// Reads an input, writes what it read, reads it again and compares; whether the input was taken. Panics where that fails.
    pub check: fn(&[u8]) -> bool,
}

/// The target of a name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}

impl Target {
    /// Runs the check on an input; whether it was taken.
    pub fn run(&self, bytes: &[u8]) -> bool {
        bytes.len() <= self.most_bytes
            && allocation::in_blocks_of((self.largest_block)(bytes.len()), || (self.check)(bytes))
    }

    /// What was once found, with a name each: the files and folders of `regressions/NAME`.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn regressions(&self) -> std::io::Result<Vec<(String, Vec<u8>)>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions").join(self.name);
        let mut finds = Vec::new();
        if folder.is_dir() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let bytes = if path.is_dir() { Folder::read(&path)?.pack() } else { std::fs::read(&path)? };
                finds.push((name, bytes));
            }
        }
        finds.sort();
        Ok(finds)
    }

    /// A changed input, most of the time with the digests that belong to it.
    pub fn mutated(&self, bytes: &[u8], random: &mut Random, raw: Raw<'_>) -> Vec<u8> {
        let changed = mutate(self.kind, bytes, random, raw);
        let Some(sealed) = self.sealed.filter(|_| !random.one_in(6)) else { return changed };
        let mut folder = Folder::unpack(&changed);
        sealed(&mut folder);
        folder.pack()
    }

    /// Changes the first `size` bytes of a buffer; returns how many there are then.
    pub fn mutate_in_place(
        &self,
        data: &mut [u8],
        size: usize,
        most: usize,
        seed: u32,
        raw: fn(&mut [u8], usize, usize) -> usize,
    ) -> usize {
        let mut random = Random::new(u64::from(seed));
        let mut raw = |mut bytes: Vec<u8>| {
            let size = bytes.len();
            let most = (size + 64).max(64);
            bytes.resize(most, 0);
            let size = raw(&mut bytes, size, most);
            bytes.truncate(size);
            bytes
        };
        let most = most.min(data.len());
        let changed = self.mutated(&data[..size], &mut random, &mut raw);
        // Too long for the buffer: the next mutation may be shorter.
        let Some(to) = data[..most].get_mut(..changed.len()) else { return size };
        to.copy_from_slice(&changed);
        changed.len()
    }
}
