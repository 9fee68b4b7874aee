"""The published package's models by the names that our zoo gives them, and a training step of one.

The package is run as it is. Two imports of its dependencies fail where audio decoding is not installed, which nothing
here needs; empty modules stand in for them.
"""
import sys
import types

import torch

BANDS, BINS, NEURONS, HIDDEN, LAGS = 34, 999, 119, 70, 9


def stand_in(name, **contents):
    module = types.ModuleType(name)
    vars(module).update(contents)
    sys.modules[name] = module


def same(function):
    return function


stand_in("pytorch_lightning")
stand_in("pytorch_lightning.utilities", rank_zero_only=same)
stand_in(
    "torchaudio._extension",
    fail_if_no_align=same,
    lazy_import_sox_ext=lambda: None,
    _IS_ALIGN_AVAILABLE=False,
    _IS_RIR_AVAILABLE=False,
    _IS_TORCHAUDIO_EXT_AVAILABLE=False,
)

from deepSTRF.models.audio import audio_zoo as zoo  # noqa: E402


def statenet(kind):
    return lambda: zoo.StateNet(BANDS, rnn_type=kind, out_neurons=NEURONS)


MODELS = {
    "linear": lambda: zoo.Linear(BANDS, LAGS, NEURONS),
    "ln": lambda: zoo.LinearNonlinear(BANDS, LAGS, NEURONS),
    "nrf": lambda: zoo.NetworkReceptiveField(BANDS, LAGS, 20, NEURONS),
    "dnet": lambda: zoo.DNet(BANDS, LAGS, 20, out_neurons=NEURONS),
    "cnn2d": lambda: zoo.ConvNet2D(BANDS, out_neurons=NEURONS),
    "transformer": lambda: zoo.Transformer(BANDS, out_neurons=NEURONS),
    "statenet-gru": statenet("GRU"),
    "statenet-lstm": statenet("LSTM"),
    "statenet-rnn": statenet("RNN"),
    "statenet-lmu": statenet("LMU"),
    "statenet-mamba": statenet("Mamba"),
}


class Fit:
    """A model and one batch."""

    def __init__(self, name, batch, bins=BINS):
        self.model = MODELS[name]()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3, weight_decay=0.0)
        self.sound = torch.randn(batch, 1, BANDS, bins)
        self.target = torch.rand(batch, NEURONS, bins)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        rate = self.model(self.sound).squeeze(2)
        torch.nn.functional.mse_loss(rate, self.target).backward()
        self.optimizer.step()
