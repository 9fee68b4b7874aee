//! Every score on 119 neurons, three stimuli of 999 bins and 20 repeats of spike counts: alone, and all of them at once.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::{Array2, Array3};
use statenet::{
    core::{ResponseMask, Seed, TimeBin},
    metrics::{
        EvaluationOptions, FurtherOptions, Observation, ceilings, evaluate_observations, further_scores,
        recorded,
        scores::{self, CoherenceOptions, CountWindow, ScoreStream, SpikeDistanceOptions},
    },
};

const N: usize = 119;
const R: usize = 20;
const T: usize = 999;
const SIZE: &str = "S3_N119_R20_T999";

fn scores(c: &mut Criterion) {
    let mut stream = Seed::new(0).stream("bench");
    let dt = TimeBin::whole_millis::<5>();
    // About 10 spikes a second.
    let rates: Vec<Array2<f64>> = (0..3)
        .map(|s| {
            Array2::from_shape_fn((N, T), |(n, t)| 0.05 + 0.04 * (0.03 * t as f64 + (n + s) as f64).sin())
        })
        .collect();
    let counts: Vec<Array3<f64>> = rates
        .iter()
        .map(|rate| Array3::from_shape_fn((N, R, T), |(n, _, t)| f64::from(stream.poisson(rate[[n, t]]))))
        .collect();
    let mask = ResponseMask::all(N, R, T);
    let observations: Vec<_> = rates
        .iter()
        .zip(&counts)
        .map(|(p, y)| Observation::new(p.view(), y.view(), &mask).unwrap())
        .collect();
    let o = &observations[..];
    let mut group = c.benchmark_group("score");
    group.sample_size(10);
    macro_rules! bench {
        ($name:literal, $run:expr) => {
            group.bench_function(BenchmarkId::new($name, SIZE), |b| b.iter(|| black_box($run)));
        };
    }
    let (coherence, distances) = (CoherenceOptions::for_dt(dt), SpikeDistanceOptions::for_dt(dt));
    bench!("cc_raw", scores::cc_raw(o).unwrap());
    bench!("cc_norm", scores::cc_norm(o).unwrap());
    bench!("ccmax", ceilings::cc_max_half_split(&recorded(o), &Default::default()).unwrap());
    bench!("r2_er", scores::r2_er(o).unwrap());
    bench!("r2_er_interval", scores::r2_er_interval(o, 0.95).unwrap());
    bench!("explained_signal_power", scores::explained_signal_power(o).unwrap());
    bench!("cc_ttrc", scores::cc_ttrc(o).unwrap());
    bench!("coherence", scores::coherence(o, &coherence).unwrap());
    bench!("bits_per_spike", scores::bits_per_spike(o).unwrap());
    bench!("deviance_explained", scores::deviance_explained(o).unwrap());
    bench!("fano", scores::fano(&recorded(o), &CountWindow::default()).unwrap());
    bench!("van_rossum", scores::van_rossum(o, &distances).unwrap());
    bench!("van_rossum_ceiling", scores::van_rossum_ceiling(&recorded(o), &distances).unwrap());
    bench!("victor_purpura", scores::victor_purpura(o, &distances).unwrap());
    bench!("victor_purpura_ceiling", scores::victor_purpura_ceiling(&recorded(o), &distances).unwrap());
    bench!("stream", {
        let mut stream = ScoreStream::new(N);
        for observation in o {
            stream.push(observation).unwrap();
            stream.end_stimulus();
        }
        stream.scores()
    });
    let without = FurtherOptions { confidence: None, ..FurtherOptions::for_dt(dt) };
    bench!("further_scores", further_scores(o, o, &without).unwrap());
    let ids: Vec<String> = (0..N).map(|n| n.to_string()).collect();
    let options = EvaluationOptions { n_bootstrap: 0, ..EvaluationOptions::for_dt(dt) };
    bench!("all without intervals", {
        (evaluate_observations(&ids, o, &options).unwrap(), further_scores(o, o, &without).unwrap())
    });
    let (options, further) = (EvaluationOptions::for_dt(dt), FurtherOptions::for_dt(dt));
    assert_eq!(options.n_bootstrap, 1000);
    bench!("all with intervals", {
        (evaluate_observations(&ids, o, &options).unwrap(), further_scores(o, o, &further).unwrap())
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = {
        statenet::process::tune();
        Criterion::default()
    };
    targets = scores
}
criterion_main!(benches);
