//! Sections of a page and the blocks in them.

use crate::{markup::Markup, svg::Svg, table::Table};

/// A block in a [`Section`].
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph of text.
    Paragraph(String),
    /// Text in a fixed-width font, such as a command or a config.
    Code(String),
    /// A figure with its caption, which may be empty.
    Figure {
        /// The figure.
        svg: Svg,
        /// The caption.
        caption: String,
    },
    /// A table that can be sorted by clicking on a column.
    Table(Table),
    /// A list of names and values.
    Facts(Vec<(String, String)>),
    /// Blocks that are hidden until clicked.
    Details {
        /// The text shown while they are hidden.
        summary: String,
        /// The hidden blocks.
        blocks: Vec<Block>,
    },
}

impl Block {
    pub(crate) fn write(&self, markup: &mut Markup) {
        match self {
            Self::Paragraph(text) => markup.element("p", &[], text),
            Self::Code(text) => {
                markup.open("pre", &[]);
                markup.element("code", &[], text);
                markup.close();
            }
            Self::Figure { svg, caption } => {
                markup.open("figure", &[]);
                // Below this width the figure scrolls, so that it stays readable.
                let least = format!("min-width:{:.0}px", svg.width() * 0.7);
                markup.open("div", &[("class", &"scroll")]);
                markup.open("div", &[("style", &least)]);
                markup.verbatim(svg.as_str());
                markup.close();
                markup.close();
                if !caption.is_empty() {
                    markup.element("figcaption", &[], caption);
                }
                markup.close();
            }
            Self::Table(table) => table.write_html(markup),
            Self::Facts(facts) => write_facts(markup, facts),
            Self::Details { summary, blocks } => {
                markup.open("details", &[]);
                markup.element("summary", &[], summary);
                for block in blocks {
                    block.write(markup);
                }
                markup.close();
            }
        }
        markup.newline();
    }
}

/// Writes names and values as a definition list.
pub(crate) fn write_facts(markup: &mut Markup, facts: &[(String, String)]) {
    if facts.is_empty() {
        return;
    }
    markup.open("dl", &[]);
    for (name, value) in facts {
        markup.open("div", &[]);
        markup.element("dt", &[], name);
        markup.element("dd", &[], value);
        markup.close();
    }
    markup.close();
    markup.newline();
}

/// A heading and the blocks below it; listed in the page's table of contents.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// The blocks below it.
    pub blocks: Vec<Block>,
}

impl Section {
    /// A section without blocks.
    pub fn new(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), blocks: Vec::new() }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.block(Block::Paragraph(text.into()))
    }

    /// Adds text in a fixed-width font.
    #[must_use]
    pub fn code(self, text: impl Into<String>) -> Self {
        self.block(Block::Code(text.into()))
    }

    /// Adds a figure with its caption, which may be empty.
    #[must_use]
    pub fn figure(self, svg: Svg, caption: impl Into<String>) -> Self {
        self.block(Block::Figure { svg, caption: caption.into() })
    }

    /// Adds a table.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.block(Block::Table(table))
    }

    /// Adds names and values.
    #[must_use]
    pub fn facts<N: Into<String>, V: Into<String>>(self, facts: impl IntoIterator<Item = (N, V)>) -> Self {
        let facts = facts.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.block(Block::Facts(facts.collect()))
    }

    /// Adds the blocks of another section, hidden until its heading is clicked.
    #[must_use]
    pub fn details(self, section: Section) -> Self {
        self.block(Block::Details { summary: section.heading, blocks: section.blocks })
    }

    /// Adds any block.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}
