//! How a program starts and ends: one place for exit codes, for errors and for bugs.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | failed: one line on the standard error says why |
//! | 2 | wrong usage of the command line |
//! | 130 | interrupted by Ctrl-C or by the signal SIGTERM |

use std::{
    any::Any,
    fmt::Display,
    io::{ErrorKind, Write},
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

use clap::Parser;
use statenet::process;

use crate::shared::interrupt;

const DONE: u8 = 0;
const FAILED: u8 = 1;
const INTERRUPTED: u8 = 130;

/// Where a bug is to be reported.
const REPORT_TO: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/issues");

/// Reads the command line, runs a program with it and returns the exit code of the process: 0 done, 1 failed, 2 wrong usage,
/// 130 interrupted.
///
/// An error is printed on the standard error in one line with its causes. A panic anywhere in the program is a bug, and becomes
/// such a line too. Signals are handled from here on: see [`fit`](crate::fit).
///
/// ```no_run
/// use std::process::ExitCode;
/// use statenet_cli::{fit, launch};
///
/// fn main() -> ExitCode {
///     launch(fit::run)
/// }
/// ```
pub fn launch<A: Parser>(run: impl FnOnce(&A) -> anyhow::Result<()>) -> ExitCode {
    process::tune();
    panic::set_hook(Box::new(note_panic));
    ExitCode::from(caught(|| {
        if let Err(error) = interrupt::listen() {
            complain(format_args!("warning: Ctrl-C will stop this program at once: {error}"));
        }
        match A::try_parse() {
            Ok(args) => end_of(run(&args)),
            Err(answer) => answered(&answer),
        }
    }))
}

/// The exit code of a program, also of one that panics.
fn caught(program: impl FnOnce() -> u8) -> u8 {
    panic::catch_unwind(AssertUnwindSafe(program)).unwrap_or_else(|payload| {
        complain(format_args!("Error: {}", bug(&*payload)));
        FAILED
    })
}

/// The exit code of a run; its error is printed.
fn end_of(run: anyhow::Result<()>) -> u8 {
    match run {
        Ok(()) => DONE,
        Err(error) if interrupt::is_cause_of(&error) => {
            complain(format_args!("{error:#}"));
            INTERRUPTED
        }
        Err(error) => {
            complain(format_args!("Error: {error:#}"));
            FAILED
        }
    }
}

/// Prints help, a version or an error of usage, and returns the exit code.
fn answered(answer: &clap::Error) -> u8 {
    let code = u8::try_from(answer.exit_code()).unwrap_or(FAILED);
    match answer.print().and_then(|()| std::io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(format_args!("Error: standard output: cannot write: {error}"));
            code.max(FAILED)
        }
        _ => code,
    }
}

/// Prints a line on the standard error, or nothing if that is closed.
pub(crate) fn complain(line: impl Display) {
    let _closed = writeln!(std::io::stderr(), "{line}");
}

/// The first panic of the process, with its place in the sources.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Keeps the message of the first panic for the line that is printed at the end. With `RUST_BACKTRACE=1` prints the calls that led to it.
fn note_panic(panic: &PanicHookInfo<'_>) {
    let message = message(panic.payload());
    let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
    let mut first = PANIC.lock().unwrap_or_else(PoisonError::into_inner);
    first.get_or_insert_with(|| format!("{message}{place}"));
    let backtrace = std::backtrace::Backtrace::capture();
    if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
        complain(backtrace);
    }
}

/// What is said of a panic.
fn bug(payload: &(dyn Any + Send)) -> String {
    let noted = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
    // One line, whatever the message looks like.
    let what = noted.unwrap_or_else(|| message(payload)).replace('\n', " ");
    format!(
        "this is a bug in statenet {}, please report it at {REPORT_TO} with the command that you ran: {what}",
        env!("CARGO_PKG_VERSION")
    )
}

/// What a panic said.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_in_one_line_that_says_where_to_report_it() {
        for payload in [Box::new("index\nout of range") as Box<dyn Any + Send>, Box::new("x".to_owned())] {
            let said = bug(&*payload);
            assert_eq!(said.lines().count(), 1);
            assert!(said.starts_with("this is a bug in statenet 0.") && said.contains("/issues"), "{said}");
        }
        assert!(
            bug(&*(Box::new("index\nout of range") as Box<dyn Any + Send>)).ends_with("index out of range")
        );
    }

    #[test]
    fn a_panic_in_any_thread_ends_with_1() {
        assert_eq!(caught(|| panic!("in the program")), 1);
        assert_eq!(caught(|| rayon::join(|| 0, || panic!("in a worker")).0), 1);
        let in_thread = || std::thread::scope(|scope| scope.spawn(|| panic!("in a thread")).join());
        assert_eq!(caught(|| in_thread().unwrap_or_else(|cause| panic::resume_unwind(cause))), 1);
    }

    #[test]
    fn an_error_ends_with_1_and_an_interruption_with_130_whatever_stands_around_it() {
        use anyhow::Context;
        assert_eq!(end_of(Ok(())), 0);
        assert_eq!(end_of(Err(anyhow::anyhow!("no file"))), 1);
        let interrupted: anyhow::Result<()> = Err(interrupt::Interrupted::new("stopped").into());
        assert_eq!(end_of(interrupted.context("fitting ln").context("a run")), 130);
    }
}
