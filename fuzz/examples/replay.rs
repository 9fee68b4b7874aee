//! Runs a target on files, such as a corpus or what libFuzzer found, without libFuzzer: to debug a find, to measure coverage.
//! Where none are given, on its seeds and regressions.
//!
//! ```text
//! cargo run -p statenet-fuzz --example replay -- npy fuzz/artifacts/npy/crash-0123 fuzz/corpus/npy
//! ```

use std::path::PathBuf;

use statenet_fuzz::by_name;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let name = args.next().ok_or("usage: replay TARGET [FILE or FOLDER ..]")?;
    let target = by_name(&name).ok_or_else(|| format!("no target is called {name}"))?;
    let paths: Vec<PathBuf> = args.map(PathBuf::from).collect();
    let mut inputs =
        if paths.is_empty() { [(target.seeds)(), target.regressions()?].concat() } else { Vec::new() };
    for path in paths {
        let files = if path.is_dir() {
            std::fs::read_dir(&path)?.map(|e| e.map(|e| e.path())).collect()
        } else {
            Ok(vec![path])
        };
        for file in files? {
            inputs.push((file.display().to_string(), std::fs::read(&file)?));
        }
    }
    let mut taken = 0;
    for (name, bytes) in &inputs {
        eprintln!("{name}");
        taken += usize::from(target.run(bytes));
    }
    println!("{name}: {} inputs, {taken} taken, none fails", inputs.len());
    Ok(())
}
