//! NumPy's npy format, versions 1 to 3: one array of numbers.
//!
//! ```text
//! 93 'NUMPY' major minor | header length (u16 in version 1, else u32) | header, a Python dict in text | numbers
//! ```
//! ndarray-npy decodes the numbers. The header is checked here first: it must have the plain form that NumPy writes, and
//! its shape must match the bytes that follow, so that a bad header cannot cause large allocations or deep recursion.

use std::io::Read;

use half::f16;
use ndarray::{ArrayD, ArrayView, Dimension, IxDyn, ShapeBuilder};
use ndarray_npy::{ReadNpyExt, WritableElement, WriteNpyExt};
use statenet_core::Need;

use super::FormatError;

const MAGIC: &[u8] = b"\x93NUMPY";
/// The longest header that is read; NumPy's own limit for untrusted files is 10 000.
const MAX_HEADER_BYTES: usize = 1 << 16;
/// The largest number of axes.
const MAX_AXES: usize = 8;
/// The largest n such that f32 represents all whole numbers up to n.
const MAX_WHOLE: f64 = 16_777_216.0;
/// The largest n such that f64 represents all whole numbers up to n.
const MAX_WHOLE_F64: f64 = 9_007_199_254_740_992.0;

/// The type of an array's elements, in either byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names say it")]
pub enum ElementType {
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    /// False is 0, true is 1.
    Bool,
    F16,
    F32,
    F64,
}

impl ElementType {
    /// Whether this is `f2`, `f4` or `f8`.
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64)
    }

    fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    fn from_descr(descr: &str) -> Option<Self> {
        Some(match descr.trim_start_matches(['<', '>', '|', '=']) {
            "i1" => Self::I8,
            "i2" => Self::I16,
            "i4" => Self::I32,
            "i8" => Self::I64,
            "u1" => Self::U8,
            "u2" => Self::U16,
            "u4" => Self::U32,
            "u8" => Self::U64,
            "b1" | "?" => Self::Bool,
            "f2" => Self::F16,
            "f4" => Self::F32,
            "f8" => Self::F64,
            _ => return None,
        })
    }
}

/// The content of an npy header.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

/// Parses the bytes of an npy file: the type of its elements, and the array converted to f32.
///
/// f64 is rounded to the nearest f32. Whole numbers above 2^24 are an error, since f32 could not represent them exactly.
///
/// # Errors
/// [`FormatError`] for anything but one array of numbers that fills the bytes exactly.
pub fn parse(bytes: &[u8]) -> Result<(ElementType, ArrayD<f32>), FormatError> {
    let (element, values) = decode(bytes)?;
    let values = match values {
        Values::Single(values) => return Ok((element, values)),
        Values::Double(values) => values,
    };
    expect_exact(element, &values, MAX_WHOLE)?;
    Ok((element, values.mapv(|v| v as f32)))
}

/// The same in f64, for times and for sample numbers. Whole numbers above 2^53 are an error.
///
/// # Errors
/// As [`parse`].
pub fn parse_f64(bytes: &[u8]) -> Result<(ElementType, ArrayD<f64>), FormatError> {
    let (element, values) = decode(bytes)?;
    let values = match values {
        Values::Single(values) => values.mapv(f64::from),
        Values::Double(values) => values,
    };
    expect_exact(element, &values, MAX_WHOLE_F64)?;
    Ok((element, values))
}

/// Checks that whole numbers are exact in a type that represents all of them up to `most`.
fn expect_exact(element: ElementType, values: &ArrayD<f64>, most: f64) -> Result<(), FormatError> {
    let too_large = |v: &f64| v.abs() > most;
    match values.iter().enumerate().find(|(_, v)| !element.is_float() && too_large(v)) {
        Some((index, &got)) => Err(FormatError::TooLarge { index, got, most }),
        None => Ok(()),
    }
}

