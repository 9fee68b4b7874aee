//! S4 (Gu, Goel & Ré 2022): per unit a linear state space whose matrix is diagonal plus a part of rank one, which keeps
//! the history of its input in scaled Legendre polynomials (HiPPO-LegS).
//!
//! ```text
//! M = diag(L) - P P*      L[h,n] = -exp(a[h,n]) - i w[h,n]      d[h] = exp(log_dt[h])
//! Ad = (1 - d/2 M)^-1 (1 + d/2 M)      Bd = (1 - d/2 M)^-1 d B                    (bilinear)
//! s[t] = Ad s[t-1] + Bd x[t]           y[t] = 2 Re sum_n C s[t] + D x[t]
//! ```
//! run as a recurrence in O(N) per bin, N = `states` / 2 conjugate pairs per unit; then GELU and a gated linear layer
//! (see `state_space`). In and out (B, H, T), H the number of inputs. Memory: unbounded. Before t = 0: s = 0.
//! Parameters: H (D) + H (log_dt) + 6 H N (B, C, P) + 2 H N (a, w) + 2 H H + 2 H.
//! L, P and B start at those of HiPPO-LegS, Im B clipped to 2 as in the published implementation, C complex normal, dt
//! log-uniform.
//!
//! The published implementation multiplies with a kernel of as many bins as the sound has, and for that stores C as
//! C (1 - Ad^K), K the bins of the first sound it saw. `kernel_bins` K keeps that form, so that its weights load and go
//! on as they would there; rates are the same, gradients are those of the stored form.
//!
//! Gu A, Goel K, Ré C (2022). Efficiently modeling long sequences with structured state spaces. ICLR.
//! Gu A, Dao T, Ermon S, Rudra A, Ré C (2020). HiPPO: recurrent memory with optimal polynomial projections. NeurIPS 33.

use candle_core::{D, Tensor, Var};
use serde::{Deserialize, Serialize};
use statenet_core::RandomStream;
use statenet_kernels::{DplrWeights, Step, steps};

use super::state_space::{self, COMPLEX_NORMAL, Spaces, StateSpace};
use crate::{
    error::{During, Result, config_error},
    layers::{complex::Complex, small_matrix::Matrix},
    model::stage::Units,
    params::{init::Init, store::Scope},
};

/// State spaces of HiPPO-LegS, diagonal plus rank one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S4Config {
    /// States per unit, an even number from 2 to 256. Default 64.
    pub states: usize,
    /// Smallest step that a unit starts with, in units of the state space's own time per bin. Default 0.001.
    pub dt_min: f64,
    /// Largest step that a unit starts with. Default 0.1.
    pub dt_max: f64,
    /// Bins K, 1 to 2^20, if C is stored as C (1 - Ad^K), as the published implementation does. Default: C itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_bins: Option<usize>,
}

impl Default for S4Config {
    fn default() -> Self {
        Self { states: 64, dt_min: 0.001, dt_max: 0.1, kernel_bins: None }
    }
}

const MOST_BINS: usize = 1 << 20;

impl S4Config {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        state_space::validate(self.states, (self.dt_min, self.dt_max), field)?;
        match self.kernel_bins {
            Some(bins) if !(1..=MOST_BINS).contains(&bins) => {
                Err(config_error(&format!("{field}.kernel_bins"), bins, format!("1 to {MOST_BINS}")))
            }
            _ => Ok(()),
        }
    }
}

pub(crate) struct Dplr {
    log_dt: Tensor,
    c: Tensor,
    b: Tensor,
    log_a_real: Tensor,
    a_imag: Tensor,
    p: Tensor,
    pairs: usize,
    kernel_bins: Option<usize>,
}

pub(crate) type S4 = StateSpace<Dplr>;

/// A block of as many units as it has inputs.
pub(crate) fn new(config: &S4Config, input: Units, scope: &mut Scope<'_>) -> Result<S4> {
    StateSpace::new(input, scope, |kernel| new_spaces(config, input.n, kernel))
}

