//! What the headers of pages claim, checked before the parser allocates by it.
//!
//! A page header is a struct in Thrift's compact protocol. Of it only sizes, encodings and the length of a dictionary matter here; the parser
//! reads it again.

use std::collections::BTreeMap;

use statenet_core::Need;

use crate::formats::FormatError;

/// The deepest struct in a header.
const DEEPEST: usize = 8;

/// How a page's values may be encoded: plain, and by a dictionary in its old and its new form.
const ENCODINGS: [i64; 3] = [0, 2, 8];

/// Checks the pages of a column chunk: that their sizes are those that `ratio`, the most that the compression can, allows for their bytes, that
/// a dictionary has no more entries than bytes, and that values are encoded in a way that is read.
///
/// # Errors
/// What is wrong, in words; [`FormatError::Memory`] for a page that does not fit.
pub(super) fn check(mut chunk: &[u8], ratio: u64, place: &str) -> Result<(), FormatError> {
    let damaged = |what: &str| super::enabled::damaged(place, what);
    while !chunk.is_empty() {
        let mut header = Header { rest: chunk, numbers: BTreeMap::new() };
        header.fields(0, 0).ok_or_else(|| damaged("the header of a page is damaged"))?;
        let number = |field: (i16, i16)| header.numbers.get(&field).copied();
        let size = |field| number(field).and_then(|n| u64::try_from(n).ok());
        let (Some(unpacked), Some(packed)) = (size((0, 2)), size((0, 3))) else {
            return Err(damaged("the header of a page does not say its size"));
        };
        let body = usize::try_from(packed).ok().filter(|&packed| packed <= header.rest.len());
        let Some(body) = body else { return Err(damaged("a page is longer than its column")) };
        if unpacked > packed.saturating_mul(ratio).saturating_add(64) {
            return Err(damaged("a page says that it unpacks to more than its bytes can hold"));
        }
        // Of a dictionary, an entry is a number of 4 or 8 bytes or a text after its length.
        if let Some(entries) = number((7, 1))
            && !u64::try_from(entries).is_ok_and(|entries| entries <= unpacked / 4)
        {
            return Err(damaged("a dictionary says that it has more entries than its bytes can hold"));
        }
        let encodings = [number((5, 2)), number((8, 4))];
        if let Some(encoding) = encodings.into_iter().flatten().find(|encoding| !ENCODINGS.contains(encoding))
        {
            return Err(damaged(&format!(
                "values are in encoding {encoding}, expected plain or dictionary, as pandas and pyarrow write without further options"
            )));
        }
        let unpacked = usize::try_from(unpacked).unwrap_or(usize::MAX);
        Need::of_values(&[unpacked], 2)
            .ensure(format!("reading {place}"), "use a machine with more memory")?;
        chunk = header.rest.get(body..).unwrap_or_default();
    }
    Ok(())
}

/// A struct that is being read, and the whole numbers in it, by the field that they are in and their own: fields of the outermost struct are
/// in field 0.
struct Header<'a> {
    rest: &'a [u8],
    numbers: BTreeMap<(i16, i16), i64>,
}

