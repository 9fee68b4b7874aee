//! How far back a stage or a model looks.

/// How far back in time a model's response can depend on its stimulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Memory {
    /// The response depends on this many frames, the current one included.
    Frames(usize),
    /// The model has a recurrent state: no bound.
    Unbounded,
}

impl Memory {
    /// Bins of `hop` samples that a window of `reach` samples meets, if it ends where a bin ends.
    pub(crate) fn of_samples(reach: usize, hop: usize) -> Self {
        Self::Frames(reach.div_ceil(hop))
    }

    /// Memory of one stage behind another: windows of a and b frames see a + b - 1.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Frames(a), Self::Frames(b)) => Self::Frames((a + b).saturating_sub(1)),
            _ => Self::Unbounded,
        }
    }
}
