//! What every stage needs of its config: checks of its own settings, and the text it is read from.

pub(crate) mod limits;
pub(crate) mod text;
