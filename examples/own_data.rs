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
    let mut model = zoo::ln(&recording.axes()).build(Seed::new(0), &Device::Cpu)?;
    let fit = Fitter::default().fit(&mut model, &recording, &split)?;
    println!("{}", evaluate(&model, &recording, split.test())?.summary_line());
    fit.save("out/own_data", &model)?;
    println!("wrote out/own_data");
    Ok(())
}
