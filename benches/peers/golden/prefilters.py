"""What the published package's prefilters make of a short cochleagram, in bins of 5 and of 10 ms."""
import torch
from deepSTRF.models import prefiltering

from tensors import save

BANDS, BINS = 10, 40


def write(folder):
    torch.manual_seed(100)
    sound = torch.randn(1, 1, BANDS, BINS)
    case = {"x": sound}
    for name in ("adaptrans", "willmore"):
        for dt_ms in (5, 10):
            prefilter = prefiltering.make_prefiltering(name, BANDS, float(dt_ms)).eval()
            case[f"{name}.dt{dt_ms}"] = prefilter(sound)
    save(case, folder / "case.safetensors")
