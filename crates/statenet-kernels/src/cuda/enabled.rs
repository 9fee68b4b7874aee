//! CUDA devices through Candle.

use std::sync::Arc;

use candle_core::{
    CudaDevice, CudaStorage, Device, Storage, bail,
    cuda_backend::{
        WrapErr,
        cudarc::{
            driver::{
                CudaSlice, CudaView, LaunchConfig, PushKernelArg,
                sys::{
                    CUdevice_attribute_enum::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
                    CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                },
            },
            nvrtc::compile_ptx,
        },
    },
};

use super::{Argument, Launch, Machine, Text};

/// The machine of a CUDA device; `None` for any other device.
pub(crate) fn machine(device: &Device) -> Option<Arc<dyn Machine>> {
    match device {
        Device::Cuda(device) => Some(Arc::new(Gpu(device.clone()))),
        _ => None,
    }
}

struct Gpu(CudaDevice);

impl Text {
    /// The kernels as the driver takes them; compiled once in the life of the process, for any device.
    fn ptx(&self) -> candle_core::Result<&str> {
        let compile = || match compile_ptx(self.whole()) {
            Ok(ptx) => Ok(ptx.to_src()),
            Err(error) => Err(error.to_string()),
        };
        match self.ptx.get_or_init(compile) {
            Ok(ptx) => Ok(ptx),
            Err(error) => bail!("the CUDA kernels of {} do not compile: {error}", self.name),
        }
    }
}

/// An argument as it lies on the device.
enum Placed<'a> {
    In(CudaView<'a, f32>),
    Out(CudaSlice<f32>),
    Size(i32),
}

impl Machine for Gpu {
    fn on_chip(&self) -> usize {
        let bytes =
            self.0.cuda_stream().context().attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
        bytes.map_or(0, |bytes| usize::try_from(bytes).unwrap_or(0) / size_of::<f32>())
    }

    fn launch(&self, launch: &Launch<'_>) -> candle_core::Result<Vec<Storage>> {
        let function = self.0.get_or_load_custom_func(launch.kernel, launch.text.name, launch.text.ptx()?)?;
        let bytes = launch.on_chip * size_of::<f32>();
        // More than 48 KiB of shared memory must be requested.
        function.set_attribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, i32::try_from(bytes)?).w()?;
        let config = LaunchConfig {
            grid_dim: (u32::try_from(launch.blocks)?, 1, 1),
            block_dim: (u32::try_from(launch.threads)?, 1, 1),
            shared_mem_bytes: u32::try_from(bytes)?,
        };

        let guards: Vec<_> = launch
            .arguments
            .iter()
            .map(|argument| match argument {
                Argument::In(tensor) => Some(tensor.storage_and_layout()),
                _ => None,
            })
            .collect();
        let mut placed = Vec::with_capacity(guards.len());
        for (argument, guard) in launch.arguments.iter().zip(&guards) {
            placed.push(match (argument, guard) {
                (Argument::Size(size), _) => Placed::Size(i32::try_from(*size)?),
                // SAFETY: the kernel writes every number before it is read, which the tests check on the host.
                #[allow(unsafe_code, reason = "results are written once")]
                (Argument::Out(len), _) => Placed::Out(unsafe { self.0.alloc::<f32>(*len)? }),
                (Argument::In(_), Some((storage, layout))) => {
                    let Storage::Cuda(storage) = &**storage else { bail!("an input lies on another device") };
                    let slice = storage.as_cuda_slice::<f32>()?;
                    let view =
                        layout.contiguous_offsets().and_then(|(start, end)| slice.try_slice(start..end));
                    match view {
                        Some(view) => Placed::In(view),
                        None => bail!("an input of layout {layout:?} is not contiguous within its storage"),
                    }
                }
                (Argument::In(_), None) => bail!("an input was not read"),
            });
        }

        let mut builder = function.builder();
        for argument in &mut placed {
            match argument {
                Placed::In(view) => builder.arg(&*view),
                Placed::Out(slice) => builder.arg(slice),
                Placed::Size(size) => builder.arg(&*size),
            };
        }
        // SAFETY: kinds, order and sizes of the arguments are those of the kernel's signature, which the tests
        // hold for the same launch on the host; threads and memory on chip are within the device's limits, or
        // the driver refuses. Inputs and outputs are separate allocations that live until the stream has run.
        #[allow(unsafe_code, reason = "a launch is a call into another language")]
        unsafe { builder.launch(config) }.w()?;
        drop(builder);

        let outputs = placed.into_iter().filter_map(|argument| match argument {
            Placed::Out(slice) => Some(Storage::Cuda(CudaStorage::wrap_cuda_slice(slice, self.0.clone()))),
            _ => None,
        });
        Ok(outputs.collect())
    }
}
