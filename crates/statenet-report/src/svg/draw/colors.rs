//! Colours of lines, and colour maps.
//!
//! The colour maps interpolate a few colours in OKLab (Ottosson 2020), chosen such that lightness increases evenly
//! (sequential) or decreases evenly from a near-white middle to both ends (diverging).

use std::fmt;

/// An sRGB colour, printed as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Rgb(pub(crate) [u8; 3]);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([r, g, b]) = self;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

/// Text, axes and the recorded response.
pub(crate) const INK: Rgb = Rgb([0x22, 0x22, 0x22]);
/// Notes and tick labels.
pub(crate) const SOFT: Rgb = Rgb([0x55, 0x55, 0x55]);
/// Axis lines.
pub(crate) const AXIS: Rgb = Rgb([0x88, 0x88, 0x88]);
/// Grid lines.
pub(crate) const GRID: Rgb = Rgb([0xe4, 0xe4, 0xe4]);
/// Missing values.
pub(crate) const MISSING: Rgb = Rgb([0xb8, 0xb8, 0xb8]);

/// Colours of predictions and other series, in order; the first is for a single prediction.
const SERIES: [Rgb; 8] = [
    Rgb([0xd6, 0x27, 0x28]),
    Rgb([0x1f, 0x6f, 0xb4]),
    Rgb([0x2c, 0x8f, 0x4a]),
    Rgb([0x8b, 0x55, 0xb8]),
    Rgb([0xc9, 0x7b, 0x0a]),
    Rgb([0x10, 0x8f, 0x92]),
    Rgb([0xc2, 0x4a, 0x92]),
    Rgb([0x7a, 0x55, 0x3a]),
];

/// The colour of the n-th series, and whether it is dashed, as it is once all colours are used.
pub(crate) fn series(n: usize) -> (Rgb, bool) {
    (SERIES[n % SERIES.len()], n / SERIES.len() % 2 == 1)
}

/// A map from numbers to colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorMap {
    /// Dark to light, for levels such as those of a cochleagram.
    Sequential,
    /// Blue, near-white at 0, red, for signed values such as receptive fields and gradient maps.
    Diverging,
}

impl ColorMap {
    const fn controls(self) -> &'static [[u8; 3]] {
        match self {
            Self::Sequential => &[
                [0x06, 0x04, 0x12],
                [0x33, 0x10, 0x5c],
                [0x75, 0x1d, 0x7d],
                [0xb9, 0x33, 0x77],
                [0xee, 0x60, 0x5c],
                [0xfd, 0xa4, 0x6e],
                [0xfb, 0xf6, 0xc4],
            ],
            Self::Diverging => &[
                [0x0c, 0x36, 0x70],
                [0x2f, 0x79, 0xb9],
                [0x97, 0xc6, 0xe1],
                [0xf8, 0xf7, 0xf5],
                [0xf5, 0xb3, 0x95],
                [0xcc, 0x4b, 0x43],
                [0x74, 0x08, 0x22],
            ],
        }
    }

    /// The colour at a position from 0 to 1.
    pub(crate) fn at(self, place: f64) -> Rgb {
        let controls = self.controls();
        let along = place.clamp(0.0, 1.0) * (controls.len() - 1) as f64;
        let below = (along.floor() as usize).min(controls.len() - 2);
        let part = along - below as f64;
        let (a, b) = (to_oklab(controls[below]), to_oklab(controls[below + 1]));
        from_oklab([0, 1, 2].map(|i| a[i] + (b[i] - a[i]) * part))
    }
}

const TO_LMS: [[f64; 3]; 3] = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const TO_LAB: [[f64; 3]; 3] = [
    [0.210_454_255_3, 0.793_617_785, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766],
];
const FROM_LAB: [[f64; 3]; 3] = [
    [1.0, 0.396_337_777_4, 0.215_803_757_3],
    [1.0, -0.105_561_345_8, -0.063_854_172_8],
    [1.0, -0.089_484_177_5, -1.291_485_548],
];
const FROM_LMS: [[f64; 3]; 3] = [
    [4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2],
    [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5],
    [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701],
];

fn product(matrix: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|i| matrix[i][0] * v[0] + matrix[i][1] * v[1] + matrix[i][2] * v[2])
}

fn to_oklab(rgb: [u8; 3]) -> [f64; 3] {
    let linear = rgb.map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    product(&TO_LAB, product(&TO_LMS, linear).map(f64::cbrt))
}

fn from_oklab(lab: [f64; 3]) -> Rgb {
    let linear = product(&FROM_LMS, product(&FROM_LAB, lab).map(|x| x * x * x));
    Rgb(linear.map(|c| {
        let c = c.clamp(0.0, 1.0);
        let c = if c <= 0.003_130_8 { c * 12.92 } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
        (c * 255.0).round() as u8
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lightness(map: ColorMap, i: usize) -> f64 {
        to_oklab(map.at(i as f64 / 100.0).0)[0]
    }

    #[test]
    fn sequential_lightness_rises_and_diverging_falls_from_the_middle() {
        for i in 0..100 {
            assert!(lightness(ColorMap::Sequential, i) < lightness(ColorMap::Sequential, i + 1), "{i}");
            let rises = lightness(ColorMap::Diverging, i) < lightness(ColorMap::Diverging, i + 1);
            assert_eq!(rises, i < 50, "{i}");
        }
    }

    #[test]
    fn control_colours_are_hit_and_ends_clamped() {
        assert_eq!(ColorMap::Diverging.at(0.5).to_string(), "#f8f7f5");
        assert_eq!(ColorMap::Sequential.at(-1.0), ColorMap::Sequential.at(0.0));
        assert_eq!(ColorMap::Sequential.at(2.0).to_string(), "#fbf6c4");
    }

    #[test]
    fn series_differ_by_colour_then_by_dash() {
        assert_eq!(series(0).0.to_string(), "#d62728");
        assert_eq!(series(0).0, series(8).0);
        assert!(!series(7).1 && series(8).1);
    }
}
