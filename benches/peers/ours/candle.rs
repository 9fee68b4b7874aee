//! The recurrent layers of candle_nn with the same sizes.

use std::hint::black_box;

use candle_core::{DType, Device, Tensor};
use candle_nn::{RNN, VarBuilder, VarMap};
use statenet_benches::{N_BINS, normal};

use crate::{
    bench::{BATCHES, Bench},
    recurrences::HIDDEN,
};

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let vars = VarMap::new();
    let builder = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
    let gru = candle_nn::gru(HIDDEN, HIDDEN, Default::default(), builder.pp("gru"))?;
    let lstm = candle_nn::lstm(HIDDEN, HIDDEN, Default::default(), builder.pp("lstm"))?;
    module(bench, "GRU", &gru)?;
    module(bench, "LSTM", &lstm)?;

    let frame = normal("frame", &[1, HIDDEN])?;
    let mut state = gru.zero_state(1)?;
    bench.time("candle_nn frame GRU", 1, || {
        state = gru.step(&frame, &state)?;
        // Otherwise the graph of all earlier frames would be kept.
        state.h = state.h.detach();
        Ok(())
    })
}

fn module<R: RNN>(bench: &mut Bench, name: &str, rnn: &R) -> anyhow::Result<()> {
    for batch in BATCHES {
        let x: Tensor = normal("x", &[batch, N_BINS, HIDDEN])?;
        // The backward pass recurses over a graph of thousands of nodes and needs the stack of the main thread.
        bench.time(&format!("candle_nn module {name}"), batch, || {
            let states = rnn.states_to_tensor(&rnn.seq(&x)?)?;
            black_box(states.sqr()?.mean_all()?.backward()?);
            Ok(())
        })?;
    }
    Ok(())
}
