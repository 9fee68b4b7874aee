//! Bytes of a text file to text.

use std::borrow::Cow;

use super::JsonError;

/// The text of bytes in UTF-8, with or without a byte-order mark, or in UTF-16 with one.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, JsonError> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest, 3),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => utf8(bytes, 0),
    }
}

fn utf8(bytes: &[u8], skipped: usize) -> Result<Cow<'_, str>, JsonError> {
    let text = std::str::from_utf8(bytes);
    text.map(Cow::Borrowed).map_err(|e| JsonError::NotText { at: skipped + e.valid_up_to() })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, JsonError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(JsonError::NotText { at: 1 + bytes.len() });
    }
    let mut text = String::with_capacity(pairs.len());
    let mut at = 2;
    for character in char::decode_utf16(pairs.iter().copied().map(unit)) {
        let character = character.map_err(|_| JsonError::NotText { at })?;
        at += 2 * character.len_utf16();
        text.push(character);
    }
    Ok(Cow::Owned(text))
}
