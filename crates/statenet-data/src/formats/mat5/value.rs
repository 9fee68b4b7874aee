//! Arrays as MATLAB has them: everything is one, also a number or a text.

use std::fmt;

use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use super::elements::Elements;
use crate::formats::FormatError;

/// The class of an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names say it")]
pub enum Class {
    Cell,
    Struct,
    /// An object of the old kind: like a struct.
    Object,
    Char,
    Sparse,
    #[default]
    Double,
    Single,
    Int8,
    Uint8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Logical,
    /// Complex numbers of any class.
    Complex,
    Function,
    /// An object of a newer class, such as a string, a table or a date.
    Opaque,
}

impl Class {
    /// The class that the flags of an array say: a number in the first byte, logical or complex in the second.
    pub(super) fn of(flags: u32) -> Option<Self> {
        let class = match flags & 0xff {
            1 => Self::Cell,
            2 => Self::Struct,
            3 => Self::Object,
            4 => Self::Char,
            5 => Self::Sparse,
            6 => Self::Double,
            7 => Self::Single,
            8 => Self::Int8,
            9 => Self::Uint8,
            10 => Self::Int16,
            11 => Self::Uint16,
            12 => Self::Int32,
            13 => Self::Uint32,
            14 => Self::Int64,
            15 => Self::Uint64,
            16 => Self::Function,
            17 => Self::Opaque,
            _ => return None,
        };
        let numbers = (6..=15).contains(&(flags & 0xff));
        Some(match class {
            _ if numbers && flags & 0x800 != 0 => Self::Complex,
            _ if numbers && flags & 0x200 != 0 => Self::Logical,
            class => class,
        })
    }

    /// The class that MATLAB calls so.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        const ALL: [Class; 15] = [
            Class::Cell,
            Class::Struct,
            Class::Char,
            Class::Sparse,
            Class::Double,
            Class::Single,
            Class::Int8,
            Class::Uint8,
            Class::Int16,
            Class::Uint16,
            Class::Int32,
            Class::Uint32,
            Class::Int64,
            Class::Uint64,
            Class::Logical,
        ];
        ALL.into_iter().find(|class| class.name() == name)
    }

    /// The name that MATLAB gives it, in words where it is not read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cell => "cell",
            Self::Struct => "struct",
            Self::Object => "object",
            Self::Char => "char",
            Self::Sparse => "sparse",
            Self::Double => "double",
            Self::Single => "single",
            Self::Int8 => "int8",
            Self::Uint8 => "uint8",
            Self::Int16 => "int16",
            Self::Uint16 => "uint16",
            Self::Int32 => "int32",
            Self::Uint32 => "uint32",
            Self::Int64 => "int64",
            Self::Uint64 => "uint64",
            Self::Logical => "logical",
            Self::Complex => "complex",
            Self::Function => "function handle",
            Self::Opaque => "object of a newer class",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Shape and class as MATLAB prints them, `16x104000 uint8`.
pub(super) fn described(shape: &[usize], class: Class) -> String {
    let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
    if shape.is_empty() { class.to_string() } else { format!("{} {class}", shape.join("x")) }
}

/// What an array holds, in column-major order.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MatValue {
    /// Numbers, or logicals as 0 and 1.
    Numbers(Elements),
    /// Characters, as units of UTF-16.
    Text(Vec<u16>),
    /// Arrays.
    Cells(Vec<MatArray>),
    /// Fields, each with the arrays of all structs.
    Struct(Vec<(String, Vec<MatArray>)>),
    /// Complex numbers, a sparse array, a function handle or an object, which are not read.
    Unread,
}

/// An array of MATLAB.
#[derive(Clone, Debug, PartialEq)]
pub struct MatArray {
    class: Class,
    shape: Vec<usize>,
    value: MatValue,
}

impl Default for MatArray {
    /// The empty array `[]`.
    fn default() -> Self {
        Self::from_parts(Class::Double, vec![0, 0], MatValue::Numbers(Elements::F64(Vec::new())))
    }
}

impl MatArray {
    pub(super) fn from_parts(class: Class, shape: Vec<usize>, value: MatValue) -> Self {
        Self { class, shape, value }
    }

    /// A row of numbers.
    #[must_use]
    pub fn row(values: Vec<f64>) -> Self {
        let shape = vec![1, values.len()];
        Self::from_parts(Class::Double, shape, MatValue::Numbers(Elements::F64(values)))
    }

    /// Numbers of any shape; of one axis, a column.
    #[must_use]
    pub fn numbers(values: &ArrayD<f64>) -> Self {
        let mut shape = values.shape().to_vec();
        while shape.len() < 2 {
            shape.push(1);
        }
        // Column-major order is the row-major order of the transposed array.
        let values = values.t().iter().copied().collect();
        Self::from_parts(Class::Double, shape, MatValue::Numbers(Elements::F64(values)))
    }

