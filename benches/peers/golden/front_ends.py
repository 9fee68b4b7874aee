"""What the published package's front ends make of a short sound, and gradients by its samples and by the parameters.

Gain control has no gradient there: torchaudio computes it in place where its binary part is absent.
"""
import torch
from deepSTRF.models import wav2spec

from tensors import save

RATE, BANDS, BINS, DT_MS = 16_000, 8, 8, 5.0
# Of band-passes: at half the sample rate, where they end there by default, ours begin 1 Hz lower, so that they can move.
HIGHEST_HZ = 7000.0

FRONT_ENDS = {
    "mel": lambda: wav2spec.CausalMelSpectrogram(RATE, BANDS),
    "mel-cubic": lambda: wav2spec.CausalMelSpectrogram(RATE, BANDS, compression="cubic"),
    "mel-log1p": lambda: wav2spec.CausalMelSpectrogram(RATE, BANDS, compression="log1p"),
    "mel-none": lambda: wav2spec.CausalMelSpectrogram(RATE, BANDS, compression="none"),
    "gammatone": lambda: wav2spec.CausalGammatone(RATE, BANDS),
    "gammatone-pcen": lambda: wav2spec.CausalGammatone(RATE, BANDS, compression="pcen"),
    "sincnet": lambda: wav2spec.SincNet(RATE, BANDS, f_max=HIGHEST_HZ),
    "sincnet-envelope": lambda: wav2spec.SincNet(RATE, BANDS, f_max=HIGHEST_HZ, envelope=True),
    "leaf": lambda: wav2spec.CausalLEAF(RATE, BANDS),
}
WITHOUT_GRADIENT = ("gammatone-pcen", "leaf")


def write(folder):
    torch.manual_seed(400)
    samples = int(RATE * DT_MS / 1000) * BINS
    wave, weights = 0.2 * torch.randn(1, 1, samples), torch.randn(1, 1, BANDS, BINS)
    case = {"wave16k": wave, "weights": weights}
    for name, make in FRONT_ENDS.items():
        front_end = make().eval()
        x = wave.clone().requires_grad_()
        bands = case[name] = front_end(x)
        if name in WITHOUT_GRADIENT:
            continue
        (bands * weights).sum().backward()
        case[f"{name}.dx"] = x.grad
        case |= {f"{name}.grad.{parameter}": p.grad for parameter, p in front_end.named_parameters()}
    save(case, folder / "gradients.safetensors")
