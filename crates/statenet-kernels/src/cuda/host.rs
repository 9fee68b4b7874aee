//! The host in place of a GPU: the source of the kernels, compiled by g++ with the address or the thread sanitizer. Each
//! thread of a block is a thread of the host. Slow, and as strict as a check without a GPU can be.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, OnceLock},
};

use candle_core::{CpuStorage, Device, Shape, Storage, Tensor, Var, bail};

use super::{Argument, Launch, Machine, Text};
use crate::tensor::custom_op::{Kernel, apply_on};

/// The sanitizers of g++.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sanitizer {
    /// Accesses outside of a buffer, undefined arithmetic.
    Address,
    /// What one thread writes and another reads or writes without a barrier between.
    Thread,
}

/// The host with a number of threads for each block, whatever a launch asks for.
pub(crate) struct Host {
    pub(crate) sanitizer: Sanitizer,
    pub(crate) threads: usize,
}

/// A host with each sanitizer, with numbers of threads that do not divide the number of units. Empty, with a message,
/// where no g++ with sanitizers runs.
pub(crate) fn hosts() -> Vec<Arc<dyn Machine>> {
    static WORKS: OnceLock<bool> = OnceLock::new();
    let sanitizers = [(Sanitizer::Address, 5), (Sanitizer::Thread, 3)];
    let works = |sanitizer: Sanitizer| {
        let sources = [("host.cpp", "int main() { return 0; }")];
        match build("probe", sanitizer, &sources).map(|program| Command::new(program).status()) {
            Ok(Ok(status)) if status.success() => true,
            other => {
                eprintln!("skipped: kernels on the host with {sanitizer:?}: {other:?}");
                false
            }
        }
    };
    if *WORKS.get_or_init(|| sanitizers.iter().all(|(sanitizer, _)| works(*sanitizer))) {
        sanitizers
            .map(|(sanitizer, threads)| Arc::new(Host { sanitizer, threads }) as Arc<dyn Machine>)
            .into()
    } else {
        Vec::new()
    }
}

impl Machine for Host {
    fn on_chip(&self) -> usize {
        58 * 1024
    }

