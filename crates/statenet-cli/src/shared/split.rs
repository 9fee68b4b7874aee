//! Options that split stimuli.

use clap::Args;
use statenet::prelude::*;

/// The split of a run.
#[derive(Args, Clone, Debug)]
pub(crate) struct SplitArgs {
    /// Take sounds in different parts of the split that are equal or nearly so, with a warning: scores are then too good
    #[arg(long)]
    pub(crate) allow_similar_sounds: bool,
}

impl SplitArgs {
    /// Applies a rule to a recording.
    ///
    /// # Errors
    /// If the rule does not fit, or sounds in different parts are alike and this is not allowed.
    pub(crate) fn resolve(&self, plan: &SplitPlan, recording: &Recording) -> anyhow::Result<Split> {
        Ok(if self.allow_similar_sounds {
            plan.resolve_allowing_similar_sounds(recording)?
        } else {
            plan.resolve(recording)?
        })
    }
}
