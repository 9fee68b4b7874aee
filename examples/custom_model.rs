//! A model of your own, of candle-nn layers: you say what happens in one frame.
//!
//! ```text
//! cargo run --release --example custom_model
//! ```

use statenet::{
    candle::{self, DType},
    candle_nn::{Linear, Module, RNN, VarBuilder, linear, rnn},
    kernels::softplus,
    models::{FrameModel, Registry, laws},
    prelude::*,
};

/// h[t] = GRU(x[t], h[t-1]),   r[t] = softplus(W h[t] + b)
struct SmallGru {
    recurrence: rnn::GRU,
    readout: Linear,
}

impl SmallGru {
    /// The last argument is the body of the config: here the number of hidden units.
    fn new(vb: VarBuilder<'static>, axes: &Axes, hidden: usize) -> candle::Result<Self> {
        let recurrence = rnn::gru(axes.n_bands, hidden, rnn::GRUConfig::default(), vb.pp("gru"))?;
        Ok(Self { recurrence, readout: linear(hidden, axes.n_neurons, vb.pp("readout"))? })
    }
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
    let registry = Registry::new().with_frames("small-gru", SmallGru::new);
    let config = ModelConfig::custom(&recording.axes(), "small-gru", 12.into());
    let mut model = registry.build(&config, Seed::new(0), DType::F32, &Device::Cpu)?;

    // The laws first: they find mistakes that a fit would hide.
    let sound = Tensor::randn(0f32, 1.0, (2, 1, recording.n_bands(), 60), &Device::Cpu)?;
    laws::causal(&model, &sound, 30)?;
    laws::streaming(&model, &sound, &[1, 7, 60])?;
    Fitter::new(FitConfig { max_epochs: 40, ..FitConfig::default() }).fit(&mut model, &recording, &split)?;
    let scores = evaluate(&model, &recording, split.test())?;
    println!("{}: {}", model.config().slug(), scores.summary_line());
    Ok(())
}