impl Header<'_> {
    /// Reads the fields of a struct; `None` if they are damaged.
    fn fields(&mut self, depth: usize, outer: i16) -> Option<()> {
        let mut field = 0_i16;
        loop {
            let head = self.byte()?;
            let kind = head & 0x0f;
            if kind == 0 {
                return Some(());
            }
            field = match head >> 4 {
                0 => i16::try_from(self.signed()?).ok()?,
                step => field.checked_add(i16::from(step))?,
            };
            if matches!(kind, 4..=6) {
                let number = self.signed()?;
                if depth < 2 {
                    self.numbers.insert((outer, field), number);
                }
            } else {
                self.skip(kind, depth, if depth == 0 { field } else { -1 })?;
            }
        }
    }

    /// Passes over a value in a field.
    fn skip(&mut self, kind: u8, depth: usize, field: i16) -> Option<()> {
        match kind {
            // True and false in a field have no bytes of their own.
            1 | 2 => Some(()),
            3 => self.byte().map(|_| ()),
            4..=6 => self.signed().map(|_| ()),
            7 => self.take(8),
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.take(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let n = match head >> 4 {
                    15 => self.varint()?,
                    n => u64::from(n),
                };
                // Every element has a byte, but an empty list may be of nothing.
                if n > self.rest.len() as u64 || depth >= DEEPEST {
                    return None;
                }
                (0..n).try_for_each(|_| match head & 0x0f {
                    1 | 2 => self.byte().map(|_| ()),
                    kind => self.skip(kind, depth + 1, -1),
                })
            }
            12 if depth < DEEPEST => self.fields(depth + 1, field),
            // Page headers have no maps.
            _ => None,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn take(&mut self, n: usize) -> Option<()> {
        self.rest = self.rest.get(n..)?;
        Some(())
    }

    /// A number of seven bits a byte, the lowest first.
    fn varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number whose lowest bit is its sign.
    fn signed(&mut self) -> Option<i64> {
        let folded = self.varint()?;
        Some((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number whose lowest bit is its sign, in seven bits a byte.
    fn signed(number: i64) -> Vec<u8> {
        let mut folded = ((number << 1) ^ (number >> 63)) as u64;
        let mut bytes = Vec::new();
        while folded >= 0x80 {
            bytes.push(folded as u8 | 0x80);
            folded >>= 7;
        }
        bytes.push(folded as u8);
        bytes
    }

    /// A page: its kind, unpacked and packed size, a nested header of numbers in a field, and the body.
    fn page(sizes: [i64; 3], nested: u8, numbers: &[i64], body: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in sizes {
            bytes.push(0x15);
            bytes.extend(signed(number));
        }
        bytes.push(((nested - 3) << 4) | 12);
        for &number in numbers {
            bytes.push(0x15);
            bytes.extend(signed(number));
        }
        bytes.extend([0, 0]);
        bytes.extend(vec![7; body]);
        bytes
    }

    fn told(chunk: &[u8], ratio: u64) -> String {
        let error = check(chunk, ratio, "unit").unwrap_err();
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        format!("{error}: {cause}")
    }

    #[test]
    fn pages_that_claim_what_they_can_hold_are_taken() {
        // A dictionary of 5 entries and two data pages, plain and by the dictionary.
        let chunk = [
            page([2, 40, 40], 7, &[5, 0], 40),
            page([0, 16, 16], 5, &[2, 0, 3, 3], 16),
            page([0, 8, 8], 5, &[9, 8, 3, 3], 8),
        ]
        .concat();
        assert!(check(&chunk, 1, "unit").is_ok());
        assert!(check(&[], 1, "unit").is_ok());
    }

    #[test]
    fn claims_beyond_the_bytes_are_refused() {
        let place = "unit: cannot be read from the Parquet file: ";
        let large = told(&page([0, 1 << 30, 16], 5, &[2, 0], 16), 22);
        assert_eq!(large, format!("{place}a page says that it unpacks to more than its bytes can hold"));
        let dictionary = told(&page([2, 40, 40], 7, &[1 << 30, 0], 40), 1);
        assert_eq!(
            dictionary,
            format!("{place}a dictionary says that it has more entries than its bytes can hold")
        );
        let long = told(&page([0, 16, 16], 5, &[2, 0], 15), 1);
        assert_eq!(long, format!("{place}a page is longer than its column"));
        assert!(told(&page([0, 16, 16], 5, &[2, 5], 16), 1).contains("encoding 5, expected plain"));
        assert!(told(&page([0, -16, 16], 5, &[2, 0], 16), 1).contains("does not say its size"));
    }

    #[test]
    fn a_header_that_ends_or_never_ends_is_damaged() {
        let whole = page([0, 16, 16], 5, &[2, 0], 16);
        for end in 1..whole.len() {
            assert!(check(&whole[..end], 1, "unit").is_err(), "{end}");
        }
        // Structs in structs without end.
        assert!(check(&[0x1c; 1000], 1, "unit").is_err());
        // A list that claims more than there is.
        assert!(check(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f], 1, "unit").is_err());
    }
}
