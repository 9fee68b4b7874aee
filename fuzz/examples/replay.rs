//! Runs a target on files, such as a corpus or what libFuzzer found, without libFuzzer: to debug a find, to measure coverage.
//!
//! ```text
//! cargo run -p statenet-fuzz --example replay -- npy fuzz/artifacts/npy/crash-0123 fuzz/corpus/npy
//! ```

use std::path::{Path, PathBuf};

use statenet_fuzz::{Folder, by_name};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let name = args.next().ok_or("usage: replay TARGET FILE or FOLDER ..")?;
    let target = by_name(&name).ok_or_else(|| format!("no target is called {name}"))?;
    let mut inputs = 0;
    for arg in args {
        let path = Path::new(&arg);
        let mut files: Vec<PathBuf> = Vec::new();
        if path.is_dir() {
            for entry in std::fs::read_dir(path)? {
                files.push(entry?.path());
            }
        } else {
            files.push(path.to_path_buf());
        }
        for file in files {
            eprintln!("{}", file.display());
            let bytes = if file.is_dir() { Folder::read(&file)?.pack() } else { std::fs::read(&file)? };
            target.run(&bytes);
            inputs += 1;
        }
    }
    println!("{name}: {inputs} inputs, none fails");
    Ok(())
}
