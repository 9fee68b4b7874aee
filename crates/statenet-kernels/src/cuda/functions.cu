// What all kernels share. Texts are plain CUDA C++ of any version, without includes: NVRTC compiles them where they
// run, nvcc where they are checked, and a C++ compiler in the tests (host.cpp).
//
// The rules that keep them checkable: a loop over units starts at threadIdx.x and steps by blockDim.x, so that any
// number of threads is right; what one loop writes another reads only after __syncthreads(); offsets into global
// memory are size_t; nothing is added up by atomics, so that results are the same every time.

__device__ inline float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}
