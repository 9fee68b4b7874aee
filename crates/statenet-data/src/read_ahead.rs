//! Reads what comes next in a thread of its own, while the present is used.

use std::{
    sync::mpsc::{Receiver, sync_channel},
    thread::{self, JoinHandle},
};

/// Results of some work, done in order and ahead of being taken: one that is finished waits while the next is worked on.
#[derive(Debug)]
pub(crate) struct ReadAhead<T> {
    finished: Option<Receiver<T>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> ReadAhead<T> {
    /// Starts a thread for `work`; `None` if the system has none left.
    pub(crate) fn start(work: impl Iterator<Item = T> + Send + 'static) -> Option<Self> {
        let (send, finished) = sync_channel(1);
        let run = move || {
            for result in work {
                // Nobody waits any more.
                if send.send(result).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("read-ahead".to_owned()).spawn(run).ok()?;
        Some(Self { finished: Some(finished), thread: Some(thread) })
    }

    /// The next result, waiting for it; `None` after the last.
    pub(crate) fn next(&mut self) -> Option<T> {
        self.finished.as_ref()?.recv().ok()
    }
}

impl<T> Drop for ReadAhead<T> {
    fn drop(&mut self) {
        // Without a receiver the thread ends after what it is at.
        self.finished = None;
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn results_come_in_order_and_no_more_than_two_are_ahead() {
        let started = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&started);
        let work = (0..50).inspect(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        let mut ahead = ReadAhead::start(work).unwrap();
        for taken in 0..10 {
            assert_eq!(ahead.next(), Some(taken));
            // One waits to be taken, and one waits to be handed over.
            assert!(started.load(Ordering::SeqCst) <= taken + 3);
        }
        drop(ahead);
        assert!(started.load(Ordering::SeqCst) <= 12);
        let mut all = ReadAhead::start(0..3).unwrap();
        assert_eq!(std::iter::from_fn(|| all.next()).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
