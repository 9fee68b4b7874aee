"""Times PyTorch's GRU on a GPU (cuDNN): the recurrence as a layer of 70 inputs, T 999, H 70, f32.

Prints "gru cudnn B MILLISECONDS" for each batch, the median of 20 forward and backward passes. PyTorch's layer includes
the product of the inputs with their weights, which ours takes as given; at H 70 that is one small matrix product.
"""
import time

import torch

RUNS, WARM = 20, 3
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
gru = torch.nn.GRU(70, 70, batch_first=True).cuda()
for batch in (1, 14, 128, 1024):
    x = torch.randn(batch, 999, 70, device="cuda", requires_grad=True)
    times = []
    for run in range(WARM + RUNS):
        gru.zero_grad(set_to_none=True)
        x.grad = None
        torch.cuda.synchronize()
        start = time.perf_counter()
        gru(x)[0].sum().backward()
        torch.cuda.synchronize()
        if run >= WARM:
            times.append((time.perf_counter() - start) * 1e3)
    print(f"gru cudnn {batch} {sorted(times)[RUNS // 2]:.3f}", flush=True)
