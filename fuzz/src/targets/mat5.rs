//! MATLAB files of version 5: listed, parsed, written, parsed again, equal.

use miniz_oxide::deflate::compress_to_vec_zlib;
use statenet_data::formats::mat5::{self, MatArray};

use super::told;
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target =
    Target { name: "mat5", kind: Kind::Mat5, most_bytes: 1 << 12, largest_block, seeds, sealed: None, check };

/// Deflate packs 1032 to 1, and 8 bytes may be a cell.
fn largest_block(bytes: usize) -> usize {
    (1 << 24) + 32 * 1032 * bytes
}

fn check(bytes: &[u8]) -> bool {
    let variables = match mat5::parse(bytes) {
        Ok(variables) => variables,
        Err(error) => {
            if let Err(error) = mat5::list(bytes) {
                told(&error);
            }
            return told(&error);
        }
    };
    let listed = mat5::list(bytes).expect("what can be parsed can be listed");
    assert_eq!(listed.len(), variables.len());
    for (head, (name, array)) in listed.iter().zip(&variables) {
        assert_eq!((&head.name, head.class), (name, array.class()));
        // A text in UTF-8 may have fewer characters than units.
        assert!(head.shape == array.shape() || array.text().is_some());
        if let Err(error) = array.to_array() {
            told(&error);
        }
        let _ = (array.text(), array.texts(), array.described());
    }
    // NaN is not equal to itself, but its bytes are.
    let written = mat5::encode(&variables);
    let again = mat5::parse(&written).expect("what we write we can read");
    assert_eq!(mat5::encode(&again), written);
    true
}

/// The same with every variable compressed.
fn compressed(bytes: &[u8]) -> Vec<u8> {
    let (header, mut rest) = bytes.split_at(128);
    let mut file = header.to_vec();
    while let Some(length) = rest.get(4..8).and_then(|four| four.first_chunk::<4>()) {
        let (variable, after) = rest.split_at(8 + u32::from_le_bytes(*length) as usize);
        let data = compress_to_vec_zlib(variable, 6);
        file.extend(15u32.to_le_bytes());
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        rest = after;
    }
    file
}

/// A double `x` of big-endian bytes.
fn big_endian() -> Vec<u8> {
    let mut file = b"MATLAB 5.0 MAT-file".to_vec();
    file.resize(124, b' ');
    file.extend([1, 0, b'M', b'I']);
    let words = [14u32, 56, 6, 8, 6, 0, 5, 8, 1, 1, 1 << 16 | 1, 0x7800_0000, 9, 8];
    file.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    file.extend(2.5f64.to_be_bytes());
    file
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let repeat = |t: Vec<f64>| vec![MatArray::row(t), MatArray::char("one")];
    let repeats = MatArray::structs(&["t", "label"], vec![repeat(vec![0.5, 7.0]), repeat(vec![])]);
    let cells = MatArray::cells(vec![repeats.clone(), MatArray::default(), MatArray::row(vec![3.0])]);
    let numbers = ndarray::ArrayD::from_shape_fn(vec![2, 3, 2], |at| (at[0] + at[1] * at[2]) as f64);
    let named = |variables: Vec<(&str, MatArray)>| {
        let variables: Vec<_> = variables.into_iter().map(|(name, array)| (name.to_owned(), array)).collect();
        mat5::encode(&variables)
    };
    let plain = named(vec![
        ("data", MatArray::structs(&["set"], vec![vec![repeats]])),
        ("name", MatArray::char("äb")),
    ]);
    let arrays = named(vec![
        ("cells", cells),
        ("spk", MatArray::numbers(&numbers)),
        ("none", MatArray::cells(vec![])),
    ]);
    vec![
        ("structs".to_owned(), plain.clone()),
        ("structs-compressed".to_owned(), compressed(&plain)),
        ("arrays-compressed".to_owned(), compressed(&arrays)),
        ("arrays".to_owned(), arrays),
        ("big-endian".to_owned(), big_endian()),
    ]
}