fn new_spaces(config: &S4Config, hidden: usize, kernel: &mut Scope<'_>) -> Result<Dplr> {
    let pairs = config.states / 2;
    let legs = Legs::new(config.states);
    let repeated = |values: &[f64]| {
        let values = values.repeat(hidden);
        move |_: &mut RandomStream| values
    };
    let steps = state_space::log_steps(hidden, (config.dt_min, config.dt_max));
    let half = Init::Constant(-std::f64::consts::LN_2);
    let spaces = Dplr {
        log_dt: kernel.parameter_with("log_dt", (hidden, 1), steps)?,
        c: kernel.parameter("C", (hidden, pairs, 2), COMPLEX_NORMAL)?,
        b: kernel.parameter_with("B", (hidden, pairs, 2), repeated(&legs.b))?,
        log_a_real: kernel.parameter("log_A_real", (hidden, pairs), half)?,
        a_imag: kernel.parameter_with("A_imag", (hidden, pairs), repeated(&legs.frequencies))?,
        p: kernel.parameter_with("P", (hidden, pairs, 2), repeated(&legs.p))?,
        pairs,
        kernel_bins: config.kernel_bins,
    };
    spaces.store_c()?;
    Ok(spaces)
}

/// The weights of one bin, complex numbers as pairs (H, N, 2).
struct Discrete {
    diagonal: Tensor,
    left: Tensor,
    right: Tensor,
    b: Tensor,
}

impl Dplr {
    fn discretize(&self) -> candle_core::Result<Discrete> {
        let dt = self.log_dt.exp()?;
        let half = (&dt * 0.5)?;
        let rate = Complex { re: self.log_a_real.exp()?.neg()?, im: self.a_imag.neg()? };
        let (p, b) = (Complex::of_pairs(&self.p)?, Complex::of_pairs(&self.b)?);
        // By Woodbury's identity, with d the inverse of the diagonal of 1 - dt/2 M.
        let d = rate.scaled(&half)?.affine(-1.0, 1.0)?.recip()?;
        let weighed = (p.squared()? * &d.re)?.sum_keepdim(D::Minus1)?;
        let q = weighed.broadcast_mul(&dt)?.affine(1.0, 1.0)?.recip()?.broadcast_mul(&dt)?;
        let right = p.conj()?.times(&d)?;
        let along = d.times(&p)?.scaled(&q)?;
        let db = d.times(&b)?;
        let b = db.minus(&along.scaled(&right.times(&b)?.sum_re()?)?)?.scaled(&dt)?;
        Ok(Discrete {
            diagonal: d.affine(2.0, -1.0)?.to_pairs()?,
            left: along.affine(-1.0, 0.0)?.to_pairs()?,
            right: right.to_pairs()?,
            b: b.to_pairs()?,
        })
    }

    /// C of the recurrence, (H, N, 2).
    fn readout(&self, discrete: &Discrete) -> candle_core::Result<Tensor> {
        match self.kernel_bins {
            None => Ok(self.c.clone()),
            Some(bins) => {
                let row = row_of(&self.c)?;
                of_row(&over_whole_time(row, &power(discrete.bin()?, bins)?, bins)?)
            }
        }
    }

    /// Replaces the first values of C by those of the stored form, C (1 - Ad^K).
    fn store_c(&self) -> Result<()> {
        let Some(bins) = self.kernel_bins else { return Ok(()) };
        let stored = || {
            let row = row_of(&self.c)?;
            of_row(&(&row - row.matmul(&power(self.discretize()?.bin()?, bins)?)?)?)?.detach().copy()
        };
        let stored = stored().during("computing the stored form of C")?;
        Var::from_tensor(&self.c).and_then(|c| c.set(&stored)).during("computing the stored form of C")
    }

    fn weights<'a>(discrete: &'a Discrete, c: &'a Tensor) -> DplrWeights<'a> {
        let Discrete { diagonal, left, right, b } = discrete;
        DplrWeights { diagonal, left, right, b, c }
    }
}

