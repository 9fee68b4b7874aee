//! What a published checkpoint does not say of itself.

use std::path::Path;

use clap::{Args, ValueEnum};
use statenet::{
    models::checkpoint::{Prefilter, PublishedOptions, load_published},
    prelude::*,
};

/// Parts that the published package leaves out of its config.
#[derive(Args, Clone, Debug)]
pub struct DroppedArgs {
    /// Prefilter of a published checkpoint, whose config leaves it out; default: the one whose tensors it holds
    #[arg(long, value_name = "NAME")]
    pub prefilter: Option<PrefilterName>,
    /// Time bin of a published checkpoint in ms, which its config leaves out; default 5
    #[arg(long, value_name = "MS")]
    pub dt: Option<f64>,
}

/// The prefilters of the published package.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub enum PrefilterName {
    /// AdapTrans.
    Adaptrans,
    /// IC adaptation.
    Ic,
}

impl DroppedArgs {
    /// Loads a checkpoint, ours or a published one.
    ///
    /// # Errors
    /// If there is none, or what was said does not fit it.
    pub fn load(&self, folder: &Path, device: &Device) -> anyhow::Result<Checkpoint> {
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
