//! Runs work on several stimuli in parallel, in the rayon pool of the caller.
//!
//! Every item computes and writes its own part of the result, so that neither the number of threads nor
//! their order changes a bit of it.
//!
//! Rayon is called in one place, through a reference to a function of an index, so that its code is compiled once and not once
//! for each of the hundred or so loops that use it.

use std::sync::{Mutex, PoisonError};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// Runs `work` on every item, in this thread if there is one item or one thread.
pub(crate) fn for_each<I: Send>(items: Vec<I>, work: impl Fn(I) + Send + Sync) {
    if threads(items.len()) == 1 {
        items.into_iter().for_each(work);
        return;
    }
    let items: Vec<_> = items.into_iter().map(Cell::new).collect();
    for_indices(items.len(), &|i| {
        if let Some(item) = items.get(i).and_then(Cell::take) {
            work(item);
        }
    });
}

/// The result of `work` on every item, in order.
pub(crate) fn map<I: Send, O: Send>(items: Vec<I>, work: impl Fn(I) -> O + Send + Sync) -> Vec<O> {
    if threads(items.len()) == 1 {
        return items.into_iter().map(work).collect();
    }
    let mut results: Vec<Option<O>> = Vec::new();
    results.resize_with(items.len(), || None);
    for_each(items.into_iter().zip(&mut results).collect(), |(item, result)| *result = Some(work(item)));
    results.into_iter().flatten().collect()
}

/// Splits `n` elements off the front.
pub(crate) fn take<'a, F>(rest: &mut &'a [F], n: usize) -> &'a [F] {
    let (first, last) = rest.split_at(n);
    *rest = last;
    first
}

/// Splits `n` elements off the front.
pub(crate) fn take_mut<'a, F>(rest: &mut &'a mut [F], n: usize) -> &'a mut [F] {
    let (first, last) = std::mem::take(rest).split_at_mut(n);
    *rest = last;
    first
}

/// How many threads can share `items` pieces of work; starts no pool for a single one.
fn threads(items: usize) -> usize {
    if items < 2 { 1 } else { rayon::current_num_threads().min(items) }
}

/// Calls `work` with 0 to `n` - 1, each once, in any order and on any thread of the pool.
fn for_indices(n: usize, work: &(dyn Fn(usize) + Sync)) {
    (0..n).into_par_iter().for_each(work);
}

/// An item that the first thread to come takes out.
struct Cell<I>(Mutex<Option<I>>);

impl<I> Cell<I> {
    fn new(item: I) -> Self {
        Self(Mutex::new(Some(item)))
    }

    fn take(&self) -> Option<I> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_and_results_keep_their_order() {
        for n in [0, 1, 2, 7, 100] {
            assert_eq!(map((0..n).collect(), |i: usize| 3 * i), (0..n).map(|i| 3 * i).collect::<Vec<_>>());
            let mut counts = vec![0; n];
            for_each(counts.iter_mut().collect(), |count| *count += 1);
            assert_eq!(counts, vec![1; n]);
        }
    }
}
