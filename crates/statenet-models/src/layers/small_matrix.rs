//! Small square matrices in f64, for constants that follow from a config: plain loops, the same bits everywhere.

/// A square matrix, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    n: usize,
    entries: Vec<f64>,
}

impl Matrix {
    pub(crate) fn from_fn(n: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        Self { n, entries: (0..n * n).map(|k| entry(k / n, k % n)).collect() }
    }

    pub(crate) fn at(&self, i: usize, j: usize) -> f64 {
        self.entries[i * self.n + j]
    }

    fn identity(n: usize) -> Self {
        Self::from_fn(n, |i, j| f64::from(u8::from(i == j)))
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let n = self.n;
        let mut entries = vec![0.0; n * n];
        for (row, out) in self.entries.chunks_exact(n).zip(entries.chunks_exact_mut(n)) {
            for (a, other) in row.iter().zip(other.entries.chunks_exact(n)) {
                out.iter_mut().zip(other).for_each(|(out, b)| *out += a * b);
            }
        }
        Self { n, entries }
    }

    fn scaled(mut self, by: f64) -> Self {
        self.entries.iter_mut().for_each(|x| *x *= by);
        self
    }

    /// The matrix exponential: Taylor's series of a matrix halved until it is small, squared as often.
    pub(crate) fn exp(&self) -> Self {
        const TERMS: u32 = 16;
        let norm = self.entries.chunks_exact(self.n.max(1)).map(|row| row.iter().map(|x| x.abs()).sum());
        let norm = norm.fold(0.0f64, |most, row: f64| most.max(row));
        let mut halvings = 0;
        let mut scale = 1.0;
        while norm * scale > 0.5 {
            scale *= 0.5;
            halvings += 1;
        }
        let small = self.clone().scaled(scale);
        // Horner: 1 + A (1 + A/2 (1 + A/3 (..))).
        let mut sum = Self::identity(self.n);
        for k in (1..=TERMS).rev() {
            sum = small.times(&sum).scaled(1.0 / f64::from(k));
            (0..self.n).for_each(|i| sum.entries[i * self.n + i] += 1.0);
        }
        for _ in 0..halvings {
            sum = sum.times(&sum);
        }
        sum
    }

    /// Eigenvalues and, in the rows of the second matrix, eigenvectors of a symmetric matrix, by Jacobi's rotations.
    pub(crate) fn symmetric_eigen(mut self) -> (Vec<f64>, Self) {
        const SWEEPS: usize = 60;
        let n = self.n;
        let mut vectors = Self::identity(n);
        for _ in 0..SWEEPS {
            let mut rotated = false;
            for p in 0..n {
                for q in p + 1..n {
                    let (app, aqq, apq) = (self.at(p, p), self.at(q, q), self.at(p, q));
                    if apq.abs() <= f64::EPSILON * (app * aqq).abs().sqrt() || apq == 0.0 {
                        continue;
                    }
                    rotated = true;
                    let ratio = (aqq - app) / (2.0 * apq);
                    let t = ratio.signum() / (ratio.abs() + (ratio * ratio + 1.0).sqrt());
                    let c = 1.0 / (t * t + 1.0).sqrt();
                    self.rotate(p, q, c, t * c);
                    vectors.rotate_rows(p, q, c, t * c);
                }
            }
            if !rotated {
                break;
            }
        }
        ((0..n).map(|i| self.at(i, i)).collect(), vectors)
    }

    fn rotate(&mut self, p: usize, q: usize, c: f64, s: f64) {
        self.rotate_rows(p, q, c, s);
        for row in self.entries.chunks_exact_mut(self.n) {
            (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
        }
    }

    fn rotate_rows(&mut self, p: usize, q: usize, c: f64, s: f64) {
        let n = self.n;
        for k in 0..n {
            let (a, b) = (self.entries[p * n + k], self.entries[q * n + k]);
            self.entries[p * n + k] = c * a - s * b;
            self.entries[q * n + k] = s * a + c * b;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_of_a_quarter_turn_is_a_rotation() {
        let angle = 20.0;
        let turn = Matrix::from_fn(2, |i, j| angle * (i as f64 - j as f64)).exp();
        let (sin, cos) = f64::sin_cos(angle);
        for (i, j, expected) in [(0, 0, cos), (0, 1, -sin), (1, 0, sin), (1, 1, cos)] {
            assert!((turn.at(i, j) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn eigenvectors_are_kept_in_direction_and_stretched() {
        let n = 7;
        let matrix = Matrix::from_fn(n, |i, j| (1.0 + (i * j) as f64).cos() + f64::from(u8::from(i == j)));
        let (values, vectors) = matrix.clone().symmetric_eigen();
        for (value, row) in values.iter().zip(0..n) {
            for i in 0..n {
                let image: f64 = (0..n).map(|j| matrix.at(i, j) * vectors.at(row, j)).sum();
                assert!((image - value * vectors.at(row, i)).abs() < 1e-12);
            }
        }
    }
}
