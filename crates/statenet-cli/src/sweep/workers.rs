//! Threads that each work alone.

use std::sync::{Mutex, PoisonError};

use rayon::ThreadPoolBuilder;

/// Hands out items to so many threads until none is left or `work` returns `false`.
///
/// Each thread has a pool of its own, of one thread: in a shared pool, a fit that waits for a part of its work could start
/// another fit in the meantime.
pub(super) fn each<T: Send>(
    items: impl IntoIterator<Item = T, IntoIter: Send>,
    n_workers: usize,
    work: impl Fn(T) -> bool + Sync,
) {
    let next = Mutex::new(items.into_iter());
    let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || {
        while let Some(item) = take() {
            if !work(item) {
                return;
            }
        }
    };
    let alone = || match ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(worker),
        Err(_) => worker(),
    };
    std::thread::scope(|scope| {
        for _ in 0..n_workers {
            scope.spawn(alone);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_item_is_handed_out_once_in_a_pool_of_one_thread() {
        let sum = AtomicUsize::new(0);
        each(1..=100, 3, |n| {
            assert_eq!(rayon::current_num_threads(), 1);
            sum.fetch_add(n, Ordering::Relaxed);
            true
        });
        assert_eq!(sum.into_inner(), 5050);
    }
}
