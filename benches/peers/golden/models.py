"""Small models of the published package: outputs, gradients, five training steps, gradient maps.

Everything is in evaluation mode (no dropout, batch norm with its running statistics). Parameters are the package's first
values, each moved a little, so that no scale is 1 and no shift is 0.
"""
import json

import torch
from deepSTRF.models import activations, layers, prefiltering
from deepSTRF.models.audio import audio_zoo as zoo
from safetensors.torch import load_file

from tensors import save

BANDS, FEWER_BANDS, BINS, NEURONS, BATCH, LAGS, HIDDEN = 10, 7, 12, 3, 2, 5, 12
DT_MS = 5.0
STEPS, LEARNING_RATE, WEIGHT_DECAY = 5, 1e-3, 1e-2


def strf(kind, **parts):
    return lambda: kind(BANDS, LAGS, out_neurons=NEURONS, **{name: make() for name, make in parts.items()})


def statenet(rnn_type="GRU"):
    """4 channels at 3 positions: 12 hidden units."""
    return lambda: zoo.StateNet(
        BANDS, kernel_size=4, stride=3, hidden_channels=4, rnn_type=rnn_type, out_neurons=NEURONS
    )


def smaller(rnn_type="GRU", connectivity="LC", **parts):
    """3 channels at 2 positions: 6 hidden units, for what does not depend on how many there are."""
    return lambda: zoo.StateNet(
        FEWER_BANDS,
        kernel_size=4,
        stride=3,
        hidden_channels=3,
        connectivity=connectivity,
        rnn_type=rnn_type,
        out_neurons=NEURONS,
        **{name: make() for name, make in parts.items()},
    )


def adaptrans():
    return prefiltering.make_prefiltering("adaptrans", FEWER_BANDS, DT_MS)


def ic_adaptation():
    return prefiltering.make_prefiltering("willmore", BANDS, DT_MS)


def separable():
    return layers.SeparableSTRF(BANDS, LAGS, 1, NEURONS)


def gaussians():
    return layers.ParametricSTRF(BANDS, LAGS, 1, NEURONS, num_gaussians=3)


MODELS = {
    "linear": strf(zoo.Linear),
    "linear-separable": strf(zoo.Linear, kernel=separable),
    "linear-gaussians": strf(zoo.Linear, kernel=gaussians),
    "ln": strf(zoo.LinearNonlinear),
    "ln-ic": strf(zoo.LinearNonlinear, prefiltering=ic_adaptation),
    "nrf": lambda: zoo.NetworkReceptiveField(BANDS, LAGS, HIDDEN, NEURONS),
    "dnet": lambda: zoo.DNet(BANDS, LAGS, HIDDEN, out_neurons=NEURONS),
    "dnet-unscaled": lambda: zoo.DNet(BANDS, LAGS, HIDDEN, init_tau=1.5, decay_input=False, out_neurons=NEURONS),
    "cnn2d": lambda: zoo.ConvNet2D(BANDS, (3, 4), 4, HIDDEN, NEURONS),
    "transformer": lambda: zoo.Transformer(BANDS, embedding_dim=8, out_neurons=NEURONS),
    "transformer-windowed": lambda: zoo.Transformer(
        BANDS,
        freq_patch_size=5,
        time_patch_size=3,
        context_window=4,
        embedding_dim=4,
        n_heads=2,
        n_layers=2,
        out_neurons=NEURONS,
    ),
    "statenet-gru": statenet(),
    "statenet-lstm": statenet("LSTM"),
    "statenet-rnn": statenet("RNN"),
    "statenet-lmu": statenet("LMU"),
    "statenet-mamba": statenet("Mamba"),
    "statenet-s4": smaller("S4"),
    "statenet-gru-fc": smaller(connectivity="FC"),
    "statenet-gru-conv": smaller(connectivity="CONV"),
    "statenet-gru-adaptrans": smaller(prefiltering=adaptrans),
    "statenet-gru-sigmoid": smaller(output_activation=lambda: activations.ParametricSigmoid(NEURONS)),
    "statenet-gru-doubleexp": smaller(output_activation=lambda: activations.ParametricDoubleExponential(NEURONS)),
}

# Matrices that follow from the config: the first rows are enough to compare.
LONG = {"rnn.cell.A": 2}


def write(root):
    for number, (name, make) in enumerate(MODELS.items()):
        torch.manual_seed(number)
        write_model(root / name, make)


def write_model(folder, make):
    model = make().eval()
    sound, target = torch.randn(BATCH, 1, model.F, BINS), torch.rand(BATCH, NEURONS, BINS)
    perturb(model)
    with torch.no_grad():
        model(sound)  # S4 decides at its first sound for how many bins it keeps C
    model.save_pretrained(folder)
    for unused in ("metadata.json", "README.md"):
        (folder / unused).unlink(missing_ok=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    parameters = load_file(folder / "model.safetensors")
    io = {"x": sound, "target": target, **answers(model, sound, target)}
    for name, rows in LONG.items():
        if name in parameters:
            io[f"rows.{name}"] = parameters.pop(name)[:rows].clone()
    save(parameters, folder / "model.safetensors")
    save(io, folder / "io.safetensors")


def perturb(model):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # An adaptation not much faster than its filter of finite length would be cut off.
            scale = 0.003 if name.startswith("prefiltering") else 0.2
            parameter += scale * torch.randn_like(parameter)
        for name, statistic in model.named_buffers():
            if name.endswith("running_mean"):
                statistic.normal_(0.0, 0.3)
            if name.endswith("running_var"):
                statistic.uniform_(0.5, 2.0)


def answers(model, sound, target):
    """What the model makes of a sound, and what five steps of AdamW make of the model."""
    rates = lambda x: model(x).squeeze(2)
    loss = lambda y: torch.nn.functional.mse_loss(y, target)
    x = sound.clone().requires_grad_()
    y = rates(x)
    loss(y).backward()
    found = {"y": y, "dx": x.grad, "loss": loss(y).reshape(1)}
    found |= {f"grad.{name}": p.grad.clone() for name, p in model.named_parameters()}
    found["gradmap"] = gradient_maps(rates, sound)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = loss(rates(sound))
        value.backward()
        optimizer.step()
        losses.append(value.detach())
    found["losses"], found["y_after_5_steps"] = torch.stack(losses), rates(sound)
    return found | {f"after.{name}": p for name, p in model.named_parameters()}


def gradient_maps(rates, sound):
    """+d rate(last bin) / d sound of each neuron around the first sound, (N, F, T), oldest bin first."""
    x = sound[:1].clone().requires_grad_()
    last = rates(x)[0, :, -1]
    return torch.stack([torch.autograd.grad(rate, x, retain_graph=True)[0][0, 0] for rate in last])
