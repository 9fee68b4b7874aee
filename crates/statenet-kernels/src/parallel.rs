//! Runs work on several stimuli in parallel, in the rayon pool of the caller.
//!
//! Every item computes and writes its own part of the result, so that neither the number of threads nor
//! their order changes a bit of it.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// How many threads can share `items` pieces of work; starts no pool for a single one.
fn threads(items: usize) -> usize {
    if items < 2 { 1 } else { rayon::current_num_threads().min(items) }
}

/// Runs `work` on every item, in this thread if there is one item or one thread.
pub(crate) fn for_each<I: Send>(items: Vec<I>, work: impl Fn(I) + Send + Sync) {
    if threads(items.len()) == 1 {
        items.into_iter().for_each(work);
    } else {
        items.into_par_iter().for_each(work);
    }
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

/// The result of `work` on every item, in order.
pub(crate) fn map<I: Send, O: Send>(items: Vec<I>, work: impl Fn(I) -> O + Send + Sync) -> Vec<O> {
    if threads(items.len()) == 1 {
        items.into_iter().map(work).collect()
    } else {
        items.into_par_iter().map(work).collect()
    }
}