    fn launch(&self, launch: &Launch<'_>) -> candle_core::Result<Vec<Storage>> {
        let program = self.program(launch.text)?;
        let mut input = Vec::new();
        let (name, blocks, on_chip) = (launch.kernel, launch.blocks, launch.on_chip);
        writeln!(input, "{name} {blocks} {} {on_chip}", self.threads)?;
        let mut lengths = Vec::new();
        for argument in launch.arguments {
            match argument {
                Argument::In(tensor) => {
                    let (storage, layout) = tensor.storage_and_layout();
                    let Storage::Cpu(storage) = &*storage else { bail!("an input is not on the host") };
                    let Some((start, end)) = layout.contiguous_offsets() else {
                        bail!("an input is not contiguous")
                    };
                    writeln!(input, "in {}", end - start)?;
                    input.extend(storage.as_slice::<f32>()?[start..end].iter().flat_map(|x| x.to_ne_bytes()));
                    writeln!(input)?;
                }
                Argument::Out(len) => {
                    writeln!(input, "out {len}")?;
                    lengths.push(*len);
                }
                Argument::Size(size) => writeln!(input, "int {size}")?,
            }
        }

        let mut child = Command::new(program)
            .env("ASAN_OPTIONS", "detect_leaks=0")
            .env("TSAN_OPTIONS", "halt_on_error=1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let Some(mut stdin) = child.stdin.take() else { bail!("no way to write to the program") };
        // A program that fails stops reading; its error output says why.
        let written = stdin.write_all(&input);
        drop(stdin);
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("{name} on the host: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        written?;
        let (numbers, rest) = output.stdout.as_chunks::<4>();
        if numbers.len() != lengths.iter().sum::<usize>() || !rest.is_empty() {
            bail!("{name} on the host left {} bytes", output.stdout.len());
        }
        let mut numbers = numbers.iter().map(|bytes| f32::from_ne_bytes(*bytes));
        let storages = lengths.into_iter().map(|len| {
            let storage: Vec<f32> = numbers.by_ref().take(len).collect();
            Storage::Cpu(CpuStorage::F32(storage))
        });
        Ok(storages.collect())
    }
}

impl Host {
    /// The program that runs a text.
    fn program(&self, text: &Text) -> candle_core::Result<PathBuf> {
        let kernels = text.whole();
        let list: String = names(text.kernels).map(|name| format!("KERNEL({name})\n")).collect();
        let sources =
            [("host.cpp", include_str!("host.cpp")), ("kernels.cu", &kernels), ("kernels.list", &list)];
        build(text.name, self.sanitizer, &sources)
    }
}

/// A C++ program, built once and cached beside the tests under a hash of its sources.
fn build(name: &str, sanitizer: Sanitizer, sources: &[(&str, &str)]) -> candle_core::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    (sources, format!("{sanitizer:?}")).hash(&mut hasher);
    let here = std::env::current_exe()?;
    let folder = here.parent().unwrap_or(Path::new(".")).join("cuda-on-host");
    let program = folder.join(format!("{name}-{:016x}", hasher.finish()));
    if program.exists() {
        return Ok(program);
    }

    // Tests run side by side: each builds in a folder of its own and moves what it made into place.
    fs::create_dir_all(&folder)?;
    let scratch = tempfile::tempdir_in(&folder)?;
    for (file, text) in sources {
        fs::write(scratch.path().join(file), text)?;
    }
    let built = Command::new("g++")
        .args(["-std=c++17", "-O1", "-g", "-pthread", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas"])
        .arg(match sanitizer {
            Sanitizer::Address => "-fsanitize=address,undefined",
            Sanitizer::Thread => "-fsanitize=thread",
        })
        .args(["-fno-sanitize-recover=all", "host.cpp", "-o", "program"])
        .current_dir(scratch.path())
        .output()?;
    if !built.status.success() {
        bail!("g++ refuses {name}:\n{}", String::from_utf8_lossy(&built.stderr));
    }
    fs::rename(scratch.path().join("program"), &program)?;
    Ok(program)
}

/// The names of the kernels in a text.
pub(crate) fn names(kernels: &str) -> impl Iterator<Item = &str> {
    const BEFORE: &str = "extern \"C\" __global__ void ";
    kernels.match_indices(BEFORE).filter_map(|(at, _)| kernels[at + BEFORE.len()..].split('(').next())
}

/// Asserts that every host computes the values and gradients that the CPU computes, whichever inputs are tracked.
pub(crate) fn assert_same_as_cpu<K: Kernel<N>, const N: usize>(make: impl Fn() -> K, inputs: &[Tensor; N]) {
    for machine in hosts() {
        for tracked in 0..1u32 << N {
            let on_slices = numbers(None, make(), inputs, tracked);
            let on_host = numbers(Some(machine.clone()), make(), inputs, tracked);
            for (i, (got, expected)) in on_host.iter().zip(&on_slices).enumerate() {
                let scale = expected.iter().fold(1e-2f32, |a, b| a.max(b.abs()));
                for (got, expected) in got.iter().zip(expected) {
                    assert!(
                        (got - expected).abs() <= 2e-5 * scale,
                        "{}: result or gradient {i}: {got}, expected {expected} (largest {scale})",
                        K::NAME
                    );
                }
            }
        }
    }
}

/// The result, and the gradients of the inputs that bits of `tracked` name.
fn numbers<K: Kernel<N>, const N: usize>(
    machine: Option<Arc<dyn Machine>>,
    kernel: K,
    inputs: &[Tensor; N],
    tracked: u32,
) -> Vec<Vec<f32>> {
    let vars = inputs.each_ref().map(|x| Var::from_tensor(x).unwrap());
    let is_tracked = |i: usize| tracked >> i & 1 == 1;
    let placed: [Tensor; N] =
        std::array::from_fn(|i| if is_tracked(i) { vars[i].as_tensor().clone() } else { vars[i].detach() });
    let output = apply_on(machine, kernel, placed.each_ref()).unwrap();
    let mut results = vec![output.clone()];
    if tracked != 0 {
        // A loss whose gradient varies: the result itself plus 1.
        let loss = ((&output * &output).unwrap() * 0.5 + &output).unwrap().sum_all().unwrap();
        let mut gradients = loss.backward().unwrap();
        results.extend(
            vars.iter()
                .enumerate()
                .filter(|(i, _)| is_tracked(*i))
                .map(|(_, v)| gradients.remove(v).unwrap()),
        );
    }
    results.iter().map(|x| x.flatten_all().unwrap().to_vec1().unwrap()).collect()
}

/// Numbers in \[-1, 1) that look random.
pub(crate) fn scattered(seed: u32, shape: impl Into<Shape>) -> Tensor {
    let shape = shape.into();
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let values: Vec<f32> = (0..shape.elem_count())
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}
