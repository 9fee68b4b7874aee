//! Work on several batch elements at once, in the rayon pool that the caller runs in.
//!
//! Every item computes and writes its own part of the result, so that neither the number of threads nor
//! their order shows in the bits.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// Threads that could share `items` pieces of work; asks for the pool only if there is something to share.
fn threads(items: usize) -> usize {
    if items < 2 { 1 } else { rayon::current_num_threads().min(items) }
}

/// Does `work` on every item, in this thread if there is one item or one thread.
pub(crate) fn for_each<I: Send>(items: Vec<I>, work: impl Fn(I) + Send + Sync) {
    if threads(items.len()) == 1 {
        items.into_iter().for_each(work);
    } else {
        items.into_par_iter().for_each(work);
    }
}

/// Like [`for_each`], for items that are parts of a sum over a batch: one stimulus stays in this thread.
pub(crate) fn for_each_part<I: Send>(batch: usize, items: Vec<I>, work: impl Fn(I) + Send + Sync) {
    if batch == 1 {
        items.into_iter().for_each(work);
    } else {
        for_each(items, work);
    }
}

/// The result of `work` on every item, in order.
pub(crate) fn map<I: Send, O: Send>(items: Vec<I>, work: impl Fn(I) -> O + Send + Sync) -> Vec<O> {
    if threads(items.len()) == 1 {
        items.into_iter().map(work).collect()
    } else {
        items.into_par_iter().map(work).collect()
    }
}
