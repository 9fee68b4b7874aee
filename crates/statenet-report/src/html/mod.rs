//! Pages, each a single self-contained HTML file.

mod block;
mod page;

pub use block::{Block, Section};
pub use page::Page;
