//! Property tests of a model: laws that hold for every model, on configs and sounds drawn at random.
//!
//! ```text
//! cargo run --release -p statenet-examples --example property_tests --features proptest
//! ```
//! In a project of yours this is a test; `proptest!` then shrinks a failing case to the smallest one.

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use statenet::models::laws::{self, strategies};

fn main() -> statenet::Result<()> {
    let mut runner = TestRunner::deterministic();
    for _ in 0..20 {
        // A model with every part drawn, a seed for its weights, and the size of a sound.
        let Ok(drawn) = strategies::cases().new_tree(&mut runner) else { continue };
        let case = drawn.current();
        let model = case.build()?;
        let sound = case.cochleagram()?;

        // The future does not show in the past: the same bits.
        laws::causal(&model, &sound, case.n_bins / 2)?;
        // Chunks of any sizes give what the whole gives.
        laws::streaming(&model, &sound, &[1, 7])?;
        // A stimulus gives in a batch what it gives alone.
        laws::batch_independent(&model, &sound)?;
        println!("{} obeys", model.config().slug());
    }
    Ok(())
}
