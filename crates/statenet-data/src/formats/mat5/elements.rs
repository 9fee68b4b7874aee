//! Numbers as they are stored: MATLAB keeps an array of small whole doubles as bytes.

use super::{
    number::{ByteOrder, all},
    tags,
};
use crate::formats::FormatError;

/// Numbers in the type in which the file holds them, in column-major order.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Elements {
    I8(Vec<i8>),
    U8(Vec<u8>),
    I16(Vec<i16>),
    U16(Vec<u16>),
    I32(Vec<i32>),
    U32(Vec<u32>),
    I64(Vec<i64>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Calls an expression for the vector of whichever type it is.
macro_rules! each {
    ($elements:expr, $values:ident => $then:expr) => {
        match $elements {
            Elements::I8($values) => $then,
            Elements::U8($values) => $then,
            Elements::I16($values) => $then,
            Elements::U16($values) => $then,
            Elements::I32($values) => $then,
            Elements::U32($values) => $then,
            Elements::I64($values) => $then,
            Elements::U64($values) => $then,
            Elements::F32($values) => $then,
            Elements::F64($values) => $then,
        }
    };
}

pub(super) use each;

#[allow(clippy::unnecessary_cast, reason = "the numbers may have the type already")]
impl Elements {
    /// The numbers in the bytes of an element of a kind; `None` if its kind has no numbers.
    pub(super) fn of(kind: u32, data: &[u8], order: ByteOrder) -> Option<Self> {
        Some(match kind {
            tags::INT8 => Self::I8(all(data, order)),
            tags::UINT8 => Self::U8(all(data, order)),
            tags::INT16 => Self::I16(all(data, order)),
            tags::UINT16 => Self::U16(all(data, order)),
            tags::INT32 => Self::I32(all(data, order)),
            tags::UINT32 => Self::U32(all(data, order)),
            tags::INT64 => Self::I64(all(data, order)),
            tags::UINT64 => Self::U64(all(data, order)),
            tags::SINGLE => Self::F32(all(data, order)),
            tags::DOUBLE => Self::F64(all(data, order)),
            _ => return None,
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, values => values.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at an index. Whole numbers beyond 2^53 are rounded.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<f64> {
        each!(self, values => values.get(index).map(|&x| x as f64))
    }

    /// All of them. Whole numbers beyond 2^53 are rounded.
    #[must_use]
    pub fn to_f64(&self) -> Vec<f64> {
        each!(self, values => values.iter().map(|&x| x as f64).collect())
    }

    /// All of them as f32; real numbers are rounded to the nearest.
    ///
    /// # Errors
    /// [`FormatError::TooLarge`] for a whole number beyond 2^24, which f32 could not represent exactly.
    pub fn to_f32(&self) -> Result<Vec<f32>, FormatError> {
        /// The largest n such that f32 represents all whole numbers up to n.
        const MAX_WHOLE: f64 = 16_777_216.0;
        let real = matches!(self, Self::F32(_) | Self::F64(_));
        each!(self, values => {
            let large = values.iter().position(|&x| !real && (x as f64).abs() > MAX_WHOLE);
            match large.and_then(|index| values.get(index).map(|&x| (index, x as f64))) {
                Some((index, got)) => Err(FormatError::TooLarge { index, got, most: MAX_WHOLE }),
                None => Ok(values.iter().map(|&x| x as f32).collect()),
            }
        })
    }
}
