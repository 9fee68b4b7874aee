//! A writer of XML and HTML that escapes whatever it is given and closes whatever it opened.
//!
//! Element and attribute names are literals of this crate; everything else goes through [`escape`], so a neuron called
//! `<script>` is a neuron called `<script>`.

use std::fmt::{Display, Write};

/// An attribute: its name and anything that can be printed.
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

    /// Ends the element opened last.
    pub(crate) fn close(&mut self) {
        debug_assert!(!self.open.is_empty(), "nothing is open");
        if let Some(name) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
    }

    /// An element without content, written `<name ../>`.
    pub(crate) fn empty(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.text.push_str("/>");
    }

    /// An element that holds only text.
    pub(crate) fn element(&mut self, name: &'static str, attributes: &[Attribute<'_>], content: &str) {
        self.open(name, attributes);
        self.text(content);
        self.close();
    }

    /// Text, escaped.
    pub(crate) fn text(&mut self, content: &str) {
        escape(content, &mut self.text);
    }

    /// Markup or source text of this crate, taken as it is.
    pub(crate) fn verbatim(&mut self, content: &str) {
        self.text.push_str(content);
    }

    /// A line break, for readers of the source.
    pub(crate) fn newline(&mut self) {
        self.text.push('\n');
    }

    /// All that was written. Elements left open are closed.
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

/// Appends text so that XML and HTML read it as that text. Characters that XML forbids become U+FFFD.
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
