//! The limits of one core: multiply-adds per second, and bytes per second read from the cache that holds a buffer.

use std::{hint::black_box, time::Instant};

use crate::{bench::Bench, recurrences::WIDTHS};

const LANES: usize = 8;
/// Number of independent sums: enough to hide the latency of a multiply-add, few enough for the registers.
const SUMS: usize = 12;

pub(crate) fn measure(bench: &mut Bench) {
    bench.keep("floor GFLOP/s", 1, best(|| multiply_adds() / 1e9));
    for hidden in WIDTHS {
        let weights = vec![1.0f32; 3 * hidden * hidden];
        bench.keep(&format!("floor GB/s H{hidden}"), 1, best(|| read(&weights) / 1e9));
    }
}

/// The fastest of several runs, which is least disturbed.
fn best(run: impl Fn() -> f64) -> f64 {
    (0..20).map(|_| run()).fold(0.0, f64::max)
}

/// Floating-point operations per second.
fn multiply_adds() -> f64 {
    const ROUNDS: usize = 400_000;
    let start = Instant::now();
    black_box(wide::multiply_adds(black_box(0.999), ROUNDS));
    (2 * ROUNDS * SUMS * LANES) as f64 / start.elapsed().as_secs_f64()
}

/// Bytes per second when a buffer is read repeatedly.
fn read(buffer: &[f32]) -> f64 {
    let passes = (1 << 25) / buffer.len();
    let start = Instant::now();
    for _ in 0..passes {
        black_box(wide::sum(black_box(buffer)));
    }
    (passes * size_of_val(buffer)) as f64 / start.elapsed().as_secs_f64()
}

/// The two loops, compiled for AVX2 if the processor supports it.
mod wide {
    use super::{LANES, SUMS};

    type Sums = [[f32; LANES]; SUMS];

    pub(super) fn multiply_adds(by: f32, rounds: usize) -> Sums {
        #[cfg(target_arch = "x86_64")]
        if has_avx2() {
            // SAFETY: the processor has both features.
            #[allow(unsafe_code, reason = "a function for a feature that was asked for")]
            return unsafe { avx2::multiply_adds(by, rounds) };
        }
        multiply_adds_body(by, rounds, |a, b, c| a * b + c)
    }

    pub(super) fn sum(buffer: &[f32]) -> Sums {
        #[cfg(target_arch = "x86_64")]
        if has_avx2() {
            // SAFETY: the processor has both features.
            #[allow(unsafe_code, reason = "a function for a feature that was asked for")]
            return unsafe { avx2::sum(buffer) };
        }
        sum_body(buffer)
    }

    #[cfg(target_arch = "x86_64")]
    fn has_avx2() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }

    #[cfg(target_arch = "x86_64")]
    mod avx2 {
        use super::{Sums, multiply_adds_body, sum_body};

        #[target_feature(enable = "avx2,fma")]
        pub(super) fn multiply_adds(by: f32, rounds: usize) -> Sums {
            multiply_adds_body(by, rounds, f32::mul_add)
        }

        #[target_feature(enable = "avx2,fma")]
        pub(super) fn sum(buffer: &[f32]) -> Sums {
            sum_body(buffer)
        }
    }

    #[inline(always)]
    fn multiply_adds_body(by: f32, rounds: usize, mul_add: impl Fn(f32, f32, f32) -> f32) -> Sums {
        let mut sums = [[1.0; LANES]; SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                for x in sum {
                    *x = mul_add(*x, by, 1e-3);
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn sum_body(buffer: &[f32]) -> Sums {
        let mut sums = [[0.0; LANES]; SUMS];
        for block in buffer.as_chunks::<LANES>().0.as_chunks::<SUMS>().0 {
            for (sum, from) in sums.iter_mut().zip(block) {
                for (sum, x) in sum.iter_mut().zip(from) {
                    *sum += x;
                }
            }
        }
        sums
    }
}
