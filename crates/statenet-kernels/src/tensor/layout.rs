//! The two orders in which sequences lie in memory.

/// How a (batch, channels, time) sequence lies in memory.
///
/// Convolutions and output curves run along contiguous time, recurrences along contiguous channels;
/// [`affine`](crate::affine) reads either and writes either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// (B, C, T): time is contiguous.
    ChannelsFirst,
    /// (B, T, C): channels are contiguous.
    TimeFirst,
}

impl Layout {
    /// The shape of a sequence of `batch` stimuli, `channels` channels and `time` bins in this layout.
    #[must_use]
    pub const fn shape(self, batch: usize, channels: usize, time: usize) -> (usize, usize, usize) {
        match self {
            Self::ChannelsFirst => (batch, channels, time),
            Self::TimeFirst => (batch, time, channels),
        }
    }

    /// Distance in memory of neighbouring (channels, bins) of one stimulus that lies contiguously.
    pub(crate) const fn strides(self, channels: usize, time: usize) -> (usize, usize) {
        match self {
            Self::ChannelsFirst => (time, 1),
            Self::TimeFirst => (1, channels),
        }
    }
}
