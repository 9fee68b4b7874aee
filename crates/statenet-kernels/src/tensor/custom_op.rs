//! The one place that meets Candle's storage: turns a [`Kernel`] on slices into a differentiable operation on tensors.
//!
//! Candle gives a custom operation at most three input tensors, hands them over as storage with a layout, and later asks
//! for the gradients of all inputs at once, given the inputs, the result and the gradient of the result. Here all of these
//! become contiguous slices. What the forward pass keeps for the backward pass (its tape) lives in the value that
//! represents the call, and only if an input is tracked.
//!
//! On a CUDA device a kernel that is [`OnDevice`] runs before Candle makes the node of the graph, because it works on
//! tensors, and Candle shows the forward pass of a custom operation the storage only.

use std::sync::{Arc, OnceLock};

use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, CustomOp2, CustomOp3, DType, Layout, Shape, Storage, Tensor,
    backend::BackendStorage, bail,
};

use crate::{
    cuda::{self, Machine, OnDevice},
    error::{Error, Result},
    simd::float::Real,
    tensor::array::collect,
};

/// An operation on N contiguous slices. Sizes and options are the implementor's fields.
pub(crate) trait Kernel<const N: usize>: Send + Sync + 'static {
    /// Its name in errors.
    const NAME: &'static str;

    /// The shape of the result.
    fn shape(&self) -> Shape;

    /// The result from the inputs. What the backward pass needs goes onto the tape, if there is one.
    fn forward<F: Real>(&self, inputs: [&[F]; N], tape: Option<&mut Vec<F>>) -> Vec<F>;

    /// The gradients of the inputs, in order; those that `wanted` does not ask for may stay empty.
    fn backward<F: Real>(&self, call: Backward<'_, F, N>, wanted: [bool; N]) -> [Vec<F>; N];

    /// Its form on a CUDA device, if it has one.
    fn on_device(&self) -> Option<&dyn OnDevice<N>> {
        None
    }
}

/// What a backward pass is given.
pub(crate) struct Backward<'a, F, const N: usize> {
    /// The inputs of the forward pass.
    pub(crate) inputs: [&'a [F]; N],
    /// Its result.
    pub(crate) output: &'a [F],
    /// What it kept.
    pub(crate) tape: &'a [F],
    /// The gradient of the result.
    pub(crate) grad: &'a [F],
}

/// Whether [`apply`] can run a kernel where `tensor`, one of its inputs, lies; if not, the plain form must.
///
/// It can on the CPU; and on a CUDA device in f32, where the kernel has a form for it whose weights fit on chip.
pub(crate) fn is_fused<K: Kernel<N>, const N: usize>(kernel: &K, tensor: &Tensor) -> bool {
    tensor.device().is_cpu()
        || (tensor.dtype() == DType::F32
            && kernel
                .on_device()
                .zip(cuda::machine(tensor.device()))
                .is_some_and(|(op, machine)| op.on_chip() <= machine.on_chip()))
}

/// Runs a kernel on tensors of one dtype, all on one device where it [`is_fused`].
pub(crate) fn apply<K: Kernel<N>, const N: usize>(kernel: K, inputs: [&Tensor; N]) -> Result<Tensor> {
    let machine = inputs.first().and_then(|x| cuda::machine(x.device()));
    apply_on(machine, kernel, inputs)
}

/// Runs a kernel by a machine, or on slices if there is none.
pub(crate) fn apply_on<K: Kernel<N>, const N: usize>(
    machine: Option<Arc<dyn Machine>>,
    kernel: K,
    inputs: [&Tensor; N],
) -> Result<Tensor> {
    let keep = inputs.iter().any(|x| x.track_op());
    let run = || {
        let inputs = collect(inputs.iter().map(|x| x.contiguous()))?;
        let on_device = match machine.zip(kernel.on_device()) {
            Some((machine, op)) => Some(cuda::Call::new(machine, op, &inputs, keep)?),
            None => None,
        };
        let call = Call::<K, N> { kernel, keep, tape: OnceLock::new(), on_device };
        match inputs.as_slice() {
            [a] => a.apply_op1(call),
            [a, b] => a.apply_op2(b, call),
            [a, b, c] => a.apply_op3(b, c, call),
            _ => bail!("a custom operation takes one to three tensors, not {N}"),
        }
    };
    run().map_err(Error::in_op(K::NAME))
}

/// One call of a kernel, as Candle's graph holds it.
struct Call<K, const N: usize> {
    kernel: K,
    keep: bool,
    tape: OnceLock<CpuStorage>,
    on_device: Option<cuda::Call>,
}

impl<K: Kernel<N>, const N: usize> Call<K, N> {
    fn forward(&self, inputs: &[(&CpuStorage, &Layout)]) -> candle_core::Result<(CpuStorage, Shape)> {
        if let Some(call) = &self.on_device {
            return match call.take() {
                Some(Storage::Cpu(storage)) => Ok((storage, self.kernel.shape())),
                _ => bail!("{} has no result on the CPU", K::NAME),
            };
        }
        let storage = match inputs.first().map(|(storage, _)| storage.dtype()) {
            Some(DType::F32) => self.forward_as::<f32>(inputs)?,
            Some(DType::F64) => self.forward_as::<f64>(inputs)?,
            other => bail!("{} is not computed with {other:?}", K::NAME),
        };
        Ok((storage, self.kernel.shape()))
    }