impl Discrete {
    /// Ad as a real matrix over (re s, im s), (H, 2 N, 2 N).
    fn bin(&self) -> candle_core::Result<Tensor> {
        let diagonal = Complex::of_pairs(&self.diagonal)?;
        let n = diagonal.re.dim(1)?;
        let eye = Tensor::eye(n, diagonal.re.dtype(), diagonal.re.device())?;
        let diag = |v: &Tensor| v.unsqueeze(2)?.broadcast_mul(&eye);
        let (re, im) = (diag(&diagonal.re)?, diag(&diagonal.im)?);
        let top = Tensor::cat(&[&re, &im.neg()?], 2)?;
        let turning = Tensor::cat(&[&top, &Tensor::cat(&[&im, &re], 2)?], 1)?;
        let left = Complex::of_pairs(&self.left)?;
        let column = Tensor::cat(&[&left.re, &left.im], 1)?.unsqueeze(2)?;
        turning + column.broadcast_mul(&(row_of(&self.right)? * 2.0)?)?
    }
}

/// The row (H, 1, 2 N) whose product with (re s, im s) is Re sum_n w s.
fn row_of(pairs: &Tensor) -> candle_core::Result<Tensor> {
    let w = Complex::of_pairs(pairs)?;
    Tensor::cat(&[&w.re, &w.im.neg()?], 1)?.unsqueeze(1)
}

fn of_row(row: &Tensor) -> candle_core::Result<Tensor> {
    let row = row.squeeze(1)?;
    let n = row.dim(1)? / 2;
    Complex { re: row.narrow(1, 0, n)?, im: row.narrow(1, n, n)?.neg()? }.to_pairs()
}

/// The n-th power of square matrices, n at least 1.
fn power(matrix: Tensor, n: usize) -> candle_core::Result<Tensor> {
    let (mut square, mut product, mut rest) = (matrix, None, n);
    loop {
        if rest % 2 == 1 {
            product = Some(match product {
                None => square.clone(),
                Some(product) => square.matmul(&product)?,
            });
        }
        rest /= 2;
        if rest == 0 {
            return Ok(product.unwrap_or(square));
        }
        square = square.matmul(&square)?;
    }
}

/// The row times (1 - X)^-1, X a power of Ad that spans `bins`: 1 + X + X^2 .. as the product (1 + X) (1 + X^2) (1 +
/// X^4) .., as far as the slowest state of a step of 0.001 lasts.
fn over_whole_time(row: Tensor, x: &Tensor, bins: usize) -> candle_core::Result<Tensor> {
    const SPAN: usize = 1 << 17;
    let (mut row, mut x, mut spanned) = (row, x.clone(), bins);
    loop {
        row = (&row + row.matmul(&x)?)?;
        spanned *= 2;
        if spanned >= SPAN {
            return Ok(row);
        }
        x = x.matmul(&x)?;
    }
}

impl Spaces for Dplr {
    fn pairs(&self) -> usize {
        self.pairs
    }

    fn scan(&self, u: &Tensor, before: &Tensor) -> Result<(Tensor, Tensor)> {
        let discrete = self.discretize().during("discretizing a state space")?;
        let c = self.readout(&discrete).during("computing C from its stored form")?;
        Ok(statenet_kernels::dplr_scan(u, Self::weights(&discrete, &c), before)?)
    }

    fn step(&self) -> Result<Box<dyn Step>> {
        let discrete = self.discretize().during("discretizing a state space")?;
        let c = self.readout(&discrete).during("computing C from its stored form")?;
        Ok(Box::new(steps::DplrScan::new(Self::weights(&discrete, &c))?))
    }
}

/// HiPPO-LegS in the basis in which it is diagonal plus rank one: one of each conjugate pair, fastest first.
struct Legs {
    /// w, so that L = -1/2 - i w.
    frequencies: Vec<f64>,
    /// P and B as pairs.
    p: Vec<f64>,
    b: Vec<f64>,
}

