//! The examples as users run them: each is the program of the same name, and the page of commands shows its help.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod example;
mod help_page;
mod same_as_the_program;
