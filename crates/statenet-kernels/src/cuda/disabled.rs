//! A build without CUDA has no such device.

use std::sync::Arc;

use candle_core::Device;

use super::Machine;

/// What runs kernels on a device: nothing does.
pub(crate) fn machine(_: &Device) -> Option<Arc<dyn Machine>> {
    None
}
