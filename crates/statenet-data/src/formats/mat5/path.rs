//! What lies in a variable, by its name and those of fields: `data.responses`.

use super::value::{MatArray, MatValue};

/// What a path leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection<'a> {
    /// One array.
    One(&'a MatArray),
    /// The cells of a cell array, or a field of several structs, in column-major order.
    Many(Vec<&'a MatArray>),
}

impl MatArray {
    /// What the fields of these names, one in another, lead to: the cells of a cell array one by one, and so a field of several structs. No
    /// names lead to the array itself.
    ///
    /// # Errors
    /// What there is in place of the first field that is missing: the names of the fields, or shape and class.
    pub fn select<'n>(&self, fields: impl IntoIterator<Item = &'n str>) -> Result<Selection<'_>, String> {
        let mut selected = vec![self];
        let mut many = false;
        for name in fields {
            let mut inside = Vec::new();
            for array in selected {
                match array.fields(name) {
                    Some(values) => {
                        many |= values.len() != 1;
                        inside.extend(values);
                    }
                    None if array.field_names().is_empty() => return Err(array.described()),
                    None => {
                        return Err(format!("a struct with the fields {}", array.field_names().join(", ")));
                    }
                }
            }
            selected = inside;
        }
        match (selected.as_slice(), many) {
            ([one], false) => Ok(match one.value() {
                MatValue::Cells(cells) => Selection::Many(cells.iter().collect()),
                _ => Selection::One(one),
            }),
            _ => Ok(Selection::Many(selected)),
        }
    }
}
