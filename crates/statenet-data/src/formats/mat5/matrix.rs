//! One array: flags, shape, name, content.

use super::{
    elements::Elements,
    number::all,
    tags::{Cursor, Element, INT32, MATRIX, UINT32},
    text,
    value::{Class, MatArray, MatValue},
};
use crate::formats::FormatError;

/// How deep cells and structs may lie in each other.
const MAX_DEPTH: usize = 48;
/// Most axes of an array.
const MAX_AXES: usize = 64;
/// Most bytes of a name; MATLAB allows 63.
const MAX_NAME_BYTES: usize = 1024;

/// What stands before the content of an array.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) class: Class,
    pub(super) shape: Vec<usize>,
}

/// An error with the name of the array, as far as it is known.
type Named<T> = Result<T, (String, FormatError)>;

/// Reads flags, shape and name.
pub(super) fn head(cursor: &mut Cursor<'_>) -> Named<Head> {
    flags_shape_and_name(cursor).map_err(|error| (String::new(), error))
}

fn flags_shape_and_name(cursor: &mut Cursor<'_>) -> Result<Head, FormatError> {
    let mut head = Head::default();
    if cursor.left() == 0 {
        // MATLAB writes nothing at all for some empty cells.
        head.shape = vec![0, 0];
        return Ok(head);
    }
    let flags = cursor.expect_element("the flags of an array")?;
    let words: Vec<u32> = all(flags.data, cursor.order);
    let Some(&word) = words.first().filter(|_| flags.kind == UINT32 && flags.data.len() == 8) else {
        let got = format!("an element of kind {} and {} bytes", flags.kind, flags.data.len());
        return Err(flags.fault(got, "the flags of an array, of kind 6 and 8 bytes"));
    };
    head.class = Class::of(word)
        .ok_or_else(|| flags.fault(format!("class {}", word & 0xff), "a class of MATLAB, 1 to 17"))?;
    if head.class != Class::Opaque {
        head.shape = shape(&cursor.expect_element("the shape of an array")?, cursor)?;
    }
    let name = cursor.expect_element("the name of an array")?;
    if name.data.len() > MAX_NAME_BYTES {
        return Err(name.fault(format!("a name of {} bytes", name.data.len()), "at most 1024"));
    }
    head.name = String::from_utf8_lossy(name.data).trim_end_matches('\0').to_owned();
    Ok(head)
}

fn shape(element: &Element<'_>, cursor: &Cursor<'_>) -> Result<Vec<usize>, FormatError> {
    if element.kind != INT32 && element.kind != UINT32 {
        return Err(element.fault(format!("an element of kind {}", element.kind), "the shape of an array"));
    }
    let axes: Vec<i32> = all(element.data, cursor.order);
    if axes.len() > MAX_AXES {
        return Err(element.fault(format!("an array of {} axes", axes.len()), "at most 64 axes"));
    }
    let shape: Option<Vec<usize>> = axes.iter().map(|&n| usize::try_from(n).ok()).collect();
    let Some(shape) = shape else {
        return Err(element.fault(format!("the shape {axes:?}"), "lengths of 0 or more"));
    };
    Ok(match shape.as_slice() {
        [] => vec![0, 0],
        [n] => vec![*n, 1],
        _ => shape,
    })
}

/// Reads an array and what lies in it.
pub(super) fn matrix(cursor: &mut Cursor<'_>, depth: usize) -> Named<(String, MatArray)> {
    let head = head(cursor)?;
    let name = head.name.clone();
    match content(head, cursor, depth) {
        Ok(array) => Ok((name, array)),
        Err(error) => Err((name, error)),
    }
}

