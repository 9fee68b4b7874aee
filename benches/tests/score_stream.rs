//! Scores of 10^8 bins from pieces: the memory that they take does not grow with the number of bins.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Instant;

use ndarray::{Array2, Array3};
use statenet::{
    core::{ResponseMask, Seed},
    metrics::{Observation, scores::ScoreStream},
};
use statenet_benches::most_memory;

const N_NEURONS: usize = 2;
const N_REPEATS: usize = 4;
const PIECE: usize = 100_000;
/// What the process may take beyond what it had after its first piece.
const MOST_GROWTH: u64 = 8 << 20;

#[test]
fn the_scores_of_many_pieces_take_the_memory_of_one() {
    stream_grows_by_at_most(20);
}

#[test]
#[ignore = "10^8 bins: a minute in a release build"]
fn the_scores_of_1e8_bins_take_the_memory_of_one_piece() {
    stream_grows_by_at_most(1000);
}

fn stream_grows_by_at_most(n_pieces: usize) {
    let mut noise = Seed::new(0).stream("score stream");
    let rate =
        Array2::from_shape_fn((N_NEURONS, PIECE), |(n, t)| 0.3 + 0.2 * (0.01 * t as f64 + n as f64).sin());
    let draw = |(n, _, t): (usize, usize, usize)| f64::from(noise.poisson(rate[[n, t]]));
    let counts = Array3::from_shape_fn((N_NEURONS, N_REPEATS, PIECE), draw);
    let mask = ResponseMask::all(N_NEURONS, N_REPEATS, PIECE);
    let piece = Observation::new(rate.view(), counts.view(), &mask).unwrap();
    let mut stream = ScoreStream::new(N_NEURONS);
    stream.push(&piece).unwrap();
    let of_one = stream.scores();
    let (before, begun) = (most_memory().unwrap(), Instant::now());
    for _ in 1..n_pieces {
        stream.push(&piece).unwrap();
    }
    let grown = most_memory().unwrap() - before;
    let scores = stream.scores();
    println!(
        "{:.0e} bins: {:.1} s, {grown} bytes more than one piece, CCnorm {:?}",
        (n_pieces * PIECE) as f64,
        begun.elapsed().as_secs_f64(),
        scores[0].cc_norm
    );
    assert!(grown <= MOST_GROWTH, "{n_pieces} pieces took {grown} bytes more than one");
    // The same piece again and again has the scores of one: the means of the whole are those of the piece.
    for (whole, one) in scores.iter().zip(of_one) {
        assert!((whole.cc_raw.unwrap() - one.cc_raw.unwrap()).abs() < 1e-9);
        assert!((whole.bits_per_spike.unwrap() - one.bits_per_spike.unwrap()).abs() < 1e-9);
        assert!((whole.cc_norm.unwrap() - one.cc_norm.unwrap()).abs() < 1e-4);
    }
}
