//! A matrix as coloured cells: as rectangles if there are few, else as an embedded PNG with one pixel per cell.

use std::{collections::BTreeMap, fmt::Write};

use ndarray::{Array2, ArrayView2};

use super::{
    canvas::Canvas,
    colors::{ColorMap, MISSING, Rgb},
    geometry::Rect,
    png,
    range::Range,
};

/// Up to this many cells are drawn as rectangles.
const FEW: usize = 256;
/// Number of colours; one more is for missing values.
const LEVELS: usize = 255;

/// Draws a matrix into a box, row 0 at the top. If cells would be smaller than half a px, neighbours are averaged.
pub(crate) fn draw(canvas: &mut Canvas, r: Rect, values: ArrayView2<'_, f64>, limits: Range, map: ColorMap) {
    let values = merge(values, (r.height * 2.0) as usize, (r.width * 2.0) as usize);
    let (rows, columns) = values.dim();
    if rows == 0 || columns == 0 {
        return;
    }
    let levels = values.mapv(|v| level(v, limits));
    if values.len() <= FEW {
        canvas.in_cells(r, columns, rows, |markup| {
            for (level, d) in outlines(levels.view()) {
                markup.empty("path", &[("fill", &color(level, map)), ("d", &d)]);
            }
        });
    } else {
        let palette: Vec<Rgb> = (0..=255).map(|level| color(level, map)).collect();
        let pixels: Vec<u8> = levels.iter().copied().collect();
        canvas.image(r, &png::data_uri(columns, &pixels, &palette));
    }
}

/// Draws a bar of all colours, lowest at the bottom.
pub(crate) fn draw_color_bar(canvas: &mut Canvas, r: Rect, map: ColorMap) {
    let palette: Vec<Rgb> = (0..64).map(|i| map.at(1.0 - f64::from(i) / 63.0)).collect();
    let pixels: Vec<u8> = (0..64).collect();
    canvas.image(r, &png::data_uri(1, &pixels, &palette));
}

/// The index of a colour: 0 to 254 between the limits, 255 for a missing value.
fn level(value: f64, limits: Range) -> u8 {
    if value.is_finite() { (limits.place(value) * (LEVELS - 1) as f64).round() as u8 } else { LEVELS as u8 }
}

fn color(level: u8, map: ColorMap) -> Rgb {
    if usize::from(level) == LEVELS { MISSING } else { map.at(f64::from(level) / (LEVELS - 1) as f64) }
}

/// For each colour the path of its rectangles, of height 1, with neighbours in a row joined.
fn outlines(levels: ArrayView2<'_, u8>) -> BTreeMap<u8, String> {
    let mut paths: BTreeMap<u8, String> = BTreeMap::new();
    for (y, row) in levels.rows().into_iter().enumerate() {
        let cells: Vec<u8> = row.iter().copied().collect();
        let mut x = 0;
        for run in cells.chunk_by(|a, b| a == b) {
            if let Some(&level) = run.first() {
                let n = run.len();
                // Writing to a string does not fail.
                let _ = write!(paths.entry(level).or_default(), "M{x} {y}h{n}v1h-{n}z");
            }
            x += run.len();
        }
    }
    paths
}

/// Reduces a matrix to at most `max_rows` by `max_columns` cells, each the mean of the finite values in a block.
fn merge(values: ArrayView2<'_, f64>, max_rows: usize, max_columns: usize) -> Array2<f64> {
    let (rows, columns) = values.dim();
    let block_rows = rows.div_ceil(max_rows.max(1)).max(1);
    let block_columns = columns.div_ceil(max_columns.max(1)).max(1);
    if block_rows == 1 && block_columns == 1 {
        return values.to_owned();
    }
    // The last block may be smaller; its cell is then too wide by less than half a px.
    Array2::from_shape_fn((rows.div_ceil(block_rows), columns.div_ceil(block_columns)), |(i, j)| {
        let (mut sum, mut n) = (0.0, 0);
        for r in i * block_rows..((i + 1) * block_rows).min(rows) {
            for c in j * block_columns..((j + 1) * block_columns).min(columns) {
                let v = values[[r, c]];
                if v.is_finite() {
                    n += 1;
                    sum += (v - sum) / f64::from(n);
                }
            }
        }
        if n > 0 { sum } else { f64::NAN }
    })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn equal_neighbours_are_one_rectangle() {
        let paths = outlines(array![[3, 3, 255], [3, 7, 7]].view());
        assert_eq!(paths[&3], "M0 0h2v1h-2zM0 1h1v1h-1z");
        assert_eq!(paths[&255], "M2 0h1v1h-1z");
        assert_eq!(paths[&7], "M1 1h2v1h-2z");
    }

    #[test]
    fn merging_averages_what_exists() {
        let merged = merge(array![[1.0, 3.0, f64::NAN, 5.0, 6.0]].view(), 1, 3);
        assert_eq!(merged, array![[2.0, 5.0, 6.0]]);
        let nothing = merge(array![[f64::NAN, f64::NAN]].view(), 1, 1);
        assert!(nothing[[0, 0]].is_nan());
    }

    #[test]
    fn values_outside_the_limits_take_the_end_colours() {
        let limits = Range::new(0.0, 1.0);
        assert_eq!([-1.0, 0.0, 0.5, 9.0, f64::NAN].map(|v| level(v, limits)), [0, 0, 127, 254, 255]);
    }
}
