// First-order recurrences: one block owns one stimulus, a thread owns channels. leaky/mod.rs and adaptation/mod.rs have
// the equations; past says which of the two it is: whether a bin's number is the state before it.
//
// x, its gradient, states: (B, C, T) or (B, T, C), numbers of one channel `step` apart and of one bin `stride` apart.
// decay, gain (C); z0, last states and the gradients of both coefficients (B, C): sums over bins, not over stimuli.
// output and its gradient: states, then the last (B, C).

extern "C" __global__ void leaky_forward(const float *x, const float *decay, const float *gain, const float *z0,
                                         float *output, int batch, int channels, int time, int stride, int step,
                                         int past)
{
    const size_t b = blockIdx.x, first = b * channels * time;
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        const float a = decay[c], g = gain[c];
        float z = z0[b * channels + c];
        size_t at = first + (size_t)c * stride;
        for (int t = 0; t < time; t++, at += step) {
            const float after = a * z + g * x[at];
            output[at] = past ? z : after;
            z = after;
        }
        output[(size_t)batch * channels * time + b * channels + c] = z;
    }
}

extern "C" __global__ void leaky_backward(const float *x, const float *decay, const float *gain, const float *z0,
                                          const float *output, const float *grad, float *x_grad, float *decay_grad,
                                          float *gain_grad, float *z0_grad, int batch, int channels, int time,
                                          int stride, int step, int past)
{
    const size_t b = blockIdx.x, first = b * channels * time;
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        const float a = decay[c], g = gain[c];
        const size_t state = b * channels + c;
        float carried = grad[(size_t)batch * channels * time + state], of_decay = 0.0f, of_gain = 0.0f;
        size_t at = first + (size_t)c * stride + (size_t)(time - 1) * step;
        for (int t = time - 1; t >= 0; t--, at -= step) {
            const float before = past ? output[at] : t == 0 ? z0[state] : output[at - step];
            const float after = past ? carried : carried + grad[at];
            x_grad[at] = g * after;
            of_decay += after * before;
            of_gain += after * x[at];
            carried = past ? a * after + grad[at] : a * after;
        }
        decay_grad[state] = of_decay;
        gain_grad[state] = of_gain;
        z0_grad[state] = carried;
    }
}
