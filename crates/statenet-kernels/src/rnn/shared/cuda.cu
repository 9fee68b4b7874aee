// A gated recurrence: one block owns one stimulus and keeps the recurrent weights on chip for the whole clip.
// Before it stand GATES, KEPT, HAS_CELL and the two functions of a cell (cell.cu); recurrent/mod.rs has the equations.
// Any number of threads is right; GATES H, one for each gate of each unit, is meant.
//
// G = GATES; gates, gates_grad, gq (B, T, G H); weight (K, G H, H); bias (K, G H); h0, c0 and their gradients (B, H);
// output and its gradient: states (B, T, H), then, where there is a cell state, the last of it (B, H);
// tape (B, T, KEPT, H). Stimulus b belongs to model b / rows. Without a cell state c0 is not read.

// On chip: (G H + 3 G + 2) H numbers. The tape is written if keep.
extern "C" __global__ void recurrent_forward(const float *gates, const float *weight, const float *bias,
                                             const float *h0, const float *c0, float *output, float *tape, int batch,
                                             int rows, int time, int hidden, int keep)
{
    extern __shared__ float on_chip[];
    const int columns = GATES * hidden;
    float *w = on_chip;               // (H, G H): neighbouring threads read neighbouring numbers
    float *start = w + hidden * columns; // (G H): the bias
    float *q = start + columns;       // (G H)
    float *u = q + columns;           // (G H)
    float *h = u + columns;           // (H)
    float *c = h + hidden;            // (H)
    const size_t b = blockIdx.x, model = b / rows;

    for (int i = threadIdx.x; i < hidden * columns; i += blockDim.x)
        w[i % hidden * columns + i / hidden] = weight[model * hidden * columns + i];
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        start[i] = bias[model * columns + i];
    for (int j = threadIdx.x; j < hidden; j += blockDim.x) {
        h[j] = h0[b * hidden + j];
        c[j] = HAS_CELL ? c0[b * hidden + j] : 0.0f;
    }
    __syncthreads();

    for (int t = 0; t < time; t++) {
        const size_t bin = b * time + t;
        for (int i = threadIdx.x; i < columns; i += blockDim.x) {
            const float input = gates[bin * columns + i]; // on its way while the product is computed
            float sum = start[i];
#pragma unroll 8
            for (int k = 0; k < hidden; k++)
                sum += w[k * columns + i] * h[k];
            q[i] = sum;
            u[i] = input;
        }
        __syncthreads();
        for (int j = threadIdx.x; j < hidden; j += blockDim.x) {
            float own_u[GATES], own_q[GATES], kept[KEPT + 1];
            for (int g = 0; g < GATES; g++) {
                own_u[g] = u[g * hidden + j];
                own_q[g] = q[g * hidden + j];
            }
            cell_forward(own_u, own_q, &h[j], &c[j], kept);
            output[bin * hidden + j] = h[j];
            if (keep)
                for (int i = 0; i < KEPT; i++)
                    tape[(bin * KEPT + i) * hidden + j] = kept[i];
        }
        __syncthreads();
    }
    if (HAS_CELL)
        for (int j = threadIdx.x; j < hidden; j += blockDim.x)
            output[((size_t)batch * time + b) * hidden + j] = c[j];
}

// Rows of H that the backward pass reads of a bin: what was kept, h[t-1], h[t], the gradient of h[t].
#define READ (KEPT + 3)

__device__ inline float read_of_bin(const float *tape, const float *h0, const float *output, const float *grad,
                                    size_t b, int time, int t, int hidden, int i)
{
    const size_t bin = b * time + t;
    const int row = i / hidden, j = i % hidden;
    if (row < KEPT)
        return tape[(bin * KEPT + row) * hidden + j];
    if (row == KEPT)
        return t == 0 ? h0[b * hidden + j] : output[(bin - 1) * hidden + j];
    return (row == KEPT + 1 ? output : grad)[bin * hidden + j];
}

