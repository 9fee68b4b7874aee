"""Spectrogram, gammatonegram and one-zero gammatone filters by NumPy and SciPy, from the published formulas.

Writes independent.safetensors. Needs numpy, scipy and safetensors; with `--nems FOLDER`, a folder that holds the package
`spectrogram` of PyNEMS 0.0.3, also what its `fft_gammagram` makes of the same sound.
"""

import argparse
import sys

import numpy as np
from safetensors.numpy import save_file
from scipy.signal import lfilter

RATE, HOP, BINS = 16_000, 80, 40
EAR_Q, MIN_WIDTH = 9.26449, 24.7  # Glasberg & Moore 1990, as Slaney 1993 writes them


def sound():
    noise = np.random.default_rng(0).standard_normal(HOP * BINS) * 0.05
    t = np.arange(HOP * BINS) / RATE
    burst = np.where((t > 0.05) & (t < 0.12), 0.5 * np.sin(2 * np.pi * 1200 * t), 0)
    return (noise * np.where(t > 0.15, 0.01, 1) + burst).astype(np.float32).astype(float)


def erb(f):
    return f / EAR_Q + MIN_WIDTH


def slaney_centers(low, high, n):
    c = EAR_Q * MIN_WIDTH
    i = np.arange(n, 0, -1)
    return -c + np.exp(i * (np.log(low + c) - np.log(high + c)) / n) * (high + c)


def sections(f):
    """Numerators and the denominator of Slaney's four sections, of a gain of 1 at f."""
    b, th = 1.019 * 2 * np.pi * erb(f), 2 * np.pi * f / RATE
    r = np.exp(-b / RATE)
    roots = [r * (np.cos(th) + s * np.sqrt(3 + q * 2**1.5) * np.sin(th)) for s in (1, -1) for q in (1, -1)]
    den = [1, -2 * r * np.cos(th), r * r]
    return [[1, -z] for z in roots], den


def response(nums, dens, w):
    z = np.exp(-1j * np.asarray(w))
    return np.prod([np.polyval(n[::-1], z) / np.polyval(d[::-1], z) for n, d in zip(nums, dens)], axis=0)


def run(x, nums, dens, f):
    y = x
    for n, d in zip(nums, dens):
        y = lfilter(n, d, y)
    return y / abs(response(nums, dens, 2 * np.pi * f / RATE))


def pooled(y, window):
    padded = np.concatenate([np.zeros(window), y])
    ends = window + HOP * np.arange(1, BINS + 1)
    return np.array([padded[e - window : e].mean() for e in ends])


def frames(x, window, taper):
    padded = np.concatenate([np.zeros(window), x])
    ends = window + HOP * np.arange(1, BINS + 1)
    return np.array([padded[e - window : e] * taper for e in ends])


def gammatonegrams(x, centers, window):
    size = 1 << int(np.ceil(np.log2(2 * window)))
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    spectra = abs(np.fft.rfft(frames(x, window, taper), size)).T
    fourier, filters = [], []
    for f in centers:
        nums, den = sections(f)
        gain = abs(response(nums, [den] * 4, 2 * np.pi * np.arange(size // 2 + 1) / size))
        peak = abs(response(nums, [den] * 4, 2 * np.pi * f / RATE))
        fourier.append(gain / peak / size @ spectra)
        filters.append(np.sqrt(pooled(run(x, nums, [den] * 4, f) ** 2, window)))
    return np.array(fourier), np.array(filters)


def ozgf(x, centers, order, window):
    out = []
    for f in centers:
        b = {2: 4.0, 4: 6.4}[order] * erb(f)
        r = np.exp(-b / RATE)
        den = [1, -2 * r * np.cos(2 * np.pi * f / RATE), r * r]
        nums = [[1.0, -1.0]] + [[1.0]] * (order - 1)
        out.append(pooled(np.maximum(run(x, nums, [den] * order, f), 0), window))
    return np.array(out)


def spectrogram(x, edges, window, power):
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / (window - 1))
    spectra = abs(np.fft.rfft(frames(x, window, taper))).T ** (2 if power else 1)
    f = np.arange(window // 2 + 1) * RATE / window
    bands = []
    for low, center, high in zip(edges, edges[1:], edges[2:]):
        low, high = min(low, center - RATE / window), max(high, center + RATE / window)
        w = np.interp(f, [low, center, high], [0, 1, 0], left=0, right=0)
        bands.append(w / w.sum())
    return np.array(bands) @ spectra


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--nems")
    args = args.parse_args()
    x = sound()
    centers = slaney_centers(200, 8000, 6)
    octaves = 200 * (7000 / 200) ** (np.arange(6) / 5)
    fourier, filters = gammatonegrams(x, centers, 160)
    tensors = {
        "wave16k": x,
        "gammatonegram.fourier": fourier,
        "gammatonegram.filters": filters,
        "ozgf.order2": ozgf(x, octaves, 2, 160),
        "ozgf.order4": ozgf(x, octaves, 4, 50),
        "spectrogram.log": spectrogram(x, 200 * (8000 / 200) ** (np.arange(8) / 7), 160, False),
        "spectrogram.linear-power": spectrogram(x, np.linspace(200, 8000, 8), 160, True),
    }
    if args.nems:
        sys.path.insert(0, args.nems)
        from spectrogram.fft import fft_gammagram

        # Its windows are centred in 512 samples; from sample 64 on, their centres are those of our bins 4, 5, ..
        tensors["gammatonegram.nems"] = fft_gammagram(x[64:], RATE, 0.01, HOP / RATE, 6, 200.0, 8000.0).T
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, "independent.safetensors")


if __name__ == "__main__":
    main()
