//! Responses in bins, moved relative to the sound.

use ndarray::{Array, ArrayView, Axis, Dimension, Slice};
use statenet_core::TimeBin;

/// Responses whose last axis is time, moved later by the nearest number of bins; NaN where nothing was recorded.
pub(crate) fn shifted<D: Dimension>(
    values: ArrayView<'_, f32, D>,
    shift_ms: f64,
    dt: TimeBin,
) -> Array<f32, D> {
    let shift = (shift_ms / dt.ms()).round();
    let time = Axis(values.ndim().saturating_sub(1));
    let n_bins = values.len_of(time);
    let bins = shift.abs().min(n_bins as f64) as usize;
    let (to, from) = if shift > 0.0 { (bins, 0) } else { (0, bins) };
    let kept = n_bins - bins;
    let mut moved = Array::from_elem(values.raw_dim(), f32::NAN);
    moved
        .slice_axis_mut(time, Slice::from(to..to + kept))
        .assign(&values.slice_axis(time, Slice::from(from..from + kept)));
    moved
}
