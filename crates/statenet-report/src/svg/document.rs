//! A finished figure.

use std::path::Path;

use statenet_core::atomic;

use crate::error::Result;

/// A finished figure: an SVG document with title and description, text as text, no ids, no references to elsewhere.
///
/// It stands alone as a file and goes into a [`Page`](crate::Page) as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Svg {
    text: String,
    width: f64,
}

impl Svg {
    pub(crate) fn new(text: String, width: f64) -> Self {
        Self { text, width }
    }

    /// The document.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Natural width, px.
    pub(crate) fn width(&self) -> f64 {
        self.width
    }

    /// Writes the document; the file appears whole or not at all.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) if the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        atomic::write_file(path, |file| file.write_all(self.text.as_bytes()))?;
        Ok(())
    }
}

impl std::fmt::Display for Svg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
