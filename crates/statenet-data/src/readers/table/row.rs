//! A row of a table, whatever its file.

use std::borrow::Cow;

/// The fields of a row, by the place of their column.
pub(super) trait Fields {
    /// A field as text; `None` if it is empty or missing.
    fn text(&self, column: usize) -> Option<Cow<'_, str>>;
    /// A field as a number.
    ///
    /// # Errors
    /// The text that is not a number.
    fn number(&self, column: usize) -> Result<Option<f64>, String> {
        let Some(text) = self.text(column) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| text.into_owned())
    }
}
