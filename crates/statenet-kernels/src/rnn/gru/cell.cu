// One unit of a GRU in one bin; see mod.rs. Kept: r, z, n, q_n.
#define GATES 3
#define KEPT 4
#define HAS_CELL 0

__device__ inline void cell_forward(const float *u, const float *q, float *h, float *, float *kept)
{
    const float r = sigmoid(u[0] + q[0]);
    const float z = sigmoid(u[1] + q[1]);
    const float n = tanhf(u[2] + r * q[2]);
    *h = n + z * (*h - n);
    kept[0] = r;
    kept[1] = z;
    kept[2] = n;
    kept[3] = q[2];
}

__device__ inline void cell_backward(const float *kept, float before, float, float *h, float *, float *gu, float *gq)
{
    const float r = kept[0], z = kept[1], n = kept[2], q_n = kept[3], g = *h;
    gu[2] = g * (1.0f - z) * (1.0f - n * n);
    gu[1] = gq[1] = g * (before - n) * (z * (1.0f - z));
    gq[2] = gu[2] * r;
    gu[0] = gq[0] = gq[2] * q_n * (1.0f - r);
    *h = g * z;
}
