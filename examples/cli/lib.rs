//! Command-line parts shared by the examples.