impl Legs {
    /// Of an even number of states.
    ///
    /// LegS plus p p^T, p\[n\] = sqrt(n + 1/2), is -1/2 plus a skew matrix S. An eigenvector u of -S^2 for w^2 gives that
    /// of S for -i w, v = (u + i S u / w) / sqrt 2, here with a real first entry. P = v* p, and B = sqrt 2 P.
    fn new(states: usize) -> Self {
        const LARGEST_B: f64 = 2.0;
        let root = |n: usize| (n as f64 + 0.5).sqrt();
        let skew = Matrix::from_fn(states, |i, j| match i.cmp(&j) {
            std::cmp::Ordering::Greater => -root(i) * root(j),
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Less => root(i) * root(j),
        });
        let square = skew.times(&skew);
        let (values, vectors) = Matrix::from_fn(states, |i, j| -square.at(i, j)).symmetric_eigen();
        let mut order: Vec<usize> = (0..states).collect();
        order.sort_by(|&i, &j| values[j].total_cmp(&values[i]));
        let (mut frequencies, mut p, mut b) = (Vec::new(), Vec::new(), Vec::new());
        for &row in order.iter().step_by(2) {
            let u: Vec<f64> = (0..states).map(|j| vectors.at(row, j)).collect();
            let turned: Vec<f64> =
                (0..states).map(|i| (0..states).map(|j| skew.at(i, j) * u[j]).sum()).collect();
            let w = turned.iter().map(|x: &f64| x * x).sum::<f64>().sqrt();
            let (first_re, first_im) = (u[0], turned[0] / w);
            let size = first_re.hypot(first_im) * std::f64::consts::SQRT_2;
            let project = |v: &[f64]| v.iter().enumerate().map(|(n, v)| v * root(n)).sum::<f64>();
            let (re, im) = (project(&u), -project(&turned) / w);
            // Times the phase of the first entry.
            let (re, im) = ((re * first_re - im * first_im) / size, (re * first_im + im * first_re) / size);
            frequencies.push(w);
            p.extend([re, im]);
            let scaled = |x: f64| x * std::f64::consts::SQRT_2;
            b.extend([scaled(re), scaled(im).clamp(-LARGEST_B, LARGEST_B)]);
        }
        Self { frequencies, p, b }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::Seed;

    use super::*;
    use crate::params::store::ParamStore;

    #[test]
    fn legs_is_the_published_one() {
        let legs = Legs::new(64);
        let sizes = |pairs: &[f64]| pairs.chunks(2).map(|z| z[0].hypot(z[1])).collect::<Vec<_>>();
        let (p, b) = (sizes(&legs.p), sizes(&legs.b));
        let cases = [
            (&legs.frequencies[..3], [1303.27, 433.031, 258.152], 5e-3),
            (&legs.frequencies[29..], [1.702_969, 0.905_859, 0.263_858], 2e-6),
            (&p[..3], [28.815_90, 9.620_637, 5.790_531], 1e-4),
            (&b[..3], [2.000_06, 2.000_06, 2.000_06], 1e-5),
            (&b[29..], [0.741_009, 0.680_228, 0.594_512], 2e-6),
        ];
        for (got, expected, tolerance) in cases {
            for (got, expected) in got.iter().zip(expected) {
                assert!((got - expected).abs() < tolerance, "{got} {expected}");
            }
        }
    }

    #[test]
    fn a_folded_readout_starts_as_the_plain_one() {
        let block = |kernel_bins| {
            let mut store = ParamStore::new(Seed::new(3), DType::F64, &Device::Cpu);
            let config = S4Config { states: 16, kernel_bins, ..S4Config::default() };
            let mut root = store.root();
            let spaces = new_spaces(&config, 3, &mut root).unwrap();
            spaces.readout(&spaces.discretize().unwrap()).unwrap()
        };
        let plain = block(None);
        for bins in [1, 7, 60, 1000] {
            let worst = (block(Some(bins)) - &plain).unwrap().abs().unwrap().max_all().unwrap();
            assert!(worst.to_scalar::<f64>().unwrap() < 1e-9);
        }
    }
}
