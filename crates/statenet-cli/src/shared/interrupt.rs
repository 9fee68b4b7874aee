//! Ctrl-C and SIGTERM: the first asks a program to stop at the next point where nothing is lost, the second stops it at once.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Signals reach the whole process: this is the one flag that they set.
static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Handles Ctrl-C (SIGINT) and SIGTERM from here on.
///
/// # Errors
/// If the operating system refuses.
pub(crate) fn listen() -> std::io::Result<()> {
    let asked = ASKED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset and sets it, the second finds it set.
        flag::register_conditional_shutdown(signal, 130, Arc::clone(asked))?;
        flag::register(signal, Arc::clone(asked))?;
    }
    Ok(())
}

/// Whether the user has asked the program to stop.
pub(crate) fn is_asked() -> bool {
    ASKED.get().is_some_and(|asked| asked.load(Ordering::Relaxed))
}

/// Ends the program here if the user has asked for it: call it where nothing is lost.
///
/// # Errors
/// [`Interrupted`] if so.
pub(crate) fn check() -> Result<(), Interrupted> {
    if is_asked() { Err(Interrupted::new("run the same command again")) } else { Ok(()) }
}

/// The program was stopped by its user.
#[derive(Debug)]
pub(crate) struct Interrupted(String);

impl Interrupted {
    /// With how to go on.
    pub(crate) fn new(how_to_go_on: impl Into<String>) -> Self {
        Self(how_to_go_on.into())
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interrupted; {}", self.0)
    }
}

impl std::error::Error for Interrupted {}

/// Whether an error is an [`Interrupted`], however much was added to it.
pub(crate) fn is_cause_of(error: &anyhow::Error) -> bool {
    error.chain().any(<dyn std::error::Error>::is::<Interrupted>)
}
