//! A writer of XML and HTML that escapes all text and closes all elements.
//!
//! Element and attribute names are literals in this crate; everything else goes through [`escape`], so that a neuron named
//! `<script>` is shown as `<script>`.

use std::fmt::{Display, Write};

/// An attribute: its name and its value.
pub(crate) type Attribute<'a> = (&'static str, &'a dyn Display);

/// Markup under construction.
#[derive(Debug, Default)]
pub(crate) struct Markup {
    text: String,
    open: Vec<&'static str>,
}

impl Markup {
    /// Opens an element; [`close`](Self::close) ends it.
    pub(crate) fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.text.push('>');
        self.open.push(name);
    }

    /// Closes the element opened last.
    pub(crate) fn close(&mut self) {
        debug_assert!(!self.open.is_empty(), "nothing is open");
        if let Some(name) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
    }

    /// Writes an element without content, `<name ../>`.
    pub(crate) fn empty(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.text.push_str("/>");
    }

    /// Writes an element that holds only text.
    pub(crate) fn element(&mut self, name: &'static str, attributes: &[Attribute<'_>], content: &str) {
        self.open(name, attributes);
        self.text(content);
        self.close();
    }

    /// Writes text, escaped.
    pub(crate) fn text(&mut self, content: &str) {
        escape(content, &mut self.text);
    }

    /// Writes markup from this crate without escaping.
    pub(crate) fn verbatim(&mut self, content: &str) {
        self.text.push_str(content);
    }

    /// Writes a line break, to make the source readable.
    pub(crate) fn newline(&mut self) {
        self.text.push('\n');
    }

    /// Closes all open elements and returns the markup.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn start(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.text.push('<');
        self.text.push_str(name);
        for (key, value) in attributes {
            self.text.push(' ');
            self.text.push_str(key);
            self.text.push_str("=\"");
            // Writing to a string does not fail.
            let _ = write!(Escaping(&mut self.text), "{value}");
            self.text.push('"');
        }
    }
}

struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, piece: &str) -> std::fmt::Result {
        escape(piece, self.0);
        Ok(())
    }
}

/// Appends text, escaped for XML and HTML. Characters that XML forbids become U+FFFD.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_are_escaped_and_elements_closed() {
        let mut markup = Markup::default();
        markup.open("g", &[("id", &"a\"<b>'")]);
        markup.element("text", &[("x", &1.5)], "<script>alert(1)</script> & \u{0}");
        let text = markup.finish();
        assert_eq!(
            text,
            "<g id=\"a&quot;&lt;b&gt;&#39;\"><text x=\"1.5\">&lt;script&gt;alert(1)&lt;/script&gt; &amp; \u{fffd}</text></g>"
        );
    }
}
