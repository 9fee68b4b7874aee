//! Gradient maps of all neurons of StateNet-GRU at the null stimulus, over one second.

use std::hint::black_box;

use candle_core::{DType, Device, Tensor};
use statenet::{
    interp::{MapConfig, Target, target_maps},
    prelude::Seed,
};
use statenet_benches::{N_BANDS, N_NEURONS};

use crate::{bench::Bench, steps};

/// One second in bins of 5 ms.
const LAGS: usize = 200;

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let model = steps::model("statenet-gru")?.build(Seed::new(0), &Device::Cpu)?;
    let null = Tensor::zeros((1, 1, N_BANDS, LAGS), DType::F32, &Device::Cpu)?;
    let all = Target::neurons(0..N_NEURONS);
    bench.time("maps statenet-gru", 1, || {
        black_box(target_maps(&*model, &null, &all, &MapConfig::default())?);
        Ok(())
    })
}
