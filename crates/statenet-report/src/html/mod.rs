//! Pages: one HTML file that needs nothing else.

mod block;
mod page;

pub use block::{Block, Section};
pub use page::Page;
