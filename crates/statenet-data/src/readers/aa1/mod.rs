//! The releases aa-1 and aa-2 of CRCNS: songbirds (Theunissen lab), and a folder in the same layout for a single unit.
//!
//! ```text
//! aa-1/                                     aa-2/
//!   Field_L_cells/UNIT/CLASS/stimI, spikeI    all_cells/UNIT/CLASS/stimI, spikeI
//!   MLd_cells/UNIT/CLASS/stimI, spikeI        all_stims/NAME.wav
//!   all_stims/CLASS/NAME.wav                  cell_regions.csv
//! ```
//! `stimI` names a sound file of `all_stims`; `spikeI` has a line for each repeat with spike times in ms from the onset of the sound, negative
//! before it. A class is conspecific (song), flatrip or songrip (ripples). A single unit is a folder of `stimI.wav` and `spikeI`.

mod release;
mod repeats;
mod single;

use std::path::Path;

use crate::{
    error::{Error, Result},
    raw::RawRecording,
};

/// Which units and sounds of a release to read.
///
/// The default is all of them. A unit of the area `L` or `Field_L` is also one of L1, L2a, L2b or L3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aa1Options {
    /// Areas, such as `MLd`, `Field_L`, `OV`, `CM`; empty for all.
    pub areas: Vec<String>,
    /// Classes of sounds, such as `conspecific`; empty for all.
    pub classes: Vec<String>,
}

/// Reads a release aa-1 or aa-2, or the folder of a single unit. Neurons have the metadata `area` and `animal`.
///
/// What is missing is listed: a class that others of the area have, spikes of a stimulus, sounds. A stimulus without its sound is left out.
///
/// # Errors
/// [`Error::NoFile`] for a folder of another kind; [`Error::Empty`] if no unit is in the areas; [`Error::TableValue`] for a spike time that is
/// no number; [`Error::Io`].
pub fn read(folder: impl AsRef<Path>, options: &Aa1Options) -> Result<RawRecording> {
    let folder = folder.as_ref();
    if single::is_single(folder) {
        return single::read(folder);
    }
    let cells = release::cells(folder)?;
    if cells.is_empty() {
        return Err(Error::NoFile {
            folder: folder.to_path_buf(),
            expected: "MLd_cells, Field_L_cells or all_cells with all_stims, nor stim1.wav with spike1: a release of CRCNS aa-1 or aa-2",
        });
    }
    release::read(folder, cells, options)
}
