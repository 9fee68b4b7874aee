//! A short hash of bytes (FNV-1a, 64 bit), the same on every platform, for names and for detecting changes. Not
//! cryptographic.

/// A running hash of bytes.
///
/// ```
/// use statenet_core::Digest;
/// assert_eq!(Digest::of(b"foobar").to_string(), "85944171f73967e8");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(OFFSET_BASIS)
    }
}

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Digest {
    /// The hash of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut digest = Self::default();
        digest.add(bytes);
        digest
    }

    /// A hash with another initial value for each `lane`, for several independent hashes of the same bytes.
    pub(crate) fn lane(lane: u64) -> Self {
        Self(OFFSET_BASIS ^ lane.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    }

    /// The hash as a number.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
