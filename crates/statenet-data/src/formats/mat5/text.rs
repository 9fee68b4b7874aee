//! Characters, stored as UTF-8, UTF-16, UTF-32 or bytes.

use super::{
    number::{ByteOrder, all},
    tags,
};

/// The characters of an element as units of UTF-16; `None` if its kind has none. What is no character becomes U+FFFD.
pub(super) fn units(kind: u32, data: &[u8], order: ByteOrder) -> Option<Vec<u16>> {
    Some(match kind {
        tags::UINT16 | tags::UTF16 | tags::INT16 => all(data, order),
        tags::UTF8 => String::from_utf8_lossy(data).encode_utf16().collect(),
        // Bytes of no stated meaning: UTF-8 if they are, else Latin-1.
        tags::INT8 | tags::UINT8 => match std::str::from_utf8(data) {
            Ok(text) => text.encode_utf16().collect(),
            Err(_) => data.iter().copied().map(u16::from).collect(),
        },
        tags::UINT32 | tags::UTF32 => {
            let points: Vec<u32> = all(data, order);
            let chars = points.into_iter().map(|c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
            chars.collect::<String>().encode_utf16().collect()
        }
        _ => return None,
    })
}