/// The shape of the array in an npy file, from its header; `None` if that is none.
pub(crate) fn shape(mut file: impl Read) -> Option<Vec<usize>> {
    let mut bytes = vec![0; 12];
    file.read_exact(&mut bytes).ok()?;
    let (length, read) = match bytes.as_slice() {
        [.., 1, 0, a, b, _, _] => (usize::from(u16::from_le_bytes([*a, *b])), 2),
        [.., a, b, c, d] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 0),
        _ => return None,
    };
    let length = length.checked_sub(read).filter(|&length| length <= MAX_HEADER_BYTES)?;
    file.take(length as u64).read_to_end(&mut bytes).ok()?;
    Some(parse_header(&bytes).ok()?.0.shape)
}

/// The numbers of an array, in a type that has them all but for whole numbers beyond 2^53.
enum Values {
    /// Of f16 and f32, bools and whole numbers of up to two bytes.
    Single(ArrayD<f32>),
    /// Of all others.
    Double(ArrayD<f64>),
}

fn decode(bytes: &[u8]) -> Result<(ElementType, Values), FormatError> {
    let (header, data) = parse_header(bytes)?;
    let element = ElementType::from_descr(&header.descr).ok_or_else(|| FormatError::ElementType {
        got: shortened(&header.descr),
        expected: "a whole or real number of 1 to 8 bytes, or a bool",
    })?;
    // An array cannot have more places than a signed number counts, even if an axis of length 0 leaves it without numbers.
    let cells = header.shape.iter().try_fold(1usize, |n, &axis| n.checked_mul(axis.max(1)));
    let cells = cells.filter(|&n| isize::try_from(n).is_ok());
    let empty = header.shape.contains(&0);
    let expected = cells.and_then(|n| if empty { Some(0) } else { n.checked_mul(element.bytes()) });
    if expected != Some(data.len()) {
        let Header { descr, shape, .. } = header;
        let expected = expected.unwrap_or(usize::MAX);
        return Err(FormatError::Length { shape, element_type: descr, got: data.len(), expected });
    }
    // What is decoded, and converted by way of f64 where it is not f32.
    let bytes_held = match element {
        ElementType::F16 | ElementType::F32 => 4,
        other if other.bytes() <= 2 => other.bytes() + 4,
        other => (other.bytes() + 8).max(12),
    };
    Need::of_values(&header.shape, bytes_held).ensure(
        format!("an array of shape {:?}", header.shape),
        "use a machine with more memory, or store fewer neurons or shorter stimuli",
    )?;
    if element == ElementType::F16 {
        return Ok((element, Values::Single(halves(&header, data)?)));
    }
    // The decoder sees a header as NumPy writes it, whatever pads the one that was read.
    let plain = header.to_bytes();
    macro_rules! decode {
        ($type:ty, $to_f32:expr) => {
            ArrayD::<$type>::read_npy(plain.as_slice().chain(data)).map(|array| array.mapv($to_f32))
        };
    }
    // What f32 has exactly needs no wider type.
    let single = match element {
        ElementType::I8 => Some(decode!(i8, f32::from)),
        ElementType::I16 => Some(decode!(i16, f32::from)),
        ElementType::U8 => Some(decode!(u8, f32::from)),
        ElementType::U16 => Some(decode!(u16, f32::from)),
        ElementType::Bool => Some(decode!(bool, |v| f32::from(u8::from(v)))),
        ElementType::F32 => Some(ArrayD::<f32>::read_npy(plain.as_slice().chain(data))),
        _ => None,
    };
    if let Some(single) = single {
        return Ok((element, Values::Single(single.map_err(decode_error)?)));
    }
    let values = match element {
        ElementType::I32 => decode!(i32, f64::from),
        ElementType::I64 => decode!(i64, |v| v as f64),
        ElementType::U32 => decode!(u32, f64::from),
        ElementType::U64 => decode!(u64, |v| v as f64),
        // All others were decoded above.
        _ => decode!(f64, |v| v),
    }
    .map_err(decode_error)?;
    Ok((element, Values::Double(values)))
}

