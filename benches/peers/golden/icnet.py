"""A small ICNet of the published package: parameters, outputs and gradients.

Parameters are its first values, each moved a little, but for the cut-offs.
"""
import torch
from deepSTRF.models.audio.icnet import ICNet

from tensors import save

RATE, DT_MS, BINS, NEURONS, BATCH = 16_000, 5.0, 8, 2, 2
STRIDES = (4, 4, 5)


def write(folder):
    torch.manual_seed(500)
    model = ICNet(
        RATE,
        NEURONS,
        DT_MS,
        n_filters=4,
        sincnet_kernel_size=16,
        encoder_channels=4,
        encoder_kernel_size=16,
        n_encoder_layers=len(STRIDES),
        bottleneck_channels=3,
        encoder_strides=STRIDES,
    ).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "sincnet" not in name:
                parameter += 0.2 * torch.randn_like(parameter)
    samples = int(RATE * DT_MS / 1000) * BINS
    wave, target = torch.randn(BATCH, 1, samples), torch.rand(BATCH, NEURONS, BINS)
    x = wave.clone().requires_grad_()
    y = model(x).squeeze(2)
    torch.nn.functional.mse_loss(y, target).backward()
    case = {"x": wave, "target": target, "y": y, "dx": x.grad}
    for name, parameter in model.named_parameters():
        case |= {f"value.{name}": parameter, f"grad.{name}": parameter.grad}
    save(case, folder / "case.safetensors")
