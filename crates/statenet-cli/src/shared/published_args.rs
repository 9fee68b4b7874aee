//! Options for published checkpoints, whose configs are incomplete.

use std::path::Path;

use clap::{Args, ValueEnum};
use statenet::{
    models::checkpoint::{Prefilter, PublishedOptions, load_published},
    prelude::*,
};

/// Settings that the published package does not store in its config.
#[derive(Args, Clone, Debug)]
pub(crate) struct PublishedArgs {
    /// Prefilter of a published checkpoint, which its config does not store; default: found from its tensors
    #[arg(long, value_name = "NAME")]
    pub(crate) prefilter: Option<PrefilterName>,
    /// Time bin of a published checkpoint in ms, which its config does not store; default 5
    #[arg(long, value_name = "MS")]
    pub(crate) dt: Option<f64>,
}

/// The prefilters of the published package.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum PrefilterName {
    /// AdapTrans.
    Adaptrans,
    /// IC adaptation.
    Ic,
}

impl PublishedArgs {
    /// Loads a checkpoint of this library or a published one.
    ///
    /// # Errors
    /// If there is no checkpoint, or the options do not match it.
    pub(crate) fn load(&self, folder: &Path, device: &Device) -> anyhow::Result<Checkpoint> {
        if self.prefilter.is_none() && self.dt.is_none() {
            return Ok(checkpoint::load(folder, device)?);
        }
        let prefilter = self.prefilter.map(|name| match name {
            PrefilterName::Adaptrans => Prefilter::Adaptrans,
            PrefilterName::Ic => Prefilter::Ic,
        });
        let dt = self.dt.map(TimeBin::from_millis).transpose()?;
        Ok(load_published(folder, &PublishedOptions { prefilter, dt }, device)?)
    }
}
