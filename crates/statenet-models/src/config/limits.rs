//! How large a part of a model may be.

use candle_core::Shape;

use crate::error::{Result, config_error};

/// The most units, bands, bins and the like of any one kind. Far beyond what a model of neurons needs, and small enough
/// that the sizes that follow from two of them are numbers.
pub(crate) const MOST: usize = 1 << 20;

/// The most numbers in one parameter: 8 GB of f32.
const MOST_NUMBERS: usize = 1 << 31;

/// Refuses a size below `least` or above [`MOST`].
pub(crate) fn expect_size(field: &str, n: usize, least: usize) -> Result<()> {
    if (least..=MOST).contains(&n) {
        return Ok(());
    }
    Err(config_error(field, n, format!("{least} to {MOST}")))
}

/// How many numbers a parameter has; refuses what no machine would hold.
pub(crate) fn expect_numbers(name: &str, shape: &Shape) -> Result<usize> {
    let n = shape.dims().iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    n.filter(|n| *n <= MOST_NUMBERS).ok_or_else(|| {
        let got = format!("of shape {:?}", shape.dims());
        config_error(&format!("parameter {name}"), got, format!("{MOST_NUMBERS} numbers or fewer"))
    })
}
