//! What a program prints: results on the standard output, warnings on the standard error.

use std::{
    cell::RefCell,
    fmt::Display,
    io::{self, ErrorKind, Write},
};

use anyhow::Context;

use crate::launch::complain;

/// Prints lines on the standard output.
///
/// A reader that has seen enough (`| head -1`) ends the printing, not the work. Where the output cannot be written, such as to a full disk,
/// the work goes on as well, and [`finish`](Self::finish) returns the error.
pub(crate) struct Printer {
    quiet: bool,
    state: RefCell<State>,
}

enum State {
    Open,
    /// The reader is gone.
    Closed,
    Failed(io::Error),
}

impl Printer {
    /// A printer; silent if `quiet`, but for warnings.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, state: RefCell::new(State::Open) }
    }

    /// Prints a line, or several.
    pub(crate) fn line(&self, text: impl Display) {
        if !self.quiet {
            self.print_to(&mut io::stdout().lock(), text);
        }
    }

    /// Prints a warning on the standard error, also with `--quiet`.
    pub(crate) fn warn(&self, text: impl Display) {
        complain(format_args!("warning: {text}"));
    }

    fn print_to(&self, out: &mut impl Write, text: impl Display) {
        let mut state = self.state.borrow_mut();
        if !matches!(*state, State::Open) {
            return;
        }
        match writeln!(out, "{text}").and_then(|()| out.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => *state = State::Closed,
            Err(error) => *state = State::Failed(error),
        }
    }

    /// Ends the printing; call it after the work.
    ///
    /// # Errors
    /// If a line could not be written for another reason than that nobody reads.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self.state.into_inner() {
            State::Failed(error) => {
                Err(error).context("standard output: cannot write; the files of this run are complete")
            }
            State::Open | State::Closed => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails with this error after so many writes.
    struct Failing(ErrorKind, usize);

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = self.1.checked_sub(1).ok_or(io::Error::from(self.0))?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is_one_at_the_end() {
        for (kind, says) in [(ErrorKind::BrokenPipe, None), (ErrorKind::StorageFull, Some("standard output"))]
        {
            let printer = Printer::new(false);
            let mut out = Failing(kind, 3);
            (0..5).for_each(|line| printer.print_to(&mut out, line));
            let ended = printer.finish();
            assert_eq!(ended.is_err(), says.is_some(), "{kind:?}");
            if let (Err(error), Some(says)) = (ended, says) {
                assert!(format!("{error:#}").starts_with(says), "{error:#}");
            }
        }
    }
}
