"""Spike counts smoothed by the published package, in bins of several widths."""
import torch
from deepSTRF.utils.data import hanning_smooth

from tensors import save

REPEATS, BINS = 2, 48
WIDTHS_MS, BINS_MS = (21, 50), (1, 2, 5, 10)


def write(folder):
    torch.manual_seed(300)
    counts = torch.poisson(torch.full((REPEATS, BINS), 0.7))
    case = {"counts": counts}
    for width in WIDTHS_MS:
        for dt in BINS_MS:
            case[f"hann{width}.dt{dt}"] = hanning_smooth(counts, float(width), float(dt))
    save(case, folder / "case.safetensors")