    /// A row of characters.
    #[must_use]
    pub fn char(text: &str) -> Self {
        let units: Vec<u16> = text.encode_utf16().collect();
        Self::from_parts(Class::Char, vec![1, units.len()], MatValue::Text(units))
    }

    /// A row of cells.
    #[must_use]
    pub fn cells(cells: Vec<Self>) -> Self {
        Self::from_parts(Class::Cell, vec![1, cells.len()], MatValue::Cells(cells))
    }

    /// A row of structs with these fields; a value that is not given is empty.
    #[must_use]
    pub fn structs(fields: &[&str], structs: Vec<Vec<Self>>) -> Self {
        let shape = vec![1, structs.len()];
        let mut values: Vec<(String, Vec<Self>)> =
            fields.iter().map(|&name| (name.to_owned(), Vec::new())).collect();
        for one in structs {
            let given = one.into_iter().chain(std::iter::repeat_with(Self::default));
            for ((_, of_field), value) in values.iter_mut().zip(given) {
                of_field.push(value);
            }
        }
        Self::from_parts(Class::Struct, shape, MatValue::Struct(values))
    }

    /// The class.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// The length of each axis, two at least; none for objects of newer classes.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// What it holds.
    #[must_use]
    pub fn value(&self) -> &MatValue {
        &self.value
    }

    /// How many numbers, characters, cells or structs it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |n, &axis| n.saturating_mul(axis))
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shape and class, as in `16x104000 uint8`.
    #[must_use]
    pub fn described(&self) -> String {
        described(&self.shape, self.class)
    }

    /// A field of the first struct.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.field_of(0, name)
    }

    /// A field of the struct at an index, in column-major order.
    #[must_use]
    pub fn field_of(&self, index: usize, name: &str) -> Option<&Self> {
        self.fields(name)?.get(index)
    }

    /// A field of all structs.
    #[must_use]
    pub fn fields(&self, name: &str) -> Option<&[Self]> {
        let MatValue::Struct(fields) = &self.value else { return None };
        fields.iter().find(|(field, _)| field == name).map(|(_, values)| values.as_slice())
    }

    /// The names of the fields; none if it is no struct.
    #[must_use]
    pub fn field_names(&self) -> Vec<&str> {
        let MatValue::Struct(fields) = &self.value else { return Vec::new() };
        fields.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The cell at an index, in column-major order.
    #[must_use]
    pub fn cell(&self, index: usize) -> Option<&Self> {
        let MatValue::Cells(cells) = &self.value else { return None };
        cells.get(index)
    }

    /// The first number; `None` if there is none.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        let MatValue::Numbers(numbers) = &self.value else { return None };
        numbers.get(0)
    }

    /// The numbers in column-major order; `None` if it holds something else.
    #[must_use]
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        let MatValue::Numbers(numbers) = &self.value else { return None };
        Some(numbers.to_f64())
    }

    /// The numbers with their shape, indexed as in MATLAB but from 0.
    ///
    /// # Errors
    /// [`FormatError::MatlabClass`] if it holds something else than numbers; [`FormatError::TooLarge`] for a whole number beyond 2^24.
    pub fn to_array(&self) -> Result<ArrayD<f32>, FormatError> {
        let MatValue::Numbers(numbers) = &self.value else {
            let expected = match self.class {
                Class::Sparse => "numbers: save full(x)",
                Class::Complex => "real numbers",
                _ => "numbers",
            };
            return Err(FormatError::MatlabClass { got: self.described(), expected });
        };
        let shape = IxDyn(&self.shape).f();
        ArrayD::from_shape_vec(shape, numbers.to_f32()?)
            .map_err(|source| FormatError::Decode { source: Box::new(source) })
    }

    /// The text, if it is a row of characters; that of an empty array is empty.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let MatValue::Text(units) = &self.value else { return None };
        (self.shape.first().is_none_or(|&rows| rows <= 1)).then(|| String::from_utf16_lossy(units))
    }

    /// The rows of an array of characters, without the spaces that fill them.
    #[must_use]
    pub fn texts(&self) -> Option<Vec<String>> {
        let MatValue::Text(units) = &self.value else { return None };
        let rows = self.shape.first().copied().unwrap_or(0);
        let row = |row: usize| {
            let units: Vec<u16> = units.iter().skip(row).step_by(rows.max(1)).copied().collect();
            String::from_utf16_lossy(&units).trim_end().to_owned()
        };
        Some(if units.is_empty() { Vec::new() } else { (0..rows).map(row).collect() })
    }
}
