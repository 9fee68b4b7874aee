//! A model of your own, of candle-nn layers: you say what happens in one frame.
//!
//! ```text
//! cargo run --release --example custom_model
//! ```

use statenet::{
    candle,
    candle_nn::{Linear, Module, RNN, linear, rnn},
    kernels::softplus,
    models::{FrameModel, laws, of_frames},
    prelude::*,
};

/// h[t] = GRU(x[t], h[t-1]),   r[t] = softplus(W h[t] + b)
struct SmallGru {
    recurrence: rnn::GRU,
    readout: Linear,
}

impl FrameModel for SmallGru {
    fn start(&self, batch: usize) -> candle::Result<Vec<Tensor>> {
        Ok(vec![self.recurrence.zero_state(batch)?.h])
    }

    fn advance(&self, frame: &Tensor, state: &[Tensor]) -> candle::Result<(Tensor, Vec<Tensor>)> {
        let h = self.recurrence.step(frame, &rnn::GRUState { h: state[0].clone() })?.h;
        Ok((softplus(&self.readout.forward(&h)?)?, vec![h]))
    }
}

fn main() -> statenet::Result<()> {
    statenet::process::tune();
    let small = SimulationConfig::small();
    let longer = SimulationConfig { n_stimuli: 20, n_repeats: 20, duration: small.dt.times(200), ..small };
    let recording = longer.simulate()?.recording;
    let split = SplitPlan::Demo.resolve(&recording)?;
    let axes = recording.axes();
    let mut model = of_frames("small-gru", &axes, Seed::new(0), &Device::Cpu, |vb| {
        let recurrence = rnn::gru(axes.n_bands, 12, rnn::GRUConfig::default(), vb.pp("gru"))?;
        Ok(SmallGru { recurrence, readout: linear(12, axes.n_neurons, vb.pp("readout"))? })
    })?;

    // The laws first: they find mistakes that a fit would hide.
    let sound = Tensor::randn(0f32, 1.0, (2, 1, recording.n_bands(), 60), &Device::Cpu)?;
    laws::causal(&model, &sound, 30)?;
    laws::streaming(&model, &sound, &[1, 7, 60])?;
    Fitter::new(FitConfig { max_epochs: 40, ..FitConfig::default() }).fit(&mut model, &recording, &split)?;
    let scores = evaluate(&model, &recording, split.test())?;
    println!("{}: {}", model.config().slug(), scores.summary_line());
    Ok(())
}
