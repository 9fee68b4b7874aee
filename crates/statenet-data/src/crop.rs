//! Random crops: of each stimulus a part at a random place, for a step of training.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use statenet_core::Seed;

use crate::error::{Error, Result};

/// How stimuli are cropped in training: to `length` bins at a random place, before which `warm_up` bins are heard that do not count.
///
/// A model starts each crop without a past, as it starts a stimulus. In the warm-up bins its state takes up the sound before the crop; they
/// are masked, so that no loss counts them. A crop at the start of a stimulus has the warm-up that there is. A stimulus of `length` bins or
/// fewer is taken whole.
///
/// Every place at which a crop fits is equally likely: bins near the ends of a stimulus are in fewer crops than those in the middle. In each epoch
/// a stimulus gives one crop.
///
/// ```
/// use statenet_data::Crop;
/// let crop = Crop { length: 200, warm_up: 50 };
/// assert_eq!(crop.longest(1000), 250);
/// assert_eq!(crop.longest(120), 120);
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crop {
    /// Bins of a crop that count, at least 1.
    pub length: usize,
    /// Bins before them that are heard and do not count.
    #[serde(default)]
    pub warm_up: usize,
}

/// A crop of one stimulus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cropped {
    /// The bins that are heard.
    pub(crate) heard: Range<usize>,
    /// How many of them, the first, do not count.
    pub(crate) warm_up: usize,
}

impl Crop {
    /// Checks that a crop has bins.
    ///
    /// # Errors
    /// [`Error::Setting`] for a length of 0.
    pub fn validate(&self) -> Result<()> {
        if self.length > 0 {
            return Ok(());
        }
        Err(Error::Setting {
            setting: "length of a crop",
            got: "0 bins".to_owned(),
            expected: "1 bin or more",
        })
    }

    /// The most bins that are heard of a stimulus of `n_bins` bins.
    #[must_use]
    pub fn longest(&self, n_bins: usize) -> usize {
        if n_bins <= self.length { n_bins } else { self.length.saturating_add(self.warm_up).min(n_bins) }
    }

    /// The crop of a stimulus in an epoch; `None` if it is taken whole. It depends on nothing but the arguments, so that a fit that is resumed goes
    /// on with the same crops.
    pub(crate) fn of(&self, n_bins: usize, seed: Seed, epoch: usize, stimulus: usize) -> Option<Cropped> {
        let last = n_bins.checked_sub(self.length).filter(|&last| last > 0)?;
        let first = seed.stream(&format!("epoch.{epoch}.crop.{stimulus}")).below(last + 1);
        let warm_up = self.warm_up.min(first);
        Some(Cropped { heard: first - warm_up..first + self.length, warm_up })
    }
}
