// The diagonal state-space recurrence: one block owns TILE neighbouring channels of one stimulus, a thread owns pairs of
// states; diagonal_scan/mod.rs has the equations. Time is cut into chunks: within one, nobody waits; after it, what the
// pairs of a channel give to each of its bins is added up.
//
// u, y and their gradients (B, T, H); weights A, B and C (3, H, N, 2); states (B, H, N, 2); output and its gradient: y,
// then the last states. tape (B, chunks, H, N, 2): the states before each chunk.
#define TILE 4
#define CHUNK 8

// Where a block works: its stimulus, its first channel, how many channels it has.
struct Place {
    size_t b;
    int first, own;
};

__device__ inline Place place(int channels)
{
    const int tiles = (channels + TILE - 1) / TILE, first = blockIdx.x % tiles * TILE;
    const int rest = channels - first;
    return Place{(size_t)(blockIdx.x / tiles), first, rest < TILE ? rest : TILE};
}

// The sum of a channel's part of a bin; rows of pairs are one number longer than need be, so that neighbouring threads
// read from different banks.
__device__ inline float sum_of_pairs(const float *part, int pairs)
{
    float sum = 0.0f;
    for (int n = 0; n < pairs; n++)
        sum += part[n];
    return sum;
}

// On chip: TILE (2 N + CHUNK (N + 1)) numbers. The tape is written if keep.
extern "C" __global__ void diagonal_forward(const float *u, const float *weights, const float *s0, float *output,
                                            float *tape, int batch, int channels, int pairs, int time, int keep)
{
    extern __shared__ float on_chip[];
    const Place own = place(channels);
    const int units = own.own * pairs, row = TILE * (pairs + 1), chunks = (time + CHUNK - 1) / CHUNK;
    const size_t all = (size_t)channels * pairs * 2, begin = (size_t)own.first * pairs * 2;
    float *state = on_chip;                 // (TILE, N, 2)
    float *part = state + TILE * pairs * 2; // (CHUNK, TILE, N + 1)

    for (int i = threadIdx.x; i < units; i += blockDim.x) {
        state[2 * i] = s0[own.b * all + begin + 2 * i];
        state[2 * i + 1] = s0[own.b * all + begin + 2 * i + 1];
    }
    for (int chunk = 0; chunk < chunks; chunk++) {
        const int from = chunk * CHUNK, bins = time - from < CHUNK ? time - from : CHUNK;
        const float *inputs = u + (own.b * time + from) * channels + own.first;
        for (int i = threadIdx.x; i < units; i += blockDim.x) {
            const float *w = weights + begin + 2 * i;
            const float a_re = w[0], a_im = w[1], b_re = w[all], b_im = w[all + 1];
            const float c_re = w[2 * all], c_im = w[2 * all + 1];
            float re = state[2 * i], im = state[2 * i + 1];
            if (keep) {
                float *kept = tape + (own.b * chunks + chunk) * all + begin + 2 * i;
                kept[0] = re;
                kept[1] = im;
            }
            for (int k = 0; k < bins; k++) {
                const float x = inputs[(size_t)k * channels + i / pairs], before = re;
                re = a_re * re - a_im * im + b_re * x;
                im = a_re * im + a_im * before + b_im * x;
                part[k * row + i + i / pairs] = c_re * re - c_im * im;
            }
            state[2 * i] = re;
            state[2 * i + 1] = im;
        }
        __syncthreads();
        for (int i = threadIdx.x; i < bins * own.own; i += blockDim.x) {
            const int k = i / own.own, c = i % own.own;
            output[(own.b * time + from + k) * channels + own.first + c] =
                2.0f * sum_of_pairs(part + k * row + c * (pairs + 1), pairs);
        }
        __syncthreads();
    }
    float *last = output + (size_t)batch * time * channels + own.b * all + begin;
    for (int i = threadIdx.x; i < units; i += blockDim.x) {
        last[2 * i] = state[2 * i];
        last[2 * i + 1] = state[2 * i + 1];
    }
}

