// The selective scan: one block owns TILE neighbouring channels of one stimulus, a thread owns states; selective_scan/mod.rs
// has the equations. Time is cut into chunks: within one, nobody waits; after it, what the states of a channel, or the
// channels of a state, give to each of its bins is added up.
//
// x, delta, y and their gradients (B, T, E); a (E, N); b, c (B, T, N); d (E); states (B, E, N); output and its gradient:
// y, then the last states. tape (B, chunks, E, N): the states before each chunk.
#define TILE 8
#define CHUNK 8

// Where a block works: its stimulus, its tile, its first channel, how many channels it has.
struct Place {
    size_t b, tile;
    int first, own;
};

__device__ inline Place place(int channels)
{
    const int tiles = (channels + TILE - 1) / TILE, tile = blockIdx.x % tiles;
    const int rest = channels - tile * TILE;
    return Place{(size_t)(blockIdx.x / tiles), (size_t)tile, tile * TILE, rest < TILE ? rest : TILE};
}

// The sum of n numbers `step` apart.
__device__ inline float sum(const float *part, int n, int step)
{
    float total = 0.0f;
    for (int i = 0; i < n; i++)
        total += part[i * step];
    return total;
}

// On chip: TILE (N + CHUNK (N + 1)) numbers: rows of states are one number longer than need be, so that neighbouring
// threads read from different banks. The tape is written if keep.
extern "C" __global__ void selective_forward(const float *x, const float *delta, const float *a, const float *b,
                                             const float *c, const float *d, const float *h0, float *output,
                                             float *tape, int batch, int channels, int states, int time, int keep)
{
    extern __shared__ float on_chip[];
    const Place own = place(channels);
    const int units = own.own * states, row = TILE * (states + 1), chunks = (time + CHUNK - 1) / CHUNK;
    const size_t all = (size_t)channels * states, begin = (size_t)own.first * states;
    float *state = on_chip;             // (TILE, N)
    float *part = state + TILE * states; // (CHUNK, TILE, N + 1)

    for (int i = threadIdx.x; i < units; i += blockDim.x)
        state[i] = h0[own.b * all + begin + i];
    for (int chunk = 0; chunk < chunks; chunk++) {
        const int from = chunk * CHUNK, bins = time - from < CHUNK ? time - from : CHUNK;
        const size_t bin = own.b * time + from;
        for (int i = threadIdx.x; i < units; i += blockDim.x) {
            const float rate = a[begin + i];
            float h = state[i];
            if (keep)
                tape[(own.b * chunks + chunk) * all + begin + i] = h;
            for (int k = 0; k < bins; k++) {
                const size_t at = (bin + k) * channels + own.first + i / states, weight = (bin + k) * states + i % states;
                h = expf(delta[at] * rate) * h + delta[at] * x[at] * b[weight];
                part[k * row + i + i / states] = h * c[weight];
            }
            state[i] = h;
        }
        __syncthreads();
        for (int i = threadIdx.x; i < bins * own.own; i += blockDim.x) {
            const int k = i / own.own, e = i % own.own;
            const size_t at = (bin + k) * channels + own.first + e;
            output[at] = d[own.first + e] * x[at] + sum(part + k * row + e * (states + 1), states, 1);
        }
        __syncthreads();
    }
    float *last = output + (size_t)batch * time * channels + own.b * all + begin;
    for (int i = threadIdx.x; i < units; i += blockDim.x)
        last[i] = state[i];
}

// On chip: TILE (CHUNK N + 4 CHUNK (N + 1) + 2 N) numbers. a_grad (B, E, N): sums over bins, not over stimuli. b_grad and
// c_grad (tiles, B, T, N): sums over the channels of a tile.
extern "C" __global__ void selective_backward(const float *x, const float *delta, const float *a, const float *b,
                                              const float *c, const float *d, const float *tape, const float *grad,
                                              float *x_grad, float *delta_grad, float *a_grad, float *b_grad,
                                              float *c_grad, float *h0_grad, int batch, int channels, int states,
                                              int time)
{
    extern __shared__ float on_chip[];
    const Place own = place(channels);
    const int units = own.own * states, wide = TILE * states, row = TILE * (states + 1);
    const int chunks = (time + CHUNK - 1) / CHUNK;
    const size_t all = (size_t)channels * states, begin = (size_t)own.first * states;
    float *before = on_chip;                 // (CHUNK, TILE, N): the states before each bin
    float *by_input = before + CHUNK * wide; // (CHUNK, TILE, N + 1): parts of sum_n G B, as are the following of theirs
    float *by_decay = by_input + CHUNK * row; // sum_n q A
    float *of_b = by_decay + CHUNK * row;    // sum_e G d x
    float *of_c = of_b + CHUNK * row;        // sum_e g h
    float *g = of_c + CHUNK * row;           // (TILE, N): the gradient of the state
    float *of_a = g + wide;                  // (TILE, N)

    for (int i = threadIdx.x; i < units; i += blockDim.x) {
        g[i] = grad[(size_t)batch * time * channels + own.b * all + begin + i];
        of_a[i] = 0.0f;
    }
    for (int chunk = chunks - 1; chunk >= 0; chunk--) {
        const int from = chunk * CHUNK, bins = time - from < CHUNK ? time - from : CHUNK;
        const size_t bin = own.b * time + from;
        for (int i = threadIdx.x; i < units; i += blockDim.x) {
            const float rate = a[begin + i];
            float h = tape[(own.b * chunks + chunk) * all + begin + i];
            for (int k = 0; k < bins; k++) {
                const size_t at = (bin + k) * channels + own.first + i / states;
                before[k * wide + i] = h;
                h = expf(delta[at] * rate) * h + delta[at] * x[at] * b[(bin + k) * states + i % states];
            }
            float of_state = g[i], of_rate = of_a[i];
            for (int k = bins - 1; k >= 0; k--) {
                const size_t at = (bin + k) * channels + own.first + i / states, weight = (bin + k) * states + i % states;
                const int slot = k * row + i + i / states;
                of_state += grad[at] * c[weight];
                of_c[slot] = grad[at] * h;
                of_b[slot] = of_state * delta[at] * x[at];
                by_input[slot] = of_state * b[weight];
                h = before[k * wide + i];
                of_state *= expf(delta[at] * rate);
                by_decay[slot] = of_state * h * rate;
                of_rate += of_state * h * delta[at];
            }
            g[i] = of_state;
            of_a[i] = of_rate;
        }
        __syncthreads();
        for (int i = threadIdx.x; i < bins * own.own; i += blockDim.x) {
            const int k = i / own.own, e = i % own.own, slot = k * row + e * (states + 1);
            const size_t at = (bin + k) * channels + own.first + e;
            const float through = sum(by_input + slot, states, 1);
            x_grad[at] = through * delta[at] + grad[at] * d[own.first + e];
            delta_grad[at] = through * x[at] + sum(by_decay + slot, states, 1);
        }
        for (int i = threadIdx.x; i < bins * states; i += blockDim.x) {
            const int k = i / states, n = i % states;
            const size_t to = ((own.tile * batch * time) + bin + k) * states + n;
            b_grad[to] = sum(of_b + k * row + n, own.own, states + 1);
            c_grad[to] = sum(of_c + k * row + n, own.own, states + 1);
        }
        __syncthreads();
    }
    for (int i = threadIdx.x; i < units; i += blockDim.x) {
        h0_grad[own.b * all + begin + i] = g[i];
        a_grad[own.b * all + begin + i] = of_a[i];
    }
}
