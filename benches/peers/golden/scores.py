"""The published package's scores and losses of a few simulated neurons, in float64.

`full` has every response. In `missing` neuron 1 did not hear sound 1, neuron 0 lacks repeat 3 of sound 0, and sound 2 ends
early.
"""
import torch
from deepSTRF import metrics

from tensors import save

SOUNDS, NEURONS, REPEATS, BINS = 3, 3, 6, 30
ENDS = 22


def write(folder):
    torch.manual_seed(200)
    responses, rates = simulate()
    missing = responses.clone()
    missing[1, 1] = missing[0, 0, 3] = missing[2, :, :, ENDS:] = float("nan")
    case = {"pred": rates, "responses": responses, "responses_missing": missing}
    for name, heard in (("full", responses), ("missing", missing)):
        found = {**scores(rates, heard.double()), **losses(rates, heard.double())}
        case |= {f"{name}.{what}": value for what, value in found.items()}
    save(case, folder / "case.safetensors")


def simulate():
    """Poisson spikes, smoothed as the package smooths them, and an imperfect prediction of their rates."""
    t = torch.arange(BINS, dtype=torch.float64)
    phase = torch.rand(SOUNDS, NEURONS, 1, dtype=torch.float64) * 6.0
    drive = 1.0 + 0.8 * torch.sin(0.5 * t + phase) + 0.3 * torch.rand(SOUNDS, NEURONS, 1, dtype=torch.float64)
    counts = torch.poisson(drive.unsqueeze(2).expand(-1, -1, REPEATS, -1))
    smooth = torch.nn.functional.pad(counts, (1, 1))
    smooth = 0.5 * smooth[..., :-2] + smooth[..., 1:-1] + 0.5 * smooth[..., 2:]
    return smooth.float(), 2.0 * drive + 0.3 * torch.sin(1.3 * t)


def scores(rates, responses):
    pred, each = rates.unsqueeze(2), {"reduction": "none"}
    return {
        "corrcoef": metrics.corrcoef(pred, responses, **each),
        "fve": metrics.fve(pred, responses, **each),
        "mse": metrics.mse_loss(pred, responses, **each),
        "poisson": metrics.poisson_loss(pred, responses, **each),
        "signal_power": metrics.signal_power(responses, **each),
        "noise_power": metrics.noise_power(responses, **each),
        "snr": metrics.snr(responses, **each),
        "ccnorm_schoppe": metrics.normalized_corrcoef(pred, responses, method="schoppe", **each),
        "ccnorm_hsu": metrics.normalized_corrcoef(pred, responses, method="hsu", **each),
    }


def losses(rates, responses):
    """Each loss of the whole batch, and its gradient by the rates."""
    found = {}
    for name, loss in (("mse", metrics.mse_loss), ("poisson", metrics.poisson_loss)):
        pred = rates.unsqueeze(2).clone().requires_grad_()
        value = loss(pred, responses)
        value.backward()
        found |= {f"loss.{name}": value.reshape(1), f"loss.{name}.grad": pred.grad.squeeze(2)}
    return found