// On chip: TILE (2 CHUNK N + CHUNK (N + 1) + 8 N) numbers. weights_grad (B, 3, H, N, 2): sums over bins, not over
// stimuli.
extern "C" __global__ void diagonal_backward(const float *u, const float *weights, const float *tape, const float *grad,
                                             float *u_grad, float *weights_grad, float *s0_grad, int batch,
                                             int channels, int pairs, int time)
{
    extern __shared__ float on_chip[];
    const Place own = place(channels);
    const int units = own.own * pairs, row = TILE * (pairs + 1), chunks = (time + CHUNK - 1) / CHUNK;
    const int wide = TILE * pairs;
    const size_t all = (size_t)channels * pairs * 2, begin = (size_t)own.first * pairs * 2;
    float *states = on_chip;                 // (CHUNK, 2, TILE, N): those before each bin
    float *part = states + CHUNK * 2 * wide; // (CHUNK, TILE, N + 1)
    float *g = part + CHUNK * row;           // (2, TILE, N): the gradient of the states
    float *sums = g + 2 * wide;              // (6, TILE, N): the gradients of A, B and C

    const float *last = grad + (size_t)batch * time * channels + own.b * all + begin;
    for (int i = threadIdx.x; i < units; i += blockDim.x) {
        g[i] = last[2 * i];
        g[wide + i] = last[2 * i + 1];
        for (int j = 0; j < 6; j++)
            sums[j * wide + i] = 0.0f;
    }
    for (int chunk = chunks - 1; chunk >= 0; chunk--) {
        const int from = chunk * CHUNK, bins = time - from < CHUNK ? time - from : CHUNK;
        const size_t rows = (own.b * time + from) * channels + own.first;
        for (int i = threadIdx.x; i < units; i += blockDim.x) {
            const float *w = weights + begin + 2 * i;
            const float a_re = w[0], a_im = w[1], b_re = w[all], b_im = w[all + 1];
            const float c_re = w[2 * all], c_im = w[2 * all + 1];
            const float *kept = tape + (own.b * chunks + chunk) * all + begin + 2 * i;
            float re = kept[0], im = kept[1];
            for (int k = 0; k < bins; k++) {
                const float x = u[rows + (size_t)k * channels + i / pairs], before = re;
                states[2 * k * wide + i] = re;
                states[(2 * k + 1) * wide + i] = im;
                re = a_re * re - a_im * im + b_re * x;
                im = a_re * im + a_im * before + b_im * x;
            }
            float g_re = g[i], g_im = g[wide + i];
            float of_weights[6];
            for (int j = 0; j < 6; j++)
                of_weights[j] = sums[j * wide + i];
            for (int k = bins - 1; k >= 0; k--) {
                const size_t at = rows + (size_t)k * channels + i / pairs;
                const float x = u[at], twice = 2.0f * grad[at];
                g_re += twice * c_re;
                g_im -= twice * c_im;
                of_weights[4] += twice * re;
                of_weights[5] -= twice * im;
                of_weights[2] += g_re * x;
                of_weights[3] += g_im * x;
                part[k * row + i + i / pairs] = b_re * g_re + b_im * g_im;
                re = states[2 * k * wide + i];
                im = states[(2 * k + 1) * wide + i];
                of_weights[0] += g_re * re + g_im * im;
                of_weights[1] += g_im * re - g_re * im;
                const float carried = g_re;
                g_re = a_re * g_re + a_im * g_im;
                g_im = a_re * g_im - a_im * carried;
            }
            g[i] = g_re;
            g[wide + i] = g_im;
            for (int j = 0; j < 6; j++)
                sums[j * wide + i] = of_weights[j];
        }
        __syncthreads();
        for (int i = threadIdx.x; i < bins * own.own; i += blockDim.x) {
            const int k = i / own.own, c = i % own.own;
            u_grad[rows + (size_t)k * channels + c] = sum_of_pairs(part + k * row + c * (pairs + 1), pairs);
        }
        __syncthreads();
    }
    for (int i = threadIdx.x; i < units; i += blockDim.x) {
        s0_grad[own.b * all + begin + 2 * i] = g[i];
        s0_grad[own.b * all + begin + 2 * i + 1] = g[wide + i];
        for (int j = 0; j < 6; j++)
            weights_grad[(own.b * 3 + j / 2) * all + begin + 2 * i + j % 2] = sums[j * wide + i];
    }
}
