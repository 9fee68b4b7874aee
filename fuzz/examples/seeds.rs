//! Writes the seeds of a target, and what was once found, into a folder: the corpus with which libFuzzer begins.
//!
//! ```text
//! cargo run -p statenet-fuzz --example seeds -- npy out/corpus/npy
//! ```

use std::path::Path;

use statenet_fuzz::by_name;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(out)) = (args.next(), args.next()) else {
        return Err("usage: seeds TARGET FOLDER".into());
    };
    let target = by_name(&name).ok_or_else(|| format!("no target is called {name}"))?;
    std::fs::create_dir_all(&out)?;
    for (name, bytes) in [(target.seeds)(), target.regressions()?].concat() {
        std::fs::write(Path::new(&out).join(name), bytes)?;
    }
    Ok(())
}
