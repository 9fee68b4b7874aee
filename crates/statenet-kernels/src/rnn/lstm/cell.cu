// One unit of an LSTM in one bin; see mod.rs. Kept: i, f, g, o, c[t-1], tanh(c[t]).
#define GATES 4
#define KEPT 6
#define HAS_CELL 1

__device__ inline void cell_forward(const float *u, const float *q, float *h, float *c, float *kept)
{
    const float i = sigmoid(u[0] + q[0]);
    const float f = sigmoid(u[1] + q[1]);
    const float g = tanhf(u[2] + q[2]);
    const float o = sigmoid(u[3] + q[3]);
    kept[0] = i;
    kept[1] = f;
    kept[2] = g;
    kept[3] = o;
    kept[4] = *c;
    *c = f * *c + i * g;
    kept[5] = tanhf(*c);
    *h = o * kept[5];
}

__device__ inline void cell_backward(const float *kept, float, float, float *h, float *c, float *gu, float *gq)
{
    const float i = kept[0], f = kept[1], g = kept[2], o = kept[3], before = kept[4], s = kept[5];
    const float gc = *c + *h * o * (1.0f - s * s);
    gu[0] = gq[0] = gc * g * (i * (1.0f - i));
    gu[1] = gq[1] = gc * before * (f * (1.0f - f));
    gu[2] = gq[2] = gc * i * (1.0f - g * g);
    gu[3] = gq[3] = *h * s * (o * (1.0f - o));
    *h = 0.0f;
    *c = gc * f;
}
