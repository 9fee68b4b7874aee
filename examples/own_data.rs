//! Your own sounds and spike counts, from arrays: a recording, a fit, a score, a checkpoint.
//!
//! ```text
//! cargo run --release --example own_data
//! ```

use statenet::{
    data::{Description, Neuron, Responses, Stimulus},
    ndarray::{Array2, Array3},
    prelude::*,
};

fn main() -> statenet::Result<()> {
    statenet::process::tune();
    let dt = TimeBin::from_millis(5.0)?;

    // Twenty cochleagrams of 16 bands and 200 bins, and counts of one neuron in 10 repeats: here it likes band 5.
    let mut noise = Seed::new(1).stream("own data");
    let mut stimuli = Vec::new();
    for i in 0..20 {
        let sound = Array2::from_shape_fn((16, 200), |_| noise.normal() as f32);
        let counts = Array3::from_shape_fn((1, 10, 200), |(_, _, t)| {
            (f64::from(sound[[5, t]]) + 0.5 * noise.normal()).max(0.0).round() as f32
        });
        // NaN marks what was not recorded.
        stimuli.push(Stimulus::new(format!("sound{i:02}"), sound, Responses::from_nan(counts)?)?);
    }
    let about = Description { name: "mine".to_owned(), ..Description::default() };
    let recording = Recording::new(about, dt, vec![], vec![Neuron::new("unit 7")], stimuli)?;

    let split = SplitPlan::Demo.resolve(&recording)?;
    let recording = recording.smooth(&Smoothing::default()).standardize(split.train())?;
    let model = zoo::ln(&recording.axes()).build(Seed::new(0), &Device::Cpu)?;
    let settings = FitConfig { max_epochs: 300, ..FitConfig::recipe(&model.config()) };
    let history = Fitter::new(settings).fit(&model, &recording, &split)?;
    let scores = evaluate(&model, &recording, split.test(), &EvaluationOptions::for_dt(dt))?;
    println!("{} epochs, {}", history.n_epochs(), scores.summary_line());

    let metadata = CheckpointMetadata {
        input: recording.standardization().cloned(),
        neurons: vec!["unit 7".to_owned()],
        ..CheckpointMetadata::default()
    };
    checkpoint::save("out/own_data".as_ref(), &model, &metadata)?;
    println!("wrote out/own_data");
    Ok(())
}
