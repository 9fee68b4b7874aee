//! A rendered figure.

use std::path::Path;

use statenet_core::atomic;

use crate::error::Result;

/// A rendered figure: an SVG document with title and description. Texts are text, not paths; there are no ids and no
/// external references.
///
/// It can be written to a file or placed in a [`Page`](crate::Page).
#[derive(Clone, Debug, PartialEq)]
pub struct Svg {
    text: String,
    width: f64,
}

impl Svg {
    pub(crate) fn new(text: String, width: f64) -> Self {
        Self { text, width }
    }

    /// The text of the document.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Natural width, px.
    pub(crate) fn width(&self) -> f64 {
        self.width
    }

    /// Writes the document to a file atomically.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) if the file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        atomic::write_file(path, |file| file.write_all(self.text.as_bytes()))?;
        Ok(())
    }
}

impl std::fmt::Display for Svg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
