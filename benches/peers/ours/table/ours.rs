//! Tables of numbers compared with a lower bound, a limit or another number of ours.

use super::{
    grid::{Bar, Grid, median, spread},
    numbers::{Numbers, Sample},
};
use crate::{bench::BATCHES, recurrences::WIDTHS};
use statenet_benches::N_BINS;

/// The lower bound on the time of the recurrence's forward or backward pass, in ms.
///
/// In each bin the forward pass multiplies a 3H by H matrix by a vector; the backward pass multiplies its transpose by a vector
/// and adds an outer product. In each bin the matrix is read once from the cache that holds it.
fn floor(numbers: &Numbers, hidden: usize, products: usize) -> Option<Sample> {
    let weights = (N_BINS * 3 * hidden * hidden) as f64;
    let flops = numbers.ours("floor GFLOP/s", 1, 1)?;
    let bytes = numbers.ours(&format!("floor GB/s H{hidden}"), 1, 1)?;
    let of = |amount: f64, rate: f64| amount / rate / 1e6;
    Some(flops.with(&bytes, |flops, bytes| {
        of(2.0 * products as f64 * weights, flops).max(of(4.0 * weights, bytes))
    }))
}

pub(super) fn floors(numbers: &Numbers) -> String {
    let rates = WIDTHS.map(|h| {
        let rate = numbers.ours(&format!("floor GB/s H{h}"), 1, 1);
        format!("{} GB/s from a buffer of the weights' size at H{h}", median(rate.as_ref()))
    });
    let note = format!(
        "The GRU's recurrence alone, one stimulus, T999, one thread, milliseconds. The floor is the larger of arithmetic and \
        bytes, with what this core did in the same round: {} GFLOP/s of f32 multiply-adds; {}. Forward: one product of 3H by \
        H per bin; backward: two.",
        median(numbers.ours("floor GFLOP/s", 1, 1).as_ref()),
        rates.join(", ")
    );
    let mut grid = Grid::new(
        "The scan beside its floor",
        &note,
        &["", "H", "ours", "floor", "ours / floor", "bar", "met"],
    );
    for (pass, products, bar) in [("forward", 1, 2.0), ("backward", 2, 2.5)] {
        for hidden in WIDTHS {
            let ours = numbers.ours(&format!("{pass} GRU H{hidden}"), 1, 1);
            let floor = floor(numbers, hidden, products);
            let ratio = ours.as_ref().zip(floor.as_ref()).map(|(o, f)| o.with(f, |o, f| o / f));
            let bar = Bar::AtMost(bar);
            // A time below the bound means that the loops that measure the bound were not optimised, or were disturbed.
            let impossible = ratio.as_ref().is_some_and(|r| r.median() < 1.0);
            let met = if impossible { "floor not reached".to_owned() } else { bar.met(ratio.as_ref()) };
            grid.row(&[
                pass.to_owned(),
                hidden.to_string(),
                median(ours.as_ref()),
                median(floor.as_ref()),
                spread(ratio.as_ref()),
                bar.text(),
                met,
            ]);
        }
    }
    grid.end()
}

pub(super) fn streaming(numbers: &Numbers) -> String {
    let note = "One frame of 5 ms at a time, one core, microseconds. Theirs: a forward pass of the reference on one bin, \
        which knows no state, `torch.nn.GRUCell` and candle_nn's `GRU::step`, both H70 and without encoder and readout.";
    let mut grid = Grid::new("Streaming", note, &["", "value", "bar", "met"]);
    let mut row = |what: &str, value: Option<Sample>, bar: Bar| {
        grid.row(&[what.to_owned(), spread(value.as_ref()), bar.text(), bar.met(value.as_ref())]);
    };
    let ours = |name: &str| numbers.ours(&format!("frame statenet-gru {name}"), 1, 1);
    row("StateNet-GRU, 119 neurons, median", ours("median"), Bar::AtMost(10.0));
    row("99th percentile", ours("p99"), Bar::None);
    row("99.9th percentile", ours("p99.9"), Bar::AtMost(50.0));
    row("allocations per frame", ours("allocations"), Bar::AtMost(0.0));
    let us = |sample: Sample| sample.map(|ms| ms * 1e3);
    row("the reference's StateNet-GRU", numbers.theirs("frame statenet-gru", 1, 1).map(us), Bar::None);
    row("torch.nn.GRUCell alone", numbers.theirs("frame GRU", 1, 1).map(us), Bar::None);
    row("candle_nn GRU::step alone", numbers.ours("candle_nn frame GRU", 1, 1).map(us), Bar::None);
    grid.end()
}

pub(super) fn threads(numbers: &Numbers) -> String {
    let note = "Whole training steps and the GRU's recurrence with one and two threads, milliseconds. A single stimulus is \
        computed in the calling thread; below 1 by less than 3 % is noise.";
    let columns = ["", "batch", "1 thread", "2 threads", "faster by", "bar", "met"];
    let mut grid = Grid::new("Threads", note, &columns);
    for what in ["recurrence GRU", "step statenet-gru", "step linear", "step ln"] {
        for batch in BATCHES {
            let (one, two) = (numbers.ours(what, batch, 1), numbers.ours(what, batch, 2));
            let ratio = one.as_ref().zip(two.as_ref()).map(|(one, two)| one.with(two, |a, b| a / b));
            let bar = Bar::AtLeast(if batch == 1 { 0.97 } else { 1.7 });
            grid.row(&[
                what.to_owned(),
                batch.to_string(),
                median(one.as_ref()),
                median(two.as_ref()),
                spread(ratio.as_ref()),
                bar.text(),
                bar.met(ratio.as_ref()),
            ]);
        }
    }
    grid.end()
}

pub(super) fn many_models(numbers: &Numbers) -> String {
    let note = "Sixteen StateNet-GRUs, one for each neuron of the simulated recording, fitted for two epochs on two threads, \
        milliseconds: one after the other by `Fitter::fit`, and side by side by `fit_many`, which gives the same bits.";
    let mut grid =
        Grid::new("Many models at once", note, &["one by one", "side by side", "faster by", "bar", "met"]);
    let (one_by_one, side_by_side) =
        (numbers.ours("many one by one K16", 1, 2), numbers.ours("many side by side K16", 1, 2));
    let ratio = one_by_one.as_ref().zip(side_by_side.as_ref()).map(|(a, b)| a.with(b, |a, b| a / b));
    let bar = Bar::AtLeast(1.8);
    grid.row(&[
        median(one_by_one.as_ref()),
        median(side_by_side.as_ref()),
        spread(ratio.as_ref()),
        bar.text(),
        bar.met(ratio.as_ref()),
    ]);
    grid.end()
}

pub(super) fn long_clip(numbers: &Numbers) -> String {
    let (bins, ms) = (numbers.ours("long clip bins", 1, 1), numbers.ours("long clip statenet-gru", 1, 1));
    let said = match bins.zip(ms) {
        Some((bins, ms)) => format!(
            "One training step of StateNet-GRU on a clip of {} bins, in a thread with a stack of 2 MiB: {:.2} s.",
            bins.median(),
            ms.median() / 1e3
        ),
        None => "Not measured.".to_owned(),
    };
    format!("## A long clip\n\n{said}\n")
}
