"""Times PyTorch's recurrences and the training steps of the reference's models once, each as a median.

measure.py --threads N --budget SECONDS --out FILE [--models NAME,..]
"""
import argparse
import pathlib
import subprocess
import sys
import time

import torch
from torch import nn

from clock import Bench

BATCHES = (1, 14)
HIDDEN, BINS = 70, 999


def recurrences(bench):
    for kind in (nn.GRU, nn.LSTM, nn.RNN):
        for batch in BATCHES:
            module = kind(HIDDEN, HIDDEN, batch_first=True)
            x = torch.randn(batch, BINS, HIDDEN)

            def both():
                module.zero_grad(set_to_none=True)
                module(x)[0].square().mean().backward()

            bench.time(f"module {kind.__name__}", batch, both)


def products(bench):
    """The time-independent part of each recurrence: inputs to gates."""
    for gates in (3, 4, 1):
        for batch in BATCHES:
            linear = nn.Linear(HIDDEN, gates * HIDDEN)
            x = torch.randn(batch, BINS, HIDDEN)
            upstream = torch.randn(batch, BINS, gates * HIDDEN)

            def both():
                linear.zero_grad(set_to_none=True)
                linear(x).backward(upstream)

            bench.time(f"product {gates}", batch, both)


def steps(bench, models):
    from reference import Fit

    for name in models:
        for batch in BATCHES:
            bench.time(f"step {name}", batch, Fit(name, batch).step)


def maps(bench):
    from reference import MODELS

    model = MODELS["statenet-gru"]().eval()
    bench.time("maps statenet-gru", 1, lambda: model.STRF_gradmap(T=200))


def ceilings(bench):
    """CCnorm with 126 half splits of a recording of the size of NS1; once, since it takes long."""
    import reference  # noqa: F401, its stand-ins come first
    from deepSTRF import metrics

    sounds, neurons, repeats = 3, 119, 20
    phase = torch.arange(sounds).view(-1, 1, 1) + torch.arange(neurons).view(1, -1, 1)
    rate = 0.5 + 0.4 * torch.sin(0.05 * torch.arange(BINS) + phase)
    responses = torch.poisson(rate.unsqueeze(2).expand(-1, -1, repeats, -1))
    begun = time.perf_counter()
    metrics.normalized_corrcoef(rate.unsqueeze(2), responses, method="hsu", reduction="none")
    bench.keep("ceiling hsu", 1, (time.perf_counter() - begun) * 1e3)


def frames(bench):
    from reference import BANDS, MODELS

    cell, x, state = nn.GRUCell(HIDDEN, HIDDEN), torch.randn(1, HIDDEN), torch.zeros(1, HIDDEN)
    model, frame = MODELS["statenet-gru"]().eval(), torch.randn(1, 1, BANDS, 1)
    with torch.no_grad():
        bench.time("frame GRU", 1, lambda: cell(x, state))
        bench.time("frame statenet-gru", 1, lambda: model(frame))


def memory(bench, models):
    """Each in a process of its own, because a process keeps what it once had."""
    script = pathlib.Path(__file__).with_name("memory.py")
    for name in models:
        for batch in BATCHES:
            run = subprocess.run([sys.executable, script, name, str(batch)], capture_output=True, text=True)
            if run.returncode == 0:
                bench.keep(f"memory {name}", batch, float(run.stdout))
            else:
                print(f"memory of {name}: {run.stderr.strip()}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--budget", type=float, default=1.0, help="seconds for each number")
    parser.add_argument("--models", default="", help="names, separated by commas; default all")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    bench = Bench(args.threads, args.budget)
    recurrences(bench)
    products(bench)
    try:
        from reference import MODELS
    except ImportError as missing:
        print(f"the reference is not measured: {missing}", file=sys.stderr)
    else:
        models = args.models.split(",") if args.models else list(MODELS)
        steps(bench, models)
        maps(bench)
        if args.threads == 1:
            ceilings(bench)
            frames(bench)
            memory(bench, models)
    bench.write(args.out)


if __name__ == "__main__":
    main()
