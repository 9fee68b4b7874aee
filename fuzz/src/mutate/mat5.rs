//! Changes of MATLAB files: of the kind, length or data of an element, however deep it lies, compressed or not; of which variables there are.

use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};

use crate::random::Random;

const HEADER_BYTES: usize = 128;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
/// The most that a compressed variable is unpacked to be changed.
const MOST_BYTES: usize = 1 << 16;

/// An element: where its tag and its data lie.
#[derive(Clone, Copy)]
struct Element {
    tag: usize,
    kind: u32,
    data: usize,
    length: usize,
    end: usize,
}

/// Changes a file; `None` if the bytes are no little-endian file with a variable.
pub(super) fn mutate(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    if bytes.get(126..HEADER_BYTES) != Some(b"IM") {
        return None;
    }
    let variables = elements(bytes, HEADER_BYTES, bytes.len());
    let one = *variables.get(random.below(variables.len()))?;
    let mut file = bytes.to_vec();
    let variable = bytes.get(one.tag..one.end)?.to_vec();
    let inside = if one.kind == COMPRESSED {
        decompress_to_vec_zlib_with_limit(bytes.get(one.data..one.data + one.length)?, MOST_BYTES).ok()
    } else {
        Some(variable.clone())
    };
    let changed = match (random.below(8), inside) {
        // Once more, gone, or its parts as they are.
        (0, _) => [variable.clone(), variable].concat(),
        (1, _) => Vec::new(),
        (2, Some(inside)) => packed(&inside, random),
        (_, Some(inside)) => {
            let inside = change(inside, random)?;
            if one.kind == COMPRESSED { packed(&inside, random) } else { inside }
        }
        (_, None) => change(variable, random)?,
    };
    file.splice(one.tag..one.end, changed);
    Some(file)
}

/// A compressed element.
fn packed(inside: &[u8], random: &mut Random) -> Vec<u8> {
    let data = compress_to_vec_zlib(inside, 6);
    let length = if random.one_in(8) { data.len() + random.below(9) } else { data.len() } as u32;
    [COMPRESSED.to_le_bytes().to_vec(), length.to_le_bytes().to_vec(), data].concat()
}

/// The elements in a part of the bytes, as far as they are whole.
fn elements(bytes: &[u8], mut at: usize, end: usize) -> Vec<Element> {
    let mut found = Vec::new();
    while let Some(tag) = bytes.get(at..end).and_then(|rest| rest.first_chunk::<8>()) {
        let [a, b, c, d, e, f, g, h] = *tag;
        let (first, second) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        let small = first >> 16 != 0;
        let (kind, data, length) = if small {
            (first & 0xffff, at + 4, (first >> 16).min(4) as usize)
        } else {
            (first, at + 8, second as usize)
        };
        let padded = if kind == COMPRESSED { length } else { length.next_multiple_of(8) };
        let after = if small { at + 8 } else { data.saturating_add(padded) };
        if after > end {
            break;
        }
        found.push(Element { tag: at, kind, data, length, end: after });
        at = after;
    }
    found
}

/// Changes one element of a variable.
fn change(mut bytes: Vec<u8>, random: &mut Random) -> Option<Vec<u8>> {
    // Down into cells and structs.
    let mut level = elements(&bytes, 0, bytes.len());
    let mut one = *level.get(random.below(level.len()))?;
    while one.kind == MATRIX && !random.one_in(4) {
        level = elements(&bytes, one.data, one.data + one.length);
        let Some(&deeper) = level.get(random.below(level.len())) else { break };
        one = deeper;
    }
    let lengths = [0u32, 1, 2, 3, 4, 5, 8, 9, 16, 255, 1 << 20, 1 << 31, u32::MAX];
    match random.below(6) {
        0 => {
            let kind = random.below(20) as u16;
            bytes.get_mut(one.tag..one.tag + 2)?.copy_from_slice(&kind.to_le_bytes());
        }
        1 => {
            let small = one.data == one.tag + 4;
            let length = random.pick(&lengths).to_le_bytes();
            let (at, length) = if small { (one.tag + 2, &length[..2]) } else { (one.tag + 4, &length[..]) };
            bytes.get_mut(at..at + length.len())?.copy_from_slice(length);
        }
        2 => {
            // A class and its flags, a length of an axis, a character.
            let at = one.data + 4 * random.below(one.length.div_ceil(4));
            let values = [0u32, 1, 2, 3, 4, 5, 6, 9, 16, 17, 0x206, 0x806, 0x100, 1 << 16, 1 << 31, u32::MAX];
            bytes.get_mut(at..at + 4)?.copy_from_slice(&random.pick(&values).to_le_bytes());
        }
        3 => {
            let at = one.data + random.below(one.length);
            *bytes.get_mut(at)? = random.number() as u8;
        }
        4 => {
            bytes.drain(one.tag..one.end);
        }
        _ => {
            let copy = bytes.get(one.tag..one.end)?.to_vec();
            bytes.splice(one.end..one.end, copy);
        }
    }
    // Most of the time the variable is as long as it says.
    if !random.one_in(4) && bytes.len() >= 8 && bytes.starts_with(&MATRIX.to_le_bytes()) {
        let length = (bytes.len() - 8) as u32;
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
    }
    Some(bytes)
}
