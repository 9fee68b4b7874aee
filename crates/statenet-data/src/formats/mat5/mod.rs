//! MATLAB's files of version 5 (`save` with `-v5`, `-v6` or `-v7`): numbers, texts, cells and structs, from and to bytes.
//!
//! ```text
//! 116 bytes of text | 8 bytes | version (u16) | "IM" or "MI" | elements: variables, each plain or compressed
//! ```
//! Read are arrays of every stored type in either byte order. Complex numbers, sparse arrays, function handles and objects of newer classes
//! are listed with what they are, and have no numbers. Files of version 7.3 are HDF5, those of version 4 have no header: both are recognised
//! and named.
//!
//! ```
//! use statenet_data::formats::mat5::{self, MatArray};
//!
//! let bytes = mat5::encode(&[("spikes".to_owned(), MatArray::row(vec![0.25, 1.5]))]);
//! assert_eq!(mat5::list(&bytes)?[0].to_string(), "spikes (1x2 double)");
//! assert_eq!(mat5::read(&bytes, "spikes")?.to_f64(), Some(vec![0.25, 1.5]));
//! # Ok::<(), statenet_data::formats::FormatError>(())
//! ```

mod elements;
mod encode;
mod header;
mod inflate;
mod matrix;
mod number;
mod path;
mod tags;
#[cfg(test)]
mod tests;
mod text;
mod value;

use std::fmt;

pub use elements::Elements;
pub use encode::encode;
pub use path::Selection;
pub use value::{Class, MatArray, MatValue};

use super::FormatError;
use tags::{COMPRESSED, Cursor, MATRIX};

/// A variable of a file, before its values are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: Class,
    /// Its shape; empty if the file does not say it.
    pub shape: Vec<usize>,
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, value::described(&self.shape, self.class))
    }
}

/// The variables of a file, in its order. Values are not read.
///
/// # Errors
/// [`FormatError::NotMatlab`], [`FormatError::MatlabHdf5`], [`FormatError::MatlabVersion4`]; [`FormatError::Matlab`] for a damaged or
/// truncated file.
pub fn list(bytes: &[u8]) -> Result<Vec<Variable>, FormatError> {
    let mut variables = Vec::new();
    for element in Variables::of(bytes)? {
        variables.extend(element?.head()?);
    }
    Ok(variables)
}

/// The variables of a file, with their values, in its order.
///
/// # Errors
/// As [`list`].
pub fn parse(bytes: &[u8]) -> Result<Vec<(String, MatArray)>, FormatError> {
    let mut variables = Vec::new();
    for element in Variables::of(bytes)? {
        variables.extend(element?.whole()?);
    }
    Ok(variables)
}

/// One variable of a file. Others are not unpacked.
///
/// # Errors
/// As [`list`]; [`FormatError::MatlabVariable`], which says what there is, if it is not in the file.
pub fn read(bytes: &[u8], name: &str) -> Result<MatArray, FormatError> {
    let mut found = Vec::new();
    for element in Variables::of(bytes)? {
        let element = element?;
        match element.head()? {
            Some(head) if head.name == name => {
                if let Some((_, array)) = element.whole()? {
                    return Ok(array);
                }
            }
            other => found.extend(other.map(|head| head.to_string())),
        }
    }
    Err(FormatError::MatlabVariable { name: name.to_owned(), found })
}

/// The elements of a file that are variables.
struct Variables<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Variables<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let (order, start) = header::check(bytes)?;
        Ok(Self { cursor: Cursor::new(bytes, start, order) })
    }
}

impl<'a> Iterator for Variables<'a> {
    type Item = Result<Packed<'a>, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.cursor.next_element() {
                Ok(None) => return None,
                Ok(Some(element)) if element.kind == MATRIX || element.kind == COMPRESSED => {
                    return Some(Ok(Packed { element, order: self.cursor.order }));
                }
                // Elements of other kinds do not belong there, and hold no variable.
                Ok(Some(_)) => {}
                Err(error) => {
                    self.cursor = self.cursor.at_end();
                    return Some(Err(error));
                }
            }
        }
    }
}

/// A variable as it lies in the file.
struct Packed<'a> {
    element: tags::Element<'a>,
    order: number::ByteOrder,
}

impl Packed<'_> {
    /// Name, class and shape; `None` for an element without a name, in which MATLAB keeps what belongs to objects.
    fn head(&self) -> Result<Option<Variable>, FormatError> {
        // The longest name and the most axes are well within these bytes.
        const HEAD_BYTES: usize = 4096;
        let unpacked;
        let (data, start) = if self.element.kind == COMPRESSED {
            unpacked = inflate::head(&self.element, HEAD_BYTES)?;
            // No more than the variable has: other bytes may follow it.
            let tag = inflate::tag(&unpacked, self.order).filter(|&(kind, _)| kind == MATRIX);
            let data =
                tag.and_then(|(_, length)| unpacked.get(8..unpacked.len().min(length.saturating_add(8))));
            let Some(data) = data else {
                return Err(self.element.fault("something else, compressed", VARIABLE));
            };
            (data, 8)
        } else {
            (self.element.data, self.element.start)
        };
        let mut cursor = Cursor::inside(data, start, self.order);
        let head = matrix::head(&mut cursor).map_err(in_variable)?;
        let (class, shape) = (head.class, head.shape);
        Ok(named(head.name).map(|name| Variable { name, class, shape }))
    }

    fn whole(&self) -> Result<Option<(String, MatArray)>, FormatError> {
        let unpacked;
        let (data, start) = if self.element.kind == COMPRESSED {
            unpacked = inflate::whole(&self.element, self.order)?;
            let mut cursor = Cursor::new(&unpacked, 0, self.order);
            match cursor.next_element()? {
                Some(element) if element.kind == MATRIX => (element.data, element.start),
                _ => return Err(self.element.fault("something else, compressed", VARIABLE)),
            }
        } else {
            (self.element.data, self.element.start)
        };
        let mut cursor = Cursor::inside(data, start, self.order);
        let (name, array) = matrix::matrix(&mut cursor, 0).map_err(in_variable)?;
        Ok(named(name).map(|name| (name, array)))
    }
}

const VARIABLE: &str = "a variable";

fn named(name: String) -> Option<String> {
    (!name.is_empty()).then_some(name)
}

/// An error inside a variable, with its name.
fn in_variable((name, error): (String, FormatError)) -> FormatError {
    match error {
        FormatError::Matlab { place, got, expected } if !name.is_empty() => {
            FormatError::Matlab { place: format!("variable {name}, {place}"), got, expected }
        }
        other => other,
    }
}
