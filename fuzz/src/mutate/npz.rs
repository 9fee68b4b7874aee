//! Changes of npz files: of an array inside, of the archive around it.

use std::io::{Cursor, Read, Write};

use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{Kind, Raw, json::change_text};
use crate::random::Random;

/// Changes an archive; `None` if the bytes are not one.
pub(super) fn mutate(bytes: &[u8], random: &mut Random, raw: Raw<'_>) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut files = Vec::new();
    for i in 0..archive.len().min(6) {
        let file = archive.by_index(i).ok()?;
        let name = file.name().to_owned();
        let mut content = Vec::new();
        file.take(1 << 16).read_to_end(&mut content).ok()?;
        files.push((name, content));
    }
    let at = random.below(files.len());
    match random.below(8) {
        0 => {
            files.get_mut(at).map(|(name, _)| change_text(name, random))?;
        }
        1 => files.push(("counts.npy".to_owned(), files.get(at)?.1.clone())),
        2 => files.push(("other.npy".to_owned(), b"nothing".to_vec())),
        _ => {
            let (_, content) = files.get_mut(at)?;
            *content = super::mutate(Kind::Npy, content, random, raw);
        }
    }
    let method = if random.one_in(2) { CompressionMethod::Stored } else { CompressionMethod::Deflated };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        // A name that comes twice is left out.
        if archive.start_file(name, options).is_ok() {
            archive.write_all(&content).ok()?;
        }
    }
    Some(archive.finish().ok()?.into_inner())
}