    /// The result that a CUDA device has computed.
    fn result_of_device(&self) -> candle_core::Result<(CudaStorage, Shape)> {
        match self.on_device.as_ref().and_then(cuda::Call::take) {
            Some(Storage::Cuda(storage)) => Ok((storage, self.kernel.shape())),
            _ => bail!("{} has no result on a CUDA device", K::NAME),
        }
    }

    fn forward_as<F: Real>(&self, inputs: &[(&CpuStorage, &Layout)]) -> candle_core::Result<CpuStorage> {
        let inputs = collect(inputs.iter().map(|(storage, layout)| slice::<F>(storage, layout)))?;
        let mut tape = Vec::new();
        let output = self.kernel.forward(inputs, self.keep.then_some(&mut tape));
        debug_assert_eq!(output.len(), self.kernel.shape().elem_count(), "the result fills its shape");
        if self.keep && self.tape.set(F::to_cpu_storage_owned(tape)).is_err() {
            bail!("{} was run twice by one call", K::NAME);
        }
        Ok(F::to_cpu_storage_owned(output))
    }

    /// The gradients of the inputs, M of them as Candle counts.
    fn backward<const M: usize>(
        &self,
        inputs: [&Tensor; M],
        output: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<[Option<Tensor>; M]> {
        let inputs: [&Tensor; N] = collect(inputs.into_iter().map(Ok))?;
        let gradients = if let Some((call, op)) = self.on_device.as_ref().zip(self.kernel.on_device()) {
            call.backward(op, inputs, output, grad)?
        } else {
            match output.dtype() {
                DType::F32 => self.backward_as::<f32>(inputs, output, grad)?,
                DType::F64 => self.backward_as::<f64>(inputs, output, grad)?,
                other => bail!("{} is not computed with {other:?}", K::NAME),
            }
        };
        collect(gradients.into_iter().map(Ok))
    }

    fn backward_as<F: Real>(
        &self,
        inputs: [&Tensor; N],
        output: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<[Option<Tensor>; N]> {
        let Some(tape) = self.tape.get() else { bail!("{} kept nothing for its backward pass", K::NAME) };
        let tape = F::cpu_storage_as_slice(tape)?;
        // An upstream gradient may be a broadcast (stride 0), a transposition or a part of something larger.
        let grad = grad.contiguous()?;
        let wanted = inputs.map(Tensor::track_op);
        let gradients = {
            let guards = inputs.map(Tensor::storage_and_layout);
            let (output, grad) = (output.storage_and_layout(), grad.storage_and_layout());
            let call = Backward {
                inputs: collect(guards.iter().map(|(storage, layout)| cpu_slice::<F>(storage, layout)))?,
                output: cpu_slice(&output.0, output.1)?,
                tape,
                grad: cpu_slice(&grad.0, grad.1)?,
            };
            self.kernel.backward(call, wanted)
        };
        collect(inputs.into_iter().zip(wanted).zip(gradients).map(|((x, wanted), gradient)| {
            wanted.then(|| Tensor::from_vec(gradient, x.shape(), x.device())).transpose()
        }))
    }
}

/// The elements of a contiguous tensor.
fn slice<'a, F: Real>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [F]> {
    let elements = layout
        .contiguous_offsets()
        .and_then(|(start, end)| F::cpu_storage_as_slice(storage).map(|all| all.get(start..end)).transpose());
    match elements {
        Some(elements) => elements,
        None => bail!("a tensor of layout {layout:?} is not contiguous within its storage"),
    }
}

fn cpu_slice<'a, F: Real>(storage: &'a Storage, layout: &Layout) -> candle_core::Result<&'a [F]> {
    match storage {
        Storage::Cpu(storage) => slice(storage, layout),
        _ => bail!("a tensor lies on {:?}, not on the CPU", storage.device().location()),
    }
}

impl<K: Kernel<N>, const N: usize> CustomOp1 for Call<K, N> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        self.forward(&[(s, l)])
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout) -> candle_core::Result<(CudaStorage, Shape)> {
        self.result_of_device()
    }

    fn bwd(&self, x: &Tensor, output: &Tensor, grad: &Tensor) -> candle_core::Result<Option<Tensor>> {
        let [a] = self.backward([x], output, grad)?;
        Ok(a)
    }
}

impl<K: Kernel<N>, const N: usize> CustomOp2 for Call<K, N> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        self.forward(&[(s1, l1), (s2, l2)])
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> candle_core::Result<(CudaStorage, Shape)> {
        self.result_of_device()
    }

    fn bwd(
        &self,
        x1: &Tensor,
        x2: &Tensor,
        output: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>)> {
        let [a, b] = self.backward([x1, x2], output, grad)?;
        Ok((a, b))
    }
}

impl<K: Kernel<N>, const N: usize> CustomOp3 for Call<K, N> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        self.forward(&[(s1, l1), (s2, l2), (s3, l3)])
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> candle_core::Result<(CudaStorage, Shape)> {
        self.result_of_device()
    }

    fn bwd(
        &self,
        x1: &Tensor,
        x2: &Tensor,
        x3: &Tensor,
        output: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [a, b, c] = self.backward([x1, x2, x3], output, grad)?;
        Ok((a, b, c))
    }
}
