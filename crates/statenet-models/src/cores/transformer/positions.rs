//! Where a bin is: sines and cosines added to it, or turns of its queries and keys.
//!
//! ```text
//! w_i = 10000^(-2i/D)
//! sinusoidal  x[2i] += sin(p w_i)   x[2i+1] += cos(p w_i)             p the bin's number
//! rotary      (y[2i], y[2i+1]) = (x[2i], x[2i+1]) turned by p w_i     D that of a head
//! ```

use candle_core::{Device, Tensor};
use statenet_kernels::{Step, StepSizes};

use crate::{
    error::{During, Error, Result},
    model::state::State,
};

/// w_i for D = n.
pub(crate) fn rates(n: usize) -> Vec<f64> {
    (0..n / 2).map(|i| libm::pow(10_000.0, -2.0 * i as f64 / n as f64)).collect()
}

/// Sine and cosine of every rate at a position.
fn turns(rates: &[f64], position: f64) -> impl Iterator<Item = (f64, f64)> {
    rates.iter().map(move |rate| (libm::sin(position * rate), libm::cos(position * rate)))
}

/// Bins so far, (B, 1): all streams of a state have heard the same number.
///
/// # Errors
/// [`Error::State`] for what is no count, or not the same for all.
pub(super) fn count(state: &State, name: &str, batch: usize) -> Result<usize> {
    let counted = state.get(name, &[batch, 1])?;
    /// Beyond it numbers are no longer exact.
    const MOST: f64 = 1e15;
    let counts = counted.to_dtype(candle_core::DType::F64).and_then(|c| c.flatten_all()?.to_vec1::<f64>());
    let counts = counts.during("reading a position")?;
    let first = counts.first().copied().unwrap_or(0.0);
    if (0.0..=MOST).contains(&first) && first.fract() == 0.0 && counts.iter().all(|n| *n == first) {
        return Ok(first as usize);
    }
    let expected = "the same whole number of bins for each stream".to_owned();
    Err(Error::State { name: name.to_owned(), got: format!("{counts:?}"), expected })
}

pub(super) fn set_count(state: &mut State, name: &str, batch: usize, n: usize, like: &Tensor) -> Result<()> {
    let counted = Tensor::full(n as f64, (batch, 1), &Device::Cpu)
        .and_then(|c| c.to_dtype(like.dtype())?.to_device(like.device()));
    state.set(name, &counted.during("counting bins")?);
    Ok(())
}

/// Sinusoidal positions.
pub(super) struct Sinusoids {
    rates: Vec<f64>,
    name: String,
}

impl Sinusoids {
    pub(super) fn new(units: usize, name: String) -> Self {
        Self { rates: rates(units), name }
    }

    pub(super) fn init_state(&self, batch: usize, like: &Tensor, state: &mut State) -> Result<()> {
        set_count(state, &self.name, batch, 0, like)
    }

    /// (B, D, T).
    pub(super) fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let (batch, units, n_bins) = x.dims3().during("reading units")?;
        let start = count(state, &self.name, batch)?;
        let mut table = vec![0f64; units * n_bins];
        for t in 0..n_bins {
            for (i, (sin, cos)) in turns(&self.rates, (start + t) as f64).enumerate() {
                table[2 * i * n_bins + t] = sin;
                table[(2 * i + 1) * n_bins + t] = cos;
            }
        }
        let added = Tensor::from_vec(table, (1, units, n_bins), &Device::Cpu)
            .and_then(|table| x.broadcast_add(&table.to_dtype(x.dtype())?.to_device(x.device())?));
        set_count(state, &self.name, batch, start + n_bins, x)?;
        added.during("adding positions")
    }

    pub(super) fn step(&self) -> Box<dyn Step> {
        Box::new(SinusoidsStep(self.rates.clone()))
    }
}

/// One bin; the state is its number.
struct SinusoidsStep(Vec<f64>);

impl Step for SinusoidsStep {
    fn name(&self) -> &'static str {
        "positions"
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: 2 * self.0.len(), state: 1, outputs: 2 * self.0.len() }
    }

    fn multiplications(&self) -> u64 {
        // Positions are added.
        0
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let pairs = input.chunks_exact(2).zip(output.chunks_exact_mut(2));
        for ((x, y), (sin, cos)) in pairs.zip(turns(&self.0, f64::from(state[0]))) {
            y[0] = x[0] + sin as f32;
            y[1] = x[1] + cos as f32;
        }
        state[0] += 1.0;
    }
}

/// Rotary positions of heads of `depth` numbers.
pub(super) struct Rotary {
    rates: Vec<f64>,
}

impl Rotary {
    pub(super) fn new(depth: usize) -> Self {
        Self { rates: rates(depth) }
    }

    /// Cosine and sine of the angles of `n_bins` bins, the first of which is number `start`, (T, D / 2, 2).
    pub(super) fn turns(&self, start: usize, n_bins: usize, like: &Tensor) -> candle_core::Result<Tensor> {
        let of_bin = |t: usize| turns(&self.rates, (start + t) as f64).flat_map(|(sin, cos)| [cos, sin]);
        let table: Vec<f64> = (0..n_bins).flat_map(of_bin).collect();
        let table = Tensor::from_vec(table, (n_bins, self.rates.len(), 2), &Device::Cpu)?;
        table.to_dtype(like.dtype())?.to_device(like.device())
    }

    /// (B, heads, T, D) turned by what [`Self::turns`] gives.
    pub(super) fn turn(x: &Tensor, turns: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, heads, n_bins, depth) = x.dims4()?;
        let turns = turns.unsqueeze(0)?.unsqueeze(0)?;
        let (cos, sin) = (turns.narrow(4, 0, 1)?, turns.narrow(4, 1, 1)?);
        let pairs = x.contiguous()?.reshape((batch, heads, n_bins, depth / 2, 2))?;
        let (a, b) = (pairs.narrow(4, 0, 1)?, pairs.narrow(4, 1, 1)?);
        let re = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
        let im = (a.broadcast_mul(&sin)? + b.broadcast_mul(&cos)?)?;
        Tensor::cat(&[re, im], 4)?.reshape((batch, heads, n_bins, depth))
    }

    /// One bin of one head or of several in a row.
    pub(super) fn turn_bin(&self, x: &mut [f32], position: f32) {
        for head in x.chunks_exact_mut(2 * self.rates.len()) {
            for (pair, (sin, cos)) in head.chunks_exact_mut(2).zip(turns(&self.rates, f64::from(position))) {
                let (sin, cos) = (sin as f32, cos as f32);
                (pair[0], pair[1]) = (pair[0] * cos - pair[1] * sin, pair[0] * sin + pair[1] * cos);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_the_published_ones() {
        let at_two: Vec<f64> = turns(&rates(6), 2.0).flat_map(|(sin, cos)| [sin, cos]).collect();
        let expected = [0.909_297, -0.416_147, 0.092_699, 0.995_694, 0.004_309, 0.999_991];
        assert!(at_two.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-6));
    }

    #[test]
    fn turned_products_know_the_distance_only() {
        let rotary = Rotary::new(4);
        let dot = |p: f32, q: f32| {
            let (mut a, mut b) = ([1.0f32, -0.5, 0.3, 2.0], [0.2f32, 0.7, -1.1, 0.4]);
            rotary.turn_bin(&mut a, p);
            rotary.turn_bin(&mut b, q);
            a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>()
        };
        assert!((dot(3.0, 1.0) - dot(700_003.0, 700_001.0)).abs() < 1e-5);
    }
}
