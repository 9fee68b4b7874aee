//! What every stage needs to check its own settings.

pub(crate) mod limits;
