//! Checking that a recording fits a model, or another recording.

use statenet_core::Axes;

use super::Recording;
use crate::error::{Error, Result};

impl Recording {
    /// Checks that this recording can be the input of a model with these axes: same dt, same number of bands and, where both
    /// are known, same band centres.
    ///
    /// # Errors
    /// [`Error::Dt`], [`Error::Axis`] or [`Error::BandCenters`].
    pub fn expect_input(&self, axes: &Axes) -> Result<()> {
        let recording = || self.name().to_owned();
        if !nearly(self.dt().ms(), axes.dt.ms()) {
            return Err(Error::Dt { recording: recording(), got: self.dt(), expected: axes.dt });
        }
        if self.n_bands() != axes.n_bands {
            let (got, expected) = (self.n_bands(), axes.n_bands);
            return Err(Error::Axis { recording: recording(), axis: "n_bands", got, expected });
        }
        for (band, (&got, &expected)) in self.bands().iter().zip(&axes.band_centers).enumerate() {
            if !nearly(got.hz(), expected.hz()) {
                return Err(Error::BandCenters { recording: recording(), band, got, expected });
            }
        }
        Ok(())
    }

    /// Checks as [`expect_input`](Self::expect_input), and that the numbers of neurons are equal.
    ///
    /// # Errors
    /// As [`expect_input`](Self::expect_input), and [`Error::Axis`] for another number of neurons.
    pub fn expect_axes(&self, axes: &Axes) -> Result<()> {
        self.expect_input(axes)?;
        if self.n_neurons() == axes.n_neurons {
            return Ok(());
        }
        let (got, expected) = (self.n_neurons(), axes.n_neurons);
        Err(Error::Axis { recording: self.name().to_owned(), axis: "n_neurons", got, expected })
    }
}

/// Equal up to rounding, as after a conversion to text or to another unit.
fn nearly(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs()
}
