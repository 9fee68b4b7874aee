//! Options for threads, device and logging.

use std::io::IsTerminal;

use anyhow::Context;
use clap::Args;
use statenet::{candle::Device, device::DeviceName};

use super::printer::Printer;

/// Device, threads and output.
#[derive(Args, Clone, Debug)]
pub struct MachineArgs {
    /// Number of threads; default: all cores. Results do not depend on it
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Device: cpu, or cuda:0 if built with the feature cuda
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub device: DeviceName,
    /// Print nothing but errors and warnings
    #[arg(long)]
    pub quiet: bool,
}

impl MachineArgs {
    /// Sets up threads and logging (`RUST_LOG=debug` shows every epoch) and opens the device.
    ///
    /// # Errors
    /// If the device cannot be opened, or the number of threads is 0.
    pub fn start(&self) -> anyhow::Result<Device> {
        let default = if self.quiet { "warn" } else { "warn,statenet_train=info" };
        let filter = tracing_subscriber::EnvFilter::try_from_default_env()
            .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
        let _already_set = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            // They would be printed where nothing can be printed.
            .log_internal_errors(false)
            .try_init();
        if let Some(n) = self.threads {
            anyhow::ensure!(n > 0, "--threads is 0, expected 1 or more");
            rayon::ThreadPoolBuilder::new().num_threads(n).build_global().context("starting threads")?;
        }
        Ok(self.device.open()?)
    }

    /// What the program prints with.
    #[must_use]
    pub(crate) fn printer(&self) -> Printer {
        Printer::new(self.quiet)
    }
}