/// Numbers of two bytes, which ndarray-npy does not decode.
fn halves(header: &Header, data: &[u8]) -> Result<ArrayD<f32>, FormatError> {
    let from = if header.descr.starts_with('>') { f16::from_be_bytes } else { f16::from_le_bytes };
    let values = data.as_chunks::<2>().0.iter().map(|&two| from(two).to_f32()).collect();
    let shape = IxDyn(&header.shape).set_f(header.fortran_order);
    ArrayD::from_shape_vec(shape, values).map_err(|source| FormatError::Decode { source: Box::new(source) })
}

/// Encodes an array as an npy file (version 1.0), in row-major order unless the array is in column-major order.
///
/// # Errors
/// [`FormatError::Decode`] if the encoder fails, which does not happen for arrays that fit in memory.
pub fn encode<T: WritableElement, D: Dimension>(array: ArrayView<'_, T, D>) -> Result<Vec<u8>, FormatError> {
    let mut bytes = Vec::new();
    array.write_npy(&mut bytes).map_err(|source| FormatError::Decode { source: Box::new(source) })?;
    Ok(bytes)
}

fn decode_error(source: ndarray_npy::ReadNpyError) -> FormatError {
    FormatError::Decode { source: Box::new(source) }
}

/// Parses the header; returns it with the bytes that follow.
fn parse_header(bytes: &[u8]) -> Result<(Header, &[u8]), FormatError> {
    let not_npy = || FormatError::NotNpy { got: bytes.iter().copied().take(8).collect() };
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(not_npy)?;
    let (length, rest) = match rest {
        [1, 0, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, 0, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return Err(not_npy()),
    };
    let bad = |got: String, expected| FormatError::Header { field: "header", got, expected };
    if length > MAX_HEADER_BYTES {
        return Err(bad(format!("{length} bytes long"), "at most 65536 bytes"));
    }
    let (text, data) = rest
        .split_at_checked(length)
        .ok_or_else(|| bad(format!("{} bytes long", rest.len()), "all of the header"))?;
    let text = std::str::from_utf8(text).map_err(|_| bad("not text".to_owned(), "text"))?;
    Ok((Header::from_text(text)?, data))
}

impl Header {
    /// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (34, 999), }`, with the fields in any order.
    fn from_text(text: &str) -> Result<Self, FormatError> {
        let bad = |field, got: &str, expected| FormatError::Header { field, got: shortened(got), expected };
        // Some writers pad with NUL in place of spaces.
        let padding = |c: char| c.is_whitespace() || c == '\0';
        let dict = text.trim_matches(padding).strip_prefix('{').and_then(|t| t.strip_suffix('}'));
        let mut rest = dict.ok_or_else(|| bad("header", text, "a dict in braces"))?.trim();
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let (key, after) = quoted(rest).ok_or_else(|| bad("header", rest, "a quoted name"))?;
            let value = after
                .trim_start()
                .strip_prefix(':')
                .ok_or_else(|| bad("header", after, "a colon"))?
                .trim_start();
            let after = match key {
                "descr" => {
                    let (text, after) = quoted(value)
                        .ok_or_else(|| bad("descr", value, "the type of a number, such as '<f4'"))?;
                    descr = Some(text.to_owned());
                    after
                }
                "fortran_order" => {
                    let yes = value.strip_prefix("True").map(|after| (true, after));
                    let either = yes.or_else(|| value.strip_prefix("False").map(|after| (false, after)));
                    let (order, after) =
                        either.ok_or_else(|| bad("fortran_order", value, "True or False"))?;
                    fortran_order = Some(order);
                    after
                }
                "shape" => {
                    let tuple = value.strip_prefix('(').and_then(|t| t.split_once(')'));
                    let (axes, after) = tuple.ok_or_else(|| bad("shape", value, "a tuple of numbers"))?;
                    shape = Some(axes_of(axes).ok_or_else(|| bad("shape", axes, "at most 8 whole numbers"))?);
                    after
                }
                _ => {
                    return Err(bad("header", key, "only the fields descr, fortran_order and shape"));
                }
            };
            rest = match after.trim_start() {
                "" => "",
                more => more.strip_prefix(',').ok_or_else(|| bad("header", more, "a comma"))?.trim_start(),
            };
        }
        match (descr, fortran_order, shape) {
            (Some(descr), Some(fortran_order), Some(shape)) => Ok(Self { descr, fortran_order, shape }),
            _ => Err(bad("header", text, "the fields descr, fortran_order and shape")),
        }
    }

    /// The start of an npy file of version 2, up to the numbers.
    fn to_bytes(&self) -> Vec<u8> {
        let Self { descr, fortran_order, shape } = self;
        let order = if *fortran_order { "True" } else { "False" };
        let axes: String = shape.iter().map(|n| format!("{n}, ")).collect();
        // `=` is the byte order of the machine that wrote the file, `?` another name of a bool.
        let descr = match descr.as_str() {
            "?" => "|b1".to_owned(),
            other => other.replace('=', "<"),
        };
        let text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({axes}), }}\n");
        let mut bytes = [MAGIC, &[2, 0]].concat();
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    }
}