// On chip: (G H + 2 G + KEPT + 5) H numbers. gq is written if wants_weight, c0_grad if there is a cell state.
extern "C" __global__ void recurrent_backward(const float *weight, const float *h0, const float *output,
                                              const float *tape, const float *grad, float *gates_grad, float *gq,
                                              float *h0_grad, float *c0_grad, int batch, int rows, int time,
                                              int hidden, int wants_weight)
{
    extern __shared__ float on_chip[];
    const int columns = GATES * hidden;
    float *w = on_chip;                  // (G H, H) as it comes: here, too, neighbours read neighbours
    float *q = w + columns * hidden;     // (G H): the gradient of q[t]
    float *through = q + columns;        // (G, H): the gradient of h[t-1] through each gate
    float *read = through + columns;     // (READ, H)
    float *h = read + READ * hidden;     // (H): the gradient of h[t-1] past the gates
    float *c = h + hidden;               // (H): the gradient of c[t-1]
    const size_t b = blockIdx.x, model = b / rows;

    for (int i = threadIdx.x; i < columns * hidden; i += blockDim.x)
        w[i] = weight[model * columns * hidden + i];
    for (int i = threadIdx.x; i < READ * hidden; i += blockDim.x)
        read[i] = read_of_bin(tape, h0, output, grad, b, time, time - 1, hidden, i);
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        through[i] = 0.0f;
    for (int j = threadIdx.x; j < hidden; j += blockDim.x) {
        h[j] = 0.0f;
        c[j] = HAS_CELL ? grad[((size_t)batch * time + b) * hidden + j] : 0.0f;
    }
    __syncthreads();

    for (int t = time - 1; t >= 0; t--) {
        const size_t bin = b * time + t;
        for (int j = threadIdx.x; j < hidden; j += blockDim.x) {
            float kept[KEPT + 1], own_u[GATES], own_q[GATES];
            for (int i = 0; i < KEPT; i++)
                kept[i] = read[i * hidden + j];
            float carried = h[j] + read[(KEPT + 2) * hidden + j];
            for (int g = 0; g < GATES; g++)
                carried += through[g * hidden + j];
            h[j] = carried;
            cell_backward(kept, read[KEPT * hidden + j], read[(KEPT + 1) * hidden + j], &h[j], &c[j], own_u, own_q);
            for (int g = 0; g < GATES; g++) {
                gates_grad[bin * columns + g * hidden + j] = own_u[g];
                q[g * hidden + j] = own_q[g];
            }
        }
        __syncthreads();
        for (int i = threadIdx.x; i < columns; i += blockDim.x) {
            // What the bin before needs is on its way while the product is computed.
            float next[(READ + GATES - 1) / GATES];
            for (int n = 0; n * GATES < READ; n++)
                if (t > 0 && n * columns + i < READ * hidden)
                    next[n] = read_of_bin(tape, h0, output, grad, b, time, t - 1, hidden, n * columns + i);
            const int gate = i / hidden, j = i % hidden;
            const float *column = w + gate * hidden * hidden + j;
            float sum = 0.0f;
#pragma unroll 8
            for (int k = 0; k < hidden; k++)
                sum += column[k * hidden] * q[gate * hidden + k];
            through[i] = sum;
            if (wants_weight)
                gq[bin * columns + i] = q[i];
            for (int n = 0; n * GATES < READ; n++)
                if (t > 0 && n * columns + i < READ * hidden)
                    read[n * columns + i] = next[n];
        }
        __syncthreads();
    }
    for (int j = threadIdx.x; j < hidden; j += blockDim.x) {
        float carried = h[j];
        for (int g = 0; g < GATES; g++)
            carried += through[g * hidden + j];
        h0_grad[b * hidden + j] = carried;
        if (HAS_CELL)
            c0_grad[b * hidden + j] = c[j];
    }
}
