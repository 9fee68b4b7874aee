//! Elements: a kind, a number of bytes, the bytes.
//!
//! ```text
//! kind (u32) | bytes (u32) | data, padded to a multiple of 8 bytes
//! kind (u16 of the lower half) | bytes (u16 of the upper half) | data in 4 bytes     the small form, of 1 to 4 bytes
//! ```

use super::number::{ByteOrder, Number};
use crate::formats::FormatError;

pub(super) const INT8: u32 = 1;
pub(super) const UINT8: u32 = 2;
pub(super) const INT16: u32 = 3;
pub(super) const UINT16: u32 = 4;
pub(super) const INT32: u32 = 5;
pub(super) const UINT32: u32 = 6;
pub(super) const SINGLE: u32 = 7;
pub(super) const DOUBLE: u32 = 9;
pub(super) const INT64: u32 = 12;
pub(super) const UINT64: u32 = 13;
pub(super) const MATRIX: u32 = 14;
pub(super) const COMPRESSED: u32 = 15;
pub(super) const UTF8: u32 = 16;
pub(super) const UTF16: u32 = 17;
pub(super) const UTF32: u32 = 18;

/// A place in a row of elements.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where `bytes` begins in the file or in what was unpacked, for messages.
    base: usize,
    pub(super) order: ByteOrder,
}

/// One element.
#[derive(Clone, Debug)]
pub(super) struct Element<'a> {
    pub(super) kind: u32,
    pub(super) data: &'a [u8],
    /// Where the data begin, for messages.
    pub(super) start: usize,
}

impl Element<'_> {
    pub(super) fn fault(&self, got: impl Into<String>, expected: &'static str) -> FormatError {
        fault(self.start, got, expected)
    }
}

fn fault(at: usize, got: impl Into<String>, expected: &'static str) -> FormatError {
    FormatError::Matlab { place: format!("byte {at}"), got: got.into(), expected }
}

impl<'a> Cursor<'a> {
    /// At a place of a file.
    pub(super) fn new(bytes: &'a [u8], at: usize, order: ByteOrder) -> Self {
        Self { bytes, at, base: 0, order }
    }

    /// At the start of the data of an element, which begin at `base` of the file.
    pub(super) fn inside(data: &'a [u8], base: usize, order: ByteOrder) -> Self {
        Self { bytes: data, at: 0, base, order }
    }

    /// The same, with nothing left.
    pub(super) fn at_end(&self) -> Self {
        Self { at: self.bytes.len(), ..self.clone() }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    pub(super) fn fault(&self, got: impl Into<String>, expected: &'static str) -> FormatError {
        fault(self.base.saturating_add(self.at), got, expected)
    }

    /// The next element, which must be there.
    pub(super) fn expect_element(&mut self, expected: &'static str) -> Result<Element<'a>, FormatError> {
        let end = self.fault("the end", expected);
        self.next_element()?.ok_or(end)
    }

    /// The next element; `None` at the end.
    pub(super) fn next_element(&mut self) -> Result<Option<Element<'a>>, FormatError> {
        const WHOLE: &str = "all of the element: the file is truncated or damaged";
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        if rest.is_empty() {
            return Ok(None);
        }
        let (Some(&first), Some(&second)) =
            (rest.first_chunk::<4>(), rest.get(4..).and_then(|r| r.first_chunk::<4>()))
        else {
            return Err(self.fault(format!("{} bytes", rest.len()), WHOLE));
        };
        let first = u32::from_bytes(first, self.order);
        let (kind, length, offset) = match first >> 16 {
            0 => (first, u32::from_bytes(second, self.order) as usize, 8usize),
            small => (first & 0xffff, small as usize, 4),
        };
        if offset == 4 && length > 4 {
            return Err(self.fault(format!("a small element of {length} bytes"), "at most 4"));
        }
        let Some(data) = offset.checked_add(length).and_then(|end| rest.get(offset..end)) else {
            let found = rest.len().saturating_sub(offset);
            return Err(self.fault(format!("{found} bytes of {length}"), WHOLE));
        };
        let start = self.base.saturating_add(self.at).saturating_add(offset);
        // Compressed elements are not padded, and the last element of a file may lack its padding.
        let padded = if kind == COMPRESSED { length } else { length.next_multiple_of(8) };
        self.at = if offset == 4 { self.at + 8 } else { self.at.saturating_add(8).saturating_add(padded) };
        self.at = self.at.min(self.bytes.len());
        Ok(Some(Element { kind, data, start }))
    }
}
