//! Seeds, and random streams by name.
//!
//! A stream is determined by a seed and a name. The initial weights of a layer therefore do not change when another layer is
//! added, and nothing depends on the order of calls or on a global generator. The hash, the generator (ChaCha, 20 rounds)
//! and the distributions are implemented here or pinned, so that a seed gives the same numbers on every platform.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// A seed for named random streams.
///
/// ```
/// use statenet_core::Seed;
/// let seed = Seed::new(0);
/// assert_ne!(seed.stream("a").next_u64(), seed.stream("b").next_u64());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(u64);

impl Seed {
    /// A seed from a number.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The random stream with a name: the same seed and name give the same numbers.
    #[must_use]
    pub fn stream(self, name: &str) -> RandomStream {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&self.0.to_le_bytes());
        for (i, lane) in key[8..].chunks_exact_mut(8).enumerate() {
            let mut digest = Digest::lane(i as u64);
            digest.add(name.as_bytes());
            lane.copy_from_slice(&digest.value().to_le_bytes());
        }
        RandomStream(ChaCha20Rng::from_seed(key))
    }

    /// A seed for a part of the work, such as a fold or an epoch; different for every name.
    #[must_use]
    pub fn child(self, name: &str) -> Self {
        Self(self.stream(name).next_u64())
    }
}

/// A reproducible sequence of random numbers.
#[derive(Clone, Debug)]
pub struct RandomStream(ChaCha20Rng);

impl RandomStream {
    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform on `[0, 1)`, a multiple of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform on `[low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Standard normal, by the cosine form of Box and Muller (1958); uses two numbers of the stream.
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.unit())
    }

    /// A whole number below `n`; 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        // The bias of at most n / 2^64 is too small to be detected in any sample.
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Poisson with this mean, by counting exponential intervals: exact, in time proportional to the mean.
    ///
    /// Returns 0 if the mean is not above 0.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let (mut count, mut elapsed) = (0, self.exponential());
        while elapsed < mean {
            count += 1;
            elapsed += self.exponential();
        }
        count
    }

    /// Shuffles in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_these_numbers_on_every_platform() {
        // Checked against an independent ChaCha20 and FNV-1a written in Python.
        let mut stream = Seed::new(42).stream("core.backbone.weight_hh_l0");
        assert_eq!(stream.next_u64(), 5_434_854_019_381_196_397);
    }

    #[test]
    fn names_and_seeds_give_unrelated_streams() {
        let first = |seed, name: &str| Seed::new(seed).stream(name).next_u64();
        let drawn =
            [first(0, "a"), first(0, "b"), first(1, "a"), first(0, ""), first(0, "ab"), first(0, "ba")];
        let distinct: std::collections::BTreeSet<_> = drawn.iter().collect();
        assert_eq!(distinct.len(), drawn.len());
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut stream = Seed::new(1).stream("moments");
        let n = 200_000;
        let mean = |draws: &mut dyn FnMut() -> f64| (0..n).map(|_| draws()).sum::<f64>() / f64::from(n);
        // Five standard errors of each mean.
        assert!((mean(&mut || stream.unit()) - 0.5).abs() < 5.0 * 0.289 / 447.0);
        assert!(mean(&mut || stream.normal()).abs() < 5.0 / 447.0);
        assert!((mean(&mut || stream.normal().powi(2)) - 1.0).abs() < 5.0 * 1.414 / 447.0);
        assert!((mean(&mut || f64::from(stream.poisson(2.5))) - 2.5).abs() < 5.0 * 1.58 / 447.0);
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<_> = (0..50).collect();
        Seed::new(3).stream("shuffle").shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
