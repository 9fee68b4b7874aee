//! Arrays to the bytes of a file.

use super::{
    elements::{Elements, each},
    tags,
    value::{Class, MatArray, MatValue},
};

/// Encodes a file, little-endian and not compressed. Numbers keep the type in which they are stored.
///
/// Arrays that are not read (complex, sparse and so on) are written as empty ones.
#[must_use]
pub fn encode(variables: &[(String, MatArray)]) -> Vec<u8> {
    let mut bytes = b"MATLAB 5.0 MAT-file, written by StateNet".to_vec();
    bytes.resize(116, b' ');
    bytes.extend([0; 8]);
    bytes.extend([0x00, 0x01, b'I', b'M']);
    for (name, array) in variables {
        element(&mut bytes, tags::MATRIX, &matrix(name, array));
    }
    bytes
}

/// An element, in the small form if it is so short, with its padding.
fn element(bytes: &mut Vec<u8>, kind: u32, data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    if (1..=4).contains(&length) {
        bytes.extend((length << 16 | kind).to_le_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len() + 4 - data.len(), 0);
        return;
    }
    bytes.extend(kind.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

/// The content of an element that is an array.
fn matrix(name: &str, array: &MatArray) -> Vec<u8> {
    let (class, logical) = number_of(array.class());
    let unread = MatArray::default();
    let array = if *array.value() == MatValue::Unread { &unread } else { array };
    let mut bytes = Vec::new();
    let flags = [class | if logical { 0x200 } else { 0 }, 0];
    element(&mut bytes, tags::UINT32, &flags.map(u32::to_le_bytes).concat());
    let shape = array.shape().iter().map(|&n| i32::try_from(n).unwrap_or(i32::MAX).to_le_bytes());
    element(&mut bytes, tags::INT32, &shape.collect::<Vec<_>>().concat());
    element(&mut bytes, tags::INT8, name.as_bytes());
    match array.value() {
        MatValue::Unread => {}
        MatValue::Numbers(numbers) => {
            let kind = match numbers {
                Elements::I8(_) => tags::INT8,
                Elements::U8(_) => tags::UINT8,
                Elements::I16(_) => tags::INT16,
                Elements::U16(_) => tags::UINT16,
                Elements::I32(_) => tags::INT32,
                Elements::U32(_) => tags::UINT32,
                Elements::I64(_) => tags::INT64,
                Elements::U64(_) => tags::UINT64,
                Elements::F32(_) => tags::SINGLE,
                Elements::F64(_) => tags::DOUBLE,
            };
            let data: Vec<u8> =
                each!(numbers, values => values.iter().flat_map(|x| x.to_le_bytes()).collect());
            element(&mut bytes, kind, &data);
        }
        MatValue::Text(units) => {
            let data: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            element(&mut bytes, tags::UINT16, &data);
        }
        MatValue::Cells(cells) => {
            for cell in cells {
                element(&mut bytes, tags::MATRIX, &matrix("", cell));
            }
        }
        MatValue::Struct(fields) => {
            if array.class() == Class::Object {
                element(&mut bytes, tags::INT8, b"object");
            }
            let width = fields.iter().map(|(name, _)| name.len() + 1).max().unwrap_or(1);
            let mut names = Vec::new();
            for (i, (name, _)) in fields.iter().enumerate() {
                names.extend(name.as_bytes());
                names.resize((i + 1) * width, 0);
            }
            element(&mut bytes, tags::INT32, &u32::try_from(width).unwrap_or(u32::MAX).to_le_bytes());
            element(&mut bytes, tags::INT8, &names);
            for index in 0..if fields.is_empty() { 0 } else { array.len() } {
                for (_, values) in fields {
                    let value = values.get(index).map_or_else(Vec::new, |value| matrix("", value));
                    element(&mut bytes, tags::MATRIX, &value);
                }
            }
        }
    }
    bytes
}

/// The number of a class in a file, and whether it is logical.
fn number_of(class: Class) -> (u32, bool) {
    let number = match class {
        Class::Cell => 1,
        Class::Struct => 2,
        Class::Object => 3,
        Class::Char => 4,
        Class::Single => 7,
        Class::Int8 => 8,
        Class::Uint8 | Class::Logical => 9,
        Class::Int16 => 10,
        Class::Uint16 => 11,
        Class::Int32 => 12,
        Class::Uint32 => 13,
        Class::Int64 => 14,
        Class::Uint64 => 15,
        Class::Double | Class::Sparse | Class::Complex | Class::Function | Class::Opaque => 6,
    };
    (number, class == Class::Logical)
}
