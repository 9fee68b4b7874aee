//! A model on sound as it comes: frame by frame without allocations, and in chunks.
//!
//! ```text
//! cargo run --release --example stream                  # an unfitted model
//! cargo run --release --example stream -- out/fit/checkpoints/statenet-gru
//! ```

use statenet::{
    models::{RealTime, Stream},
    prelude::*,
};

fn main() -> statenet::Result<()> {
    let model = match std::env::args().nth(1) {
        Some(folder) => checkpoint::load(folder, &Device::Cpu)?.model,
        None => {
            let axes = Axes::new(34, 3, TimeBin::from_millis(5.0)?);
            zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu)?
        }
    };
    let (n_bands, n_neurons) = (model.n_bands(), model.n_neurons());
    let sound = Tensor::randn(0f32, 1.0, (1, 1, n_bands, 200), &Device::Cpu)?;

    // A microphone: one frame of F numbers at a time, rates of N neurons back. Nothing is allocated.
    let mut live = RealTime::new(&model)?;
    let frames = sound.reshape((n_bands, 200))?.t()?.contiguous()?.to_vec2::<f32>()?;
    let mut rates = vec![0.0; n_neurons];
    let begun = std::time::Instant::now();
    for frame in &frames {
        live.frame(frame, &mut rates)?;
    }
    println!("{:.1} microseconds a frame", begun.elapsed().as_secs_f64() * 1e6 / frames.len() as f64);

    // A long file: chunks of any sizes, whose rates are those of the whole.
    let mut stream = Stream::new(&model, 1)?;
    for (start, n) in [(0, 1), (1, 63), (64, 136)] {
        let rates = stream.push(&sound.narrow(3, start, n)?)?;
        println!("{n} bins: rates {:?}", rates.dims());
    }
    Ok(())
}
