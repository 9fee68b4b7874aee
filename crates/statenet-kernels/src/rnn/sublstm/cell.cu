// One unit of a subtractive-gated LSTM in one bin; see mod.rs. Kept: i, f, z, o, c[t-1], sigmoid(c[t]).
#define GATES 4
#define KEPT 6
#define HAS_CELL 1

__device__ inline void cell_forward(const float *u, const float *q, float *h, float *c, float *kept)
{
    for (int gate = 0; gate < GATES; gate++)
        kept[gate] = sigmoid(u[gate] + q[gate]);
    const float i = kept[0], f = kept[1], z = kept[2], o = kept[3];
    kept[4] = *c;
    *c = f * *c + (z - i);
    kept[5] = sigmoid(*c);
    *h = kept[5] - o;
}

__device__ inline void cell_backward(const float *kept, float, float, float *h, float *c, float *gu, float *gq)
{
    const float i = kept[0], f = kept[1], z = kept[2], o = kept[3], before = kept[4], s = kept[5];
    const float gc = *c + *h * (s * (1.0f - s));
    gu[0] = gq[0] = -gc * (i * (1.0f - i));
    gu[1] = gq[1] = gc * before * (f * (1.0f - f));
    gu[2] = gq[2] = gc * (z * (1.0f - z));
    gu[3] = gq[3] = -*h * (o * (1.0f - o));
    *h = 0.0f;
    *c = gc * f;
}
