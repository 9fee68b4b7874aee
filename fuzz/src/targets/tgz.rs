//! Tar archives, packed by gzip or not: the files in them, packed again, unpacked again, equal.

use std::{collections::BTreeMap, io::Write};

use statenet_data::formats::tgz::{self, Limits};

use super::{some_numbers_a_byte, told};
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "tgz",
    kind: Kind::Bytes,
    most_bytes: 1 << 14,
    largest_block: some_numbers_a_byte,
    seeds,
    sealed: None,
    check,
};

const LIMITS: Limits = Limits { bytes: 1 << 20, entries: 50 };

fn check(bytes: &[u8]) -> bool {
    let files = match tgz::files(bytes, &LIMITS) {
        Ok(files) => files,
        Err(error) => return told(&error),
    };
    assert!(files.len() <= LIMITS.entries && files.values().map(Vec::len).sum::<usize>() <= 1 << 20);
    for name in files.keys() {
        let is_inside = |part: &str| !part.is_empty() && part != "." && part != "..";
        assert!(name.split('/').all(is_inside) || name.is_empty(), "a file outside of the archive: {name}");
    }
    // An archive whose only member has an empty name is not written.
    if !files.contains_key("") {
        let roomy = Limits { bytes: 1 << 24, ..LIMITS };
        assert_eq!(tgz::files(&pack(&files), &roomy).expect("what we pack we can unpack"), files);
    }
    true
}

/// An archive of files.
pub(super) fn pack(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content.as_slice()).expect("a file can be packed");
    }
    builder.into_inner().expect("an archive in memory")
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let file = |name: &str, content: &str| (name.to_owned(), content.as_bytes().to_vec());
    let short = pack(&BTreeMap::from([file("rec/a.json", "{}"), file("rec/b.csv", "1,2\n")]));
    let long = pack(&BTreeMap::from([file(&format!("{}/x", "n".repeat(150)), "long")]));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&short).expect("packed in memory");
    let packed = gzip.finish().expect("packed in memory");
    vec![("plain".to_owned(), short), ("long-name".to_owned(), long), ("packed".to_owned(), packed)]
}
