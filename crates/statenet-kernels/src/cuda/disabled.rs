//! CUDA devices in a build without the feature `cuda`: there are none.

use std::sync::Arc;

use candle_core::Device;

use super::Machine;

/// No device runs kernels in this build.
pub(crate) fn machine(_: &Device) -> Option<Arc<dyn Machine>> {
    None
}
