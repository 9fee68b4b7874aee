//! `convert`: converts a checkpoint from the published package (deepSTRF 0.1.0) to this library, or back.
//!
//! ```text
//! statenet convert --checkpoint out/fit/checkpoints/statenet-gru --to published --out DIR
//! statenet convert --checkpoint PUBLISHED --to statenet --prefilter ic --dt 10 --out DIR
//! ```
//! The output folder is new, empty or holds a checkpoint, which is replaced; it must not be, hold or lie in the checkpoint that is read.
//! Prints the arguments that the published package needs in addition to the folder, since its config cannot hold them.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use statenet::{
    models::{
        activations::Output,
        checkpoint::{Nested, save, save_published},
    },
    prelude::*,
};

use crate::shared::{MachineArgs, OutputFolder, PublishedArgs, Warnings, interrupt};

/// The file by which a checkpoint is recognised.
const CONFIG: &str = "config.json";

/// Convert a checkpoint for this library or for the published package (deepSTRF 0.1.0)
#[derive(Parser, Clone, Debug)]
pub struct ConvertArgs {
    /// Folder of a checkpoint (config.json, model.safetensors), ours or a published one
    #[arg(long, value_name = "DIR")]
    checkpoint: PathBuf,
    /// Format to write
    #[arg(long, value_name = "FORM")]
    to: Form,
    /// Folder to write: new, or a checkpoint, which is replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    published: PublishedArgs,
    #[command(flatten)]
    machine: MachineArgs,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Form {
    /// This library's format, with config, input scaling, neurons and notes on training.
    Statenet,
    /// The format of the published package.
    Published,
}

/// Runs the program.
///
/// # Errors
/// If the checkpoint cannot be read, the published package has no such model, or a file cannot be written.
pub fn run(args: &ConvertArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    let printer = args.machine.printer();
    // A folder without a checkpoint must be empty.
    let entries: Option<&[&str]> = if args.out.join(CONFIG).is_file() { None } else { Some(&[]) };
    let inputs = [("--checkpoint", &*args.checkpoint)];
    let out = OutputFolder::open(&args.out, "convert", &inputs, entries, &printer)?;
    let Checkpoint { model, metadata, warnings: odd } = args.published.load(&args.checkpoint, &device)?;
    Warnings::default().extend(odd);
    interrupt::check()?;
    let nested = match args.to {
        Form::Statenet => {
            save(out.new_files(), &*model, &metadata)?;
            Vec::new()
        }
        Form::Published => save_published(out.new_files(), &*model, &metadata)?,
    };
    let _locked = out.commit(&[])?;
    printer.line(format_args!("wrote {} to {}", model.config().slug(), args.out.display()));
    for part in nested {
        printer.line(format_args!("pass to from_pretrained as extra_kwargs: {}", in_python(part)));
    }
    printer.finish()
}

/// The argument of the published class, in Python.
fn in_python(part: Nested) -> String {
    let curve = |name: &str, output: Output| {
        let signed = if output == Output::Signed { ", non_negative_output=False" } else { "" };
        format!("output_activation={name}(out_neurons{signed})")
    };
    match part {
        Nested::Adaptrans => "prefiltering=AdapTrans(a, w)".to_owned(),
        Nested::IcAdaptation => "prefiltering=ICAdaptation(a)".to_owned(),
        Nested::Separable => "kernel=SeparableSTRF(F, T, C_in, C_out)".to_owned(),
        Nested::Gaussians(n) => format!("kernel=ParametricSTRF(F, T, C_in, C_out, num_gaussians={n})"),
        Nested::Softplus(output) => curve("ParametricSoftplus", output),
        Nested::Sigmoid(output) => curve("ParametricSigmoid", output),
        Nested::DoubleExponential(output) => curve("ParametricDoubleExponential", output),
        Nested::Identity => "output_activation=Identity()".to_owned(),
    }
}
