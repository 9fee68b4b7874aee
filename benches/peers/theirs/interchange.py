"""Loads folders that we wrote with the published package and compares its rates with ours.

    interchange.py FOLDER     # FOLDER/MODEL/{config.json, model.safetensors, io.safetensors, nested.json}

IC adaptation and AdapTrans are filters of finite length there; they get one long enough to be exact.
"""
import json
import pathlib
import sys

import reference  # noqa: F401  (lets the package import here)
import torch
from deepSTRF.models import activations, layers, prefiltering
from deepSTRF.models.audio import audio_zoo
from safetensors.torch import load_file

TOLERANCE = 1e-5
TAPS = 2000


def extra(config, nested):
    """The arguments that a config cannot hold."""
    decays = torch.tensor(nested["decays"])
    bands, neurons = config["n_frequency_bands"], config["out_neurons"]
    lags = config.get("temporal_window_size", 1)
    hidden = config.get("n_hidden", neurons)
    arguments = {}
    for part in nested["parts"]:
        kind, *number = part.split()
        if kind == "ic":
            arguments["prefiltering"] = prefiltering.ICAdaptation(decays, kernel_size=TAPS)
        elif kind == "adaptrans":
            weights = torch.full((bands,), 0.75)
            arguments["prefiltering"] = prefiltering.AdapTrans(decays, weights, kernel_size=TAPS)
        elif kind == "separable":
            arguments["kernel"] = layers.SeparableSTRF(bands, lags, 1, hidden)
        elif kind == "gaussians":
            arguments["kernel"] = layers.ParametricSTRF(bands, lags, 1, hidden, num_gaussians=int(number[0]))
        elif kind == "softplus":
            arguments["output_activation"] = activations.ParametricSoftplus(neurons)
        elif kind == "sigmoid":
            arguments["output_activation"] = activations.ParametricSigmoid(neurons)
        elif kind == "double-exponential":
            arguments["output_activation"] = activations.ParametricDoubleExponential(neurons)
        elif kind == "identity":
            arguments["output_activation"] = torch.nn.Identity()
    return arguments


def difference(folder):
    config = json.loads((folder / "config.json").read_text())
    nested = json.loads((folder / "nested.json").read_text())
    kind = getattr(audio_zoo, config["_model_class"])
    model = kind.from_pretrained(folder, extra_kwargs=extra(config, nested)).eval()
    io = load_file(folder / "io.safetensors")
    with torch.no_grad():
        rates = model(io["x"]).squeeze(2)
    return ((rates - io["y"]).abs().max() / io["y"].abs().max()).item()


def main():
    worst, failed = 0.0, []
    for folder in sorted(f for f in pathlib.Path(sys.argv[1]).iterdir() if (f / "nested.json").exists()):
        try:
            found = difference(folder)
        except Exception as error:  # any refusal of the package is a finding
            failed.append(folder.name)
            print(f"{folder.name:26} REFUSED: {str(error)[:300]}")
            continue
        worst = max(worst, found)
        print(f"{folder.name:26} {found:.1e}{'' if found <= TOLERANCE else '  TOO FAR'}")
        if found > TOLERANCE:
            failed.append(folder.name)
    print(f"worst {worst:.1e}, bar {TOLERANCE:.0e}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
