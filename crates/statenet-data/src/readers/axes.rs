//! Arrays whose axes are in any stated order, cut into stimuli.

use std::fmt;

use ndarray::{Array2, Array3, ArrayD, Axis, Ix2, Ix3};

use crate::error::{Error, Result};

/// The order of an array's axes, a letter each: `s` stimuli, `n` neurons, `r` repeats, `t` time; `f` bands, of cochleagrams.
///
/// ```
/// use ndarray::{ArrayD, array};
/// use statenet_data::readers::AxisOrder;
///
/// // Three bins of two neurons, one repeat: as (T, N) in the file, (N, R, T) here.
/// let order = AxisOrder::of_responses("tn")?;
/// let in_file: ArrayD<f32> = array![[1., 4.], [2., 5.], [3., 6.]].into_dyn();
/// let responses = order.responses("spk", in_file)?;
/// assert_eq!(responses, [array![[[1., 2., 3.]], [[4., 5., 6.]]]]);
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxisOrder(String);

impl AxisOrder {
    /// The order of responses: `t`, and some of `s`, `n` and `r`.
    ///
    /// # Errors
    /// [`Error::AxisOrder`] for other letters, one twice, or none for time.
    pub fn of_responses(text: &str) -> Result<Self> {
        const EXPECTED: &str = "letters for the axes in their order, each once: t (time), and where they are there n (neurons), r (repeats), s (stimuli)";
        Self::new("the responses", text, "snrt", EXPECTED)
    }

    /// The order of cochleagrams: `t`, and some of `s` and `f`.
    ///
    /// # Errors
    /// [`Error::AxisOrder`] for other letters, one twice, or none for time.
    pub fn of_cochleagrams(text: &str) -> Result<Self> {
        const EXPECTED: &str = "letters for the axes in their order, each once: t (time), and where they are there f (bands), s (stimuli)";
        Self::new("the cochleagrams", text, "sft", EXPECTED)
    }

    fn new(array: &str, text: &str, letters: &str, expected: &str) -> Result<Self> {
        let once = |letter: char| text.matches(letter).count() == 1;
        if text.chars().all(|letter| letters.contains(letter) && once(letter)) && text.contains('t') {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::AxisOrder {
            array: array.to_owned(),
            text: text.to_owned(),
            expected: expected.to_owned(),
        })
    }

    /// Number of axes.
    #[must_use]
    pub fn n_axes(&self) -> usize {
        self.0.len()
    }

    /// Whether there is an axis of this letter.
    #[must_use]
    pub fn has(&self, letter: char) -> bool {
        self.0.contains(letter)
    }

    /// The same order without an axis.
    #[must_use]
    pub fn without(&self, letter: char) -> Self {
        Self(self.0.replace(letter, ""))
    }

    /// Responses `(N, R, T)` to each stimulus; axes that the array lacks have length 1.
    ///
    /// `array` is the array's name in errors.
    ///
    /// # Errors
    /// [`Error::AxisCount`] for another number of axes.
    pub fn responses(&self, array: &str, values: ArrayD<f32>) -> Result<Vec<Array3<f32>>> {
        let values = self.in_order(array, values, "snrt")?;
        let of_stimuli = values.outer_iter().filter_map(|one| one.into_dimensionality::<Ix3>().ok());
        Ok(of_stimuli.map(|one| one.as_standard_layout().into_owned()).collect())
    }

    /// The cochleagram `(F, T)` of each stimulus; axes that the array lacks have length 1.
    ///
    /// # Errors
    /// As [`responses`](Self::responses).
    pub fn cochleagrams(&self, array: &str, values: ArrayD<f32>) -> Result<Vec<Array2<f32>>> {
        let values = self.in_order(array, values, "sft")?;
        let of_stimuli = values.outer_iter().filter_map(|one| one.into_dimensionality::<Ix2>().ok());
        Ok(of_stimuli.map(|one| one.as_standard_layout().into_owned()).collect())
    }

    /// The array with an axis for each of these letters, in their order.
    fn in_order(&self, array: &str, mut values: ArrayD<f32>, letters: &str) -> Result<ArrayD<f32>> {
        if values.ndim() != self.n_axes() {
            return Err(Error::AxisCount {
                array: array.to_owned(),
                got: values.shape().to_vec(),
                order: self.0.clone(),
            });
        }
        let mut order = self.0.clone();
        for letter in letters.chars().filter(|&letter| !self.has(letter)) {
            values = values.insert_axis(Axis(order.len()));
            order.push(letter);
        }
        let axes: Vec<usize> = letters.chars().filter_map(|letter| order.find(letter)).collect();
        Ok(values.permuted_axes(axes))
    }
}

impl fmt::Display for AxisOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array4, array};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_letters_are_checked() {
        for text in ["nrt", "t", "trns"] {
            assert_eq!(AxisOrder::of_responses(text).unwrap().to_string(), text);
        }
        for text in ["", "nr", "nrtt", "nrx", "nft", "NRT", "tµ"] {
            assert!(AxisOrder::of_responses(text).is_err(), "{text}");
        }
        let error = AxisOrder::of_cochleagrams("fn").unwrap_err().to_string();
        assert_eq!(
            error,
            "the axes of the cochleagrams are \"fn\", expected letters for the axes in their order, each once: t (time), and where they are there f (bands), s (stimuli)"
        );
    }

    #[test]
    fn another_number_of_axes_is_an_error() {
        let order = AxisOrder::of_responses("nrt").unwrap();
        let error = order.responses("spk", ArrayD::zeros(vec![2, 3])).unwrap_err();
        assert_eq!(error.to_string(), "spk has shape [2, 3], expected 3 axes, as the letters nrt say");
    }

    #[test]
    fn cochleagrams_are_cut_by_stimulus() {
        let order = AxisOrder::of_cochleagrams("stf").unwrap();
        let values = array![[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]].into_dyn();
        let cut = order.cochleagrams("stim", values).unwrap();
        assert_eq!(cut, [array![[1.0, 3.0], [2.0, 4.0]], array![[5.0, 7.0], [6.0, 8.0]]]);
    }

    proptest! {
        #[test]
        fn every_order_gives_the_same_responses(order in Just("snrt".chars().collect::<Vec<_>>()).prop_shuffle()) {
            let values = Array4::from_shape_fn((2, 3, 4, 5), |(s, n, r, t)| (s * 1000 + n * 100 + r * 10 + t) as f32);
            let at = |letter: &char| "snrt".find(*letter).unwrap();
            let in_file = values.clone().into_dyn().permuted_axes(order.iter().map(at).collect::<Vec<_>>());
            let text: String = order.iter().collect();
            let got = AxisOrder::of_responses(&text).unwrap().responses("spk", in_file).unwrap();
            prop_assert_eq!(got.len(), 2);
            for (got, expected) in got.iter().zip(values.outer_iter()) {
                prop_assert_eq!(got, &expected);
            }
        }
    }
}
