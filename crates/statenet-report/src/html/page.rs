//! The page itself.

use std::path::Path;

use statenet_core::atomic;

use super::block::{Section, write_facts};
use crate::{error::Result, markup::Markup};

/// The style sheet: light or dark as in the reader's system, figures on white, printable.
const STYLE: &str = include_str!("page.css");
/// The script that sorts tables.
const SCRIPT: &str = include_str!("sort.js");

/// A page as one self-contained HTML file: it loads no fonts, scripts or other files.
///
/// The file is also valid XML, so that other tools can parse it.
///
/// ```
/// use statenet_report::{Page, Section};
///
/// let page = Page::new("Fit of ns1")
///     .subtitle("53 units of ferret auditory cortex")
///     .fact("seed", "0")
///     .section(Section::new("Scores").paragraph("Test stimuli 17 to 19."));
/// assert!(page.to_html().contains("<h2 id=\"section-1\">Scores</h2>"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Title of the page and of its window.
    pub title: String,
    /// A line below the title; empty for none.
    pub subtitle: String,
    /// Names and values below the subtitle, such as data set, command and versions.
    pub facts: Vec<(String, String)>,
    /// The sections. With two or more there is a table of contents.
    pub sections: Vec<Section>,
}

impl Page {
    /// A page without sections.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), subtitle: String::new(), facts: Vec::new(), sections: Vec::new() }
    }

    /// Sets the line below the title.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Adds a name and a value below the title.
    #[must_use]
    pub fn fact(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.facts.push((name.into(), value.into()));
        self
    }

    /// Adds a section.
    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// The HTML text of the page.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut markup = Markup::default();
        markup.verbatim("<!DOCTYPE html>\n");
        markup.open("html", &[("lang", &"en")]);
        self.write_head(&mut markup);
        markup.open("body", &[]);
        markup.open("header", &[]);
        markup.element("h1", &[], &self.title);
        if !self.subtitle.is_empty() {
            markup.element("p", &[("class", &"subtitle")], &self.subtitle);
        }
        write_facts(&mut markup, &self.facts);
        markup.close();
        self.write_contents(&mut markup);
        markup.open("main", &[]);
        for (i, section) in self.sections.iter().enumerate() {
            markup.open("section", &[]);
            markup.element("h2", &[("id", &anchor(i))], &section.heading);
            markup.newline();
            for block in &section.blocks {
                block.write(&mut markup);
            }
            markup.close();
            markup.newline();
        }
        markup.close();
        markup.open("script", &[]);
        markup.verbatim(SCRIPT);
        markup.finish() + "\n"
    }

    /// Writes the page to a file atomically.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) if the file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let html = self.to_html();
        atomic::write_file(path, |file| file.write_all(html.as_bytes()))?;
        Ok(())
    }

    fn write_head(&self, markup: &mut Markup) {
        markup.open("head", &[]);
        markup.newline();
        markup.empty("meta", &[("charset", &"utf-8")]);
        markup.empty("meta", &[("name", &"viewport"), ("content", &"width=device-width, initial-scale=1")]);
        // An empty icon keeps browsers from requesting one.
        markup.empty("link", &[("rel", &"icon"), ("href", &"data:,")]);
        markup.element("title", &[], &self.title);
        markup.open("style", &[]);
        markup.verbatim(STYLE);
        markup.close();
        markup.close();
        markup.newline();
    }

    fn write_contents(&self, markup: &mut Markup) {
        if self.sections.len() < 2 {
            return;
        }
        markup.open("nav", &[("aria-label", &"Contents")]);
        markup.open("ol", &[]);
        for (i, section) in self.sections.iter().enumerate() {
            markup.open("li", &[]);
            markup.element("a", &[("href", &format!("#{}", anchor(i)))], &section.heading);
            markup.close();
        }
        markup.close();
        markup.close();
        markup.newline();
    }
}

/// The id of a section, from its number, since headings may repeat.
fn anchor(section: usize) -> String {
    format!("section-{}", section + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_read_the_same_as_html_and_as_xml() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains('<') && !text.contains('&') && !text.contains("]]>"));
            assert!(!text.contains("http") && !text.contains("url(") && !text.contains("@import"));
        }
    }

    #[test]
    fn a_page_without_sections_is_a_page() {
        let html = Page::new("<script>").to_html();
        assert!(html.contains("<h1>&lt;script&gt;</h1>") && !html.contains("<nav"));
    }
}