fn content(head: Head, cursor: &mut Cursor<'_>, depth: usize) -> Result<MatArray, FormatError> {
    let Head { class, shape, .. } = head;
    let size = shape.iter().try_fold(1usize, |n, &axis| n.checked_mul(axis));
    let size = size.ok_or_else(|| cursor.fault(format!("an array of shape {shape:?}"), "fewer numbers"))?;
    let array = |value| MatArray::from_parts(class, shape.clone(), value);
    let value = match class {
        Class::Complex | Class::Sparse | Class::Function | Class::Opaque => MatValue::Unread,
        Class::Cell => MatValue::Cells(arrays(cursor, size, depth)?),
        Class::Struct | Class::Object => {
            let names = field_names(class, cursor)?;
            let n = names.len().checked_mul(size);
            let n = n.ok_or_else(|| cursor.fault(format!("{size} structs"), "fewer"))?;
            let mut fields: Vec<(String, Vec<MatArray>)> =
                names.into_iter().map(|name| (name, Vec::new())).collect();
            // The fields of the first struct, those of the second, and so on.
            let mut values = arrays(cursor, n, depth)?.into_iter();
            for _ in 0..if fields.is_empty() { 0 } else { size } {
                for ((_, of_field), value) in fields.iter_mut().zip(&mut values) {
                    of_field.push(value);
                }
            }
            MatValue::Struct(fields)
        }
        Class::Char => {
            let Some(element) = content_element(cursor, size, "the characters of a text")? else {
                return Ok(array(MatValue::Text(Vec::new())));
            };
            let units = text::units(element.kind, element.data, cursor.order);
            let Some(units) = units else {
                return Err(element.fault(format!("an element of kind {}", element.kind), "characters"));
            };
            // In UTF-8 a row may count characters of two units as one.
            let rows = shape.first().copied().unwrap_or(0);
            return match (units.len() == size, rows) {
                (true, _) => Ok(array(MatValue::Text(units))),
                (false, 0 | 1) => {
                    let shape = vec![1, units.len()];
                    Ok(MatArray::from_parts(class, shape, MatValue::Text(units)))
                }
                (false, _) => {
                    let got = format!("{} characters", units.len());
                    Err(element.fault(got, "as many as the shape says"))
                }
            };
        }
        _ => {
            let Some(element) = content_element(cursor, size, "the numbers of an array")? else {
                return Ok(array(MatValue::Numbers(Elements::F64(Vec::new()))));
            };
            let numbers = Elements::of(element.kind, element.data, cursor.order);
            let Some(numbers) = numbers else {
                return Err(element.fault(format!("an element of kind {}", element.kind), "numbers"));
            };
            if numbers.len() != size {
                let got = format!("{} numbers for the shape {shape:?}", numbers.len());
                return Err(element.fault(got, "as many as the shape says"));
            }
            MatValue::Numbers(numbers)
        }
    };
    Ok(array(value))
}

/// The element that holds numbers or characters; `None` if there is none, as in some empty arrays.
fn content_element<'a>(
    cursor: &mut Cursor<'a>,
    size: usize,
    what: &'static str,
) -> Result<Option<Element<'a>>, FormatError> {
    if size == 0 && cursor.left() == 0 {
        return Ok(None);
    }
    cursor.expect_element(what).map(Some)
}

/// So many arrays that lie in another.
fn arrays(cursor: &mut Cursor<'_>, n: usize, depth: usize) -> Result<Vec<MatArray>, FormatError> {
    const TAG_BYTES: usize = 8;
    if depth >= MAX_DEPTH {
        return Err(cursor.fault("more than 48 cells and structs in each other", "fewer"));
    }
    if n > cursor.left() / TAG_BYTES {
        let got = format!("{n} arrays in {} bytes", cursor.left());
        return Err(cursor.fault(got, "8 bytes at least for each: the file is truncated or damaged"));
    }
    let one = |cursor: &mut Cursor<'_>| {
        let element = cursor.expect_element("an array in a cell or struct")?;
        if element.kind != MATRIX {
            return Err(element.fault(format!("an element of kind {}", element.kind), "an array"));
        }
        let mut inside = Cursor::inside(element.data, element.start, cursor.order);
        Ok(matrix(&mut inside, depth + 1).map_err(|(_, error)| error)?.1)
    };
    (0..n).map(|_| one(cursor)).collect()
}

/// The names of a struct's fields.
fn field_names(class: Class, cursor: &mut Cursor<'_>) -> Result<Vec<String>, FormatError> {
    if class == Class::Object {
        cursor.expect_element("the class of an object")?;
    }
    let length = cursor.expect_element("the length of field names")?;
    let lengths: Vec<i32> = all(length.data, cursor.order);
    let names = cursor.expect_element("the names of fields")?;
    if names.data.is_empty() {
        return Ok(Vec::new());
    }
    let width = lengths.first().and_then(|&n| usize::try_from(n).ok()).filter(|&n| n > 0);
    let Some(width) = width.filter(|&width| names.data.len().is_multiple_of(width)) else {
        let got = format!("{} bytes of field names of {lengths:?} bytes each", names.data.len());
        return Err(length.fault(got, "a whole number of names"));
    };
    let name = |bytes: &[u8]| {
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or(&[]);
        String::from_utf8_lossy(text).into_owned()
    };
    Ok(names.data.chunks(width).map(name).collect())
}
