//! What a fitted network listens to: the gradient map of a neuron, as numbers and as a figure.
//!
//! ```text
//! cargo run --release --example gradient_map
//! ```

use statenet::{interp::draw_windows, prelude::*, report::Heatmap};

fn main() -> statenet::Result<()> {
    statenet::process::tune();
    let small = SimulationConfig::small();
    let longer = SimulationConfig { n_stimuli: 20, n_repeats: 20, duration: small.dt.times(200), ..small };
    let recording = longer.simulate()?.recording;
    let split = SplitPlan::Demo.resolve(&recording)?;
    let mut model = zoo::statenet_gru(&recording.axes()).build(Seed::new(0), &Device::Cpu)?;
    Fitter::new(FitConfig { max_epochs: 60, ..FitConfig::default() }).fit(&mut model, &recording, &split)?;

    // 32 windows of training sounds of 60 bins each; one map for each, d rate / d sound.
    let sounds = recording.cochleagrams(split.train())?;
    let windows = draw_windows(&sounds, 32, 60, Seed::new(0), &Device::Cpu)?;
    let map = gradient_maps(&model, &windows, &[0])?[0].mean();

    // (F, L), lag 0 first: what excites most.
    let best = map.indexed_iter().max_by(|a, b| a.1.total_cmp(b.1));
    if let Some(((band, lag), slope)) = best {
        let (hz, ms) = (recording.bands()[band].hz(), recording.dt().times(lag).ms());
        println!("sound at {hz:.0} Hz {ms:.0} ms ago excites most: {slope:.3} spikes per bin and s.d.");
    }
    let figure = Heatmap::strf(recording.neurons()[0].id(), map.view(), recording.bands(), recording.dt())?;
    figure.render().write("out/gradient_map.svg")?;
    println!("wrote out/gradient_map.svg");
    Ok(())
}
