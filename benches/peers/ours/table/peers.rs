//! Tables of comparisons with PyTorch, the reference and candle_nn.

use super::{
    grid::{Bar, Grid, median, spread},
    numbers::{Numbers, Sample},
};
use crate::bench::BATCHES;

const COLUMNS: [&str; 7] = ["", "batch", "ours", "theirs", "ratio (over rounds)", "bar", "met"];

/// A row with the ratio of their time to ours.
fn row(grid: &mut Grid, what: &str, batch: usize, ours: Option<Sample>, theirs: Option<Sample>, bar: Bar) {
    let ratio = ours.as_ref().zip(theirs.as_ref()).map(|(ours, theirs)| theirs.with(ours, |a, b| a / b));
    let (ours, theirs) = (ours.as_ref(), theirs.as_ref());
    grid.row(&[
        what.to_owned(),
        batch.to_string(),
        median(ours),
        median(theirs),
        spread(ratio.as_ref()),
        bar.text(),
        bar.met(ratio.as_ref()),
    ]);
}

/// Names, gates per unit, and the requirements at both batch sizes.
const RECURRENCES: [(&str, usize, [f64; 2]); 3] =
    [("GRU", 3, [40.0, 10.0]), ("RNN", 1, [20.0, 6.0]), ("LSTM", 4, [1.3, 2.0])];

pub(super) fn recurrences(numbers: &Numbers) -> String {
    let note = "Forward and backward, one thread, T999, H70, 70 inputs, milliseconds; theirs is PyTorch's `torch.nn`.\n\
        *Module* is what `nn.GRU` and its like compute: the product that makes the gates, then the recurrence. *Alone* is \
        without that product; PyTorch has no such call, so its product, timed alone, is taken off.";
    let mut grid = Grid::new("Recurrences", note, &COLUMNS);
    for (name, n_gates, bars) in RECURRENCES {
        for (batch, bar) in BATCHES.into_iter().zip(bars) {
            let bar = Bar::AtLeast(bar);
            let module = numbers.theirs(&format!("module {name}"), batch, 1);
            let product = numbers.theirs(&format!("product {n_gates}"), batch, 1);
            let alone = module.as_ref().zip(product).map(|(m, p)| m.with(&p, |m, p| m - p));
            row(
                &mut grid,
                &format!("{name}, module"),
                batch,
                numbers.ours(&format!("module {name}"), batch, 1),
                module,
                bar,
            );
            row(
                &mut grid,
                &format!("{name}, alone"),
                batch,
                numbers.ours(&format!("recurrence {name}"), batch, 1),
                alone,
                bar,
            );
        }
    }
    grid.end()
}

pub(super) fn candle(numbers: &Numbers) -> String {
    let note = "The same modules, theirs being `candle_nn::rnn`, unrolled.";
    let mut grid = Grid::new("Recurrences beside candle_nn", note, &COLUMNS);
    for name in ["GRU", "LSTM"] {
        for batch in BATCHES {
            let theirs = numbers.ours(&format!("candle_nn module {name}"), batch, 1);
            row(&mut grid, name, batch, numbers.ours(&format!("module {name}"), batch, 1), theirs, Bar::None);
        }
    }
    grid.end()
}

pub(super) fn maps(numbers: &Numbers) -> String {
    let note = "StateNet-GRU at the null stimulus, L200 (one second), F34, N119, one thread, milliseconds for the maps of all \
        neurons. Theirs is `STRF_gradmap` of the published package.";
    let mut grid = Grid::new("Gradient maps", note, &COLUMNS);
    let what = "maps statenet-gru";
    row(
        &mut grid,
        "statenet-gru",
        1,
        numbers.ours(what, 1, 1),
        numbers.theirs(what, 1, 1),
        Bar::AtLeast(20.0),
    );
    grid.end()
}

pub(super) fn ceilings(numbers: &Numbers) -> String {
    let note = "CCnorm with the ceiling of Hsu et al. (2004) from 126 half splits, S3, N119, R20, T999, one thread, milliseconds. Theirs is \
        `normalized_corrcoef` of the published package with `hsu`, once in a round; ours draws the splits at random, theirs are the first in \
        lexicographic order.";
    let mut grid = Grid::new("Noise ceilings", note, &COLUMNS);
    let what = "ceiling hsu";
    row(&mut grid, "Hsu", 1, numbers.ours(what, 1, 1), numbers.theirs(what, 1, 1), Bar::AtLeast(50.0));
    grid.end()
}

/// Models, and the requirements at both batch sizes.
const MODELS: [(&str, [f64; 2]); 11] = [
    ("statenet-gru", [18.0, 6.0]),
    ("statenet-rnn", [8.0, 5.0]),
    ("statenet-lstm", [2.0, 3.0]),
    ("statenet-lmu", [25.0, 8.0]),
    ("statenet-mamba", [10.0, 25.0]),
    ("linear", [1.0, 1.0]),
    ("ln", [1.0, 1.0]),
    ("nrf", [1.0, 1.0]),
    ("dnet", [1.0, 1.0]),
    ("cnn2d", [2.0, 2.0]),
    ("transformer", [2.0, 2.0]),
];

pub(super) fn steps(numbers: &Numbers) -> String {
    let note = "Forward, MSE, backward, AdamW; one thread, F34, T999, N119, receptive fields of 9 bins, milliseconds. Ours \
        also masks the loss, checks that it is a number and measures the gradient norm, as the fitter does. Theirs is the \
        published package (deepSTRF 0.1.0), run as it is.";
    let mut grid = Grid::new("Whole training steps", note, &COLUMNS);
    for (name, bars) in MODELS {
        for (batch, bar) in BATCHES.into_iter().zip(bars) {
            let what = format!("step {name}");
            let (ours, theirs) = (numbers.ours(&what, batch, 1), numbers.theirs(&what, batch, 1));
            row(&mut grid, name, batch, ours, theirs, Bar::AtLeast(bar));
        }
    }
    grid.end()
}

pub(super) fn memory(numbers: &Numbers) -> String {
    let note = "Peak of one training step above what the process held before it, MiB; T999, N119, a fresh process for each, \
        after a step on 20 bins.";
    let mut grid = Grid::new("Memory", note, &COLUMNS);
    let mib = |sample: Sample| sample.map(|bytes| bytes / f64::from(1 << 20));
    for (name, _) in MODELS {
        for batch in BATCHES {
            let what = format!("memory {name}");
            let (ours, theirs) = (numbers.ours(&what, batch, 1), numbers.theirs(&what, batch, 1));
            let bar = if batch == 1 { Bar::None } else { Bar::AtLeast(2.0) };
            row(&mut grid, name, batch, ours.map(mib), theirs.map(mib), bar);
        }
    }
    grid.end()
}
