//! How sounds in different parts of a split are alike.

use super::part::Part;

/// How two sounds are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Likeness {
    /// Every value is the same.
    Equal,
    /// The shorter is a part of the longer, by value.
    Part,
    /// They correlate over an overlap.
    Correlated {
        /// Pearson's correlation over the overlap, bands centred.
        r: f64,
        /// Bins of the overlap.
        bins: usize,
    },
}

impl std::fmt::Display for Likeness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Equal => f.write_str("have the same values"),
            Self::Part => f.write_str("share all bins of the shorter one"),
            Self::Correlated { r, bins } => write!(f, "correlate at {r:.5} over {bins} bins"),
        }
    }
}

/// Two stimuli in different parts of a split whose sounds are alike.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarSounds {
    /// The name of a stimulus.
    pub first: String,
    /// Its part.
    pub first_part: Part,
    /// The name of a stimulus whose sound is alike.
    pub second: String,
    /// Its part.
    pub second_part: Part,
    /// How they are alike.
    pub likeness: Likeness,
}

impl std::fmt::Display for SimilarSounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { first, first_part, second, second_part, likeness } = self;
        write!(
            f,
            "the sounds of stimulus {first} in the {first_part} part and stimulus {second} in the {second_part} part {likeness}"
        )
    }
}
