//! Writes the seeds of a target, and what was once found, into a folder: the corpus with which libFuzzer begins.
//!
//! ```text
//! cargo run -p statenet-fuzz --example seeds -- npy out/corpus/npy
//! ```

use std::path::Path;

use statenet_fuzz::{Folder, by_name};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(out)) = (args.next(), args.next()) else {
        return Err("usage: seeds TARGET FOLDER".into());
    };
    let target = by_name(&name).ok_or_else(|| format!("no target is called {name}"))?;
    std::fs::create_dir_all(&out)?;
    for (seed, bytes) in (target.seeds)() {
        std::fs::write(Path::new(&out).join(format!("seed-{seed}")), bytes)?;
    }
    let finds = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions").join(&name);
    if finds.is_dir() {
        for entry in std::fs::read_dir(finds)? {
            let path = entry?.path();
            let bytes = if path.is_dir() { Folder::read(&path)?.pack() } else { std::fs::read(&path)? };
            let file = path.file_name().unwrap_or_default();
            std::fs::write(Path::new(&out).join(file), bytes)?;
        }
    }
    Ok(())
}