/// Splits off a quoted text at the start; returns it and the rest.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text.get(1..)?.split_once(quote)
}

/// Parses the inside of a tuple: `34, 999` or `34,` or nothing.
fn axes_of(text: &str) -> Option<Vec<usize>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Vec::new());
    }
    let text = text.strip_suffix(',').unwrap_or(text);
    let axes: Vec<usize> = text.split(',').map(|axis| axis.trim().parse().ok()).collect::<Option<_>>()?;
    (axes.len() <= MAX_AXES).then_some(axes)
}

fn shortened(text: &str) -> String {
    text.trim_end().chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn numpy_writes_this_and_we_read_it() {
        // numpy.save of numpy.array([[1, 2], [3, 4]], '>i2', order='F'), header as NumPy 2.3 pads it.
        let header = format!("{:<117}\n", "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2), }");
        let (element, values) = parse(&file(&header, &[0, 1, 0, 3, 0, 2, 0, 4])).unwrap();
        assert_eq!(element, ElementType::I16);
        assert_eq!(values, array![[1.0, 2.0], [3.0, 4.0]].into_dyn());
    }

    #[test]
    fn every_type_is_read_in_both_orders_of_memory() {
        fn check<T: WritableElement + Copy>(values: [T; 6], element: ElementType) {
            let rows = Array2::from_shape_vec((2, 3), values.to_vec()).unwrap();
            let columns = Array2::from_shape_vec((2, 3).f(), values.to_vec()).unwrap();
            let expected = |first| ArrayD::from_shape_vec(first, vec![0., 1., 2., 3., 4., 5.]).unwrap();
            assert_eq!(
                parse(&encode(rows.view()).unwrap()).unwrap(),
                (element, expected(IxDyn(&[2, 3]).into()))
            );
            assert_eq!(
                parse(&encode(columns.view()).unwrap()).unwrap(),
                (element, expected(IxDyn(&[2, 3]).f()))
            );
        }
        check([0i8, 1, 2, 3, 4, 5], ElementType::I8);
        check([0i16, 1, 2, 3, 4, 5], ElementType::I16);
        check([0i32, 1, 2, 3, 4, 5], ElementType::I32);
        check([0i64, 1, 2, 3, 4, 5], ElementType::I64);
        check([0u8, 1, 2, 3, 4, 5], ElementType::U8);
        check([0u16, 1, 2, 3, 4, 5], ElementType::U16);
        check([0u32, 1, 2, 3, 4, 5], ElementType::U32);
        check([0u64, 1, 2, 3, 4, 5], ElementType::U64);
        check([0f32, 1., 2., 3., 4., 5.], ElementType::F32);
        check([0f64, 1., 2., 3., 4., 5.], ElementType::F64);
    }

    #[test]
    fn halves_and_bools_are_read_in_both_orders() {
        let read = |header: &str, data: &[u8]| parse(&file(header, data)).unwrap();
        let halves = [0x00, 0x3c, 0x00, 0xc0, 0x00, 0x7e, 0x01, 0x00]; // 1, -2, NaN, 2^-24
        let (element, values) = read("{'descr': '<f2', 'fortran_order': False, 'shape': (4,)}", &halves);
        assert_eq!(element, ElementType::F16);
        assert_eq!((values[0], values[1], values[3]), (1.0, -2.0, 2f32.powi(-24)));
        assert!(values[2].is_nan());
        let (_, columns) =
            read("{'descr': '>f2', 'fortran_order': True, 'shape': (1, 2)}", &[0x3c, 0x00, 0x40, 0x00]);
        assert_eq!(columns, array![[1.0, 2.0]].into_dyn());
        let (element, flags) =
            read("{'descr': '|b1', 'fortran_order': True, 'shape': (2, 2)}", &[1, 0, 0, 1]);
        assert_eq!((element, flags), (ElementType::Bool, array![[1.0, 0.0], [0.0, 1.0]].into_dyn()));
        let two = file("{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", &[2]);
        assert!(matches!(parse(&two), Err(FormatError::Decode { .. })));
    }

    #[test]
    fn a_header_padded_with_nul_or_not_at_all_is_read() {
        for padding in ["\0\0\0\0\0", "", "\n", "   \0\n"] {
            let header = format!("{{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }}{padding}");
            assert_eq!(parse(&file(&header, &[1, 0, 2, 0])).unwrap().1, array![1.0, 2.0].into_dyn());
        }
        let machine = "{'descr': '=u2', 'fortran_order': False, 'shape': ()}";
        assert_eq!(parse(&file(machine, &[7, 0])).unwrap().1.sum(), 7.0);
    }

    #[test]
    fn a_header_cannot_ask_for_what_is_not_there() {
        for shape in ["(99999999999, 99999999999)", "(4294967295,)", "(2,)", "(0, 18446744073709551615, 3)"] {
            let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}");
            let error = parse(&file(&header, &[0; 8])).unwrap_err();
            assert!(matches!(error, FormatError::Length { got: 8, .. }), "{shape}: {error}");
        }
        let nested = format!("{{'descr': {}}}", "(".repeat(40_000));
        assert!(matches!(parse(&file(&nested, &[])), Err(FormatError::Header { field: "descr", .. })));
    }

    #[test]
    fn every_message_once() {
        let message = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
        let of = |header: &str| message(&file(header, &[0; 4]));
        let start = "not an npy file: starts with [50, 4b], expected the bytes 93 4e 55 4d 50 59 and a version from 1.0 to 3.0";
        assert_eq!(message(b"PK"), start);
        assert_eq!(
            of("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"),
            "truncated or too long: shape [2] of <f4 needs 8 bytes, found 4"
        );
        assert_eq!(
            of("{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}"),
            "dtype is <c8, expected a whole or real number of 1 to 8 bytes, or a bool"
        );
        assert_eq!(
            of("{'descr': '<f4', 'shape': (2,)}"),
            "npy header: header is \"{'descr': '<f4', 'shape': (2,)}\", \
             expected the fields descr, fortran_order and shape"
        );
        assert_eq!(of("{'shape': (a,)}"), "npy header: shape is \"a,\", expected at most 8 whole numbers");
        assert_eq!(of("[]"), "npy header: header is \"[]\", expected a dict in braces");
        assert_eq!(
            message(&encode(array![0i64, 16_777_217].view()).unwrap()),
            "element 1 is 16777217, expected whole numbers of at most 16777216"
        );
        let cut = encode(array![0f32].view()).unwrap();
        assert_eq!(
            message(&cut[..20]),
            "npy header: header is \"10 bytes long\", expected all of the header"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_array_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
            let _ = parse(&[MAGIC, &[1, 0], &bytes].concat());
        }

        #[test]
        fn any_change_of_a_file_is_an_array_or_an_error(at in 0usize..152, byte: u8, cut in 0usize..=152) {
            let mut bytes = encode(array![[1f32, 2.0, 3.0], [4.0, 5.0, 6.0]].view()).unwrap();
            bytes[at] = byte;
            let _ = parse(&bytes);
            if cut < bytes.len() {
                bytes[at] = 0;
                prop_assert!(parse(&bytes[..cut]).is_err());
            }
        }
    }
}
