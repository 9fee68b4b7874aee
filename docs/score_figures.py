"""Draws the biases of scores: python3 docs/score_figures.py writes docs/src/theory/figures/score-bias.svg.

Six panels. Where the expected value has a formula it is drawn; else the mean of simulations from a fixed seed, with its
standard error. Nothing but the standard library. The formulas are those of docs/src/theory/scores.md, written here once more,
so that the figure does not depend on the code that it is about.
"""

from html import escape
from math import exp, lgamma, log, pi, sin, sqrt
from pathlib import Path
from random import Random

FILE = Path(__file__).parent / "src" / "theory" / "figures" / "score-bias.svg"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 330, 230, 52, 34, 14, 40
COLORS = ["#1b4f72", "#b9770e", "#7d3c98", "#1e8449"]
SNR = 0.5


def mean(x):
    return sum(x) / len(x)


def centred(x):
    m = mean(x)
    return [v - m for v in x]


def dot(x, y):
    return sum(a * b for a, b in zip(x, y))


def noise_corrected(rate, repeats):
    """CCnorm, r2_ER and explained signal power of one stimulus."""
    r, n = len(repeats), len(rate) - 1
    p, rows = centred(rate), [centred(y) for y in repeats]
    psth = [sum(column) / r for column in zip(*rows)]
    total = sum(dot(y, y) for y in rows) / (r * n)
    signal = (r * dot(psth, psth) / n - total) / (r - 1)
    xx, xy = dot(p, p), dot(p, psth)
    projected = [dot(p, y) for y in rows]
    spread = sum((c - mean(projected)) ** 2 for c in projected) / (r * (r - 1))
    if signal <= 0:
        return None
    return xy / n / sqrt(xx / n * signal), (xy * xy - spread) / (xx * n * signal), (2 * xy - xx) / n / signal


def simulated(stream, n_bins, n_repeats, snr, error):
    """A rate (signal plus an error of this variance) and repeats of a signal of variance 1."""
    signal = [sqrt(2) * sin(2 * pi * 7 * t / n_bins) for t in range(n_bins)]
    rate = [s + sqrt(error) * stream.gauss(0, 1) for s in signal]
    return rate, [[s + stream.gauss(0, 1 / sqrt(snr)) for s in signal] for _ in range(n_repeats)]


def estimates(stream, repeats):
    """Mean and standard error of the three scores of the true rate, SNR .5."""
    found = []
    for _ in range(150):
        scores = noise_corrected(*simulated(stream, 300, repeats, SNR, 0))
        if scores:
            found.append(scores)
    out = []
    for values in zip(*found):
        m = mean(values)
        out.append((m, sqrt(sum((v - m) ** 2 for v in values)) / len(values)))
    return out


def deviance_explained(dt):
    """Of the true rate of a Poisson neuron, 10 (1 + sin) spikes per second, in bins of dt seconds: expected values."""
    rates = [10 * dt * (1 + 0.999 * sin(2 * pi * t / 200)) for t in range(200)]
    average = mean(rates)

    def y_ln_y(mu):
        return sum(exp(y * log(mu) - mu - lgamma(y + 1)) * y * log(y) for y in range(2, int(mu + 12 * sqrt(mu) + 12)))

    saturated = mean([y_ln_y(mu) for mu in rates])
    gained = mean([mu * log(mu) - mu for mu in rates]) - (average * log(average) - average)
    return gained / (saturated - average * log(average))


def weak(stream, snr):
    """Mean and median CCnorm, of a model whose CCnorm is .7, over 300 neurons whose signal power came out above 0."""
    found = []
    for _ in range(300):
        scores = noise_corrected(*simulated(stream, 60, 3, snr, 1 / 0.49 - 1))
        if scores:
            found.append(scores[0])
    found.sort()
    return mean(found), found[len(found) // 2]


def panel(x0, y0, title, x_label, y_label, x, y, lines, log_x=True, dashed=None):
    """A plot; lines are (name, points, whether to draw dots with standard errors)."""
    inner_w, inner_h = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at_x(v):
        low, high, v = (log(x[0]), log(x[-1]), log(v)) if log_x else (x[0], x[-1], v)
        return x0 + LEFT + inner_w * (v - low) / (high - low)

    def at_y(v):
        v = min(max(v, y[0]), y[-1])
        return y0 + TOP + inner_h * (1 - (v - y[0]) / (y[-1] - y[0]))

    out = [f'<text x="{x0 + LEFT}" y="{y0 + 16}" font-weight="bold">{escape(title)}</text>']
    bottom, right = y0 + TOP + inner_h, x0 + LEFT + inner_w
    for v in x:
        out.append(f'<text x="{at_x(v):.1f}" y="{bottom + 14}" text-anchor="middle">{v:g}</text>')
    for v in y:
        out.append(f'<path d="M{x0 + LEFT} {at_y(v):.1f}H{right}" stroke="#ddd"/>')
        out.append(f'<text x="{x0 + LEFT - 5}" y="{at_y(v) + 4:.1f}" text-anchor="end">{v:g}</text>')
    out.append(f'<text x="{(x0 + LEFT + right) / 2:.0f}" y="{bottom + 30}" text-anchor="middle">{escape(x_label)}</text>')
    out.append(f'<text transform="translate({x0 + 13} {(y0 + TOP + bottom) / 2:.0f}) rotate(-90)" '
               f'text-anchor="middle">{escape(y_label)}</text>')
    if dashed is not None:
        out.append(f'<path d="M{x0 + LEFT} {at_y(dashed):.1f}H{right}" stroke="#333" stroke-dasharray="4 3"/>')
    for i, (name, points, with_error) in enumerate(lines):
        color = COLORS[i]
        path = "L".join(f"{at_x(p[0]):.1f} {at_y(p[1]):.1f}" for p in points)
        out.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="1.6"/>')
        if with_error:
            for p in points:
                out.append(f'<path d="M{at_x(p[0]):.1f} {at_y(p[1] - p[2]):.1f}V{at_y(p[1] + p[2]):.1f}" stroke="{color}"/>')
        out.append(f'<text x="{right - 4}" y="{y0 + TOP + 14 + 14 * i}" text-anchor="end" fill="{color}">{escape(name)}</text>')
    return out


def main():
    stream = Random(1)
    repeats = [1, 2, 3, 5, 10, 20]
    kept = [(r, SNR / (SNR + 1 / r)) for r in repeats]
    raw = [("CCraw", [(r, sqrt(k)) for r, k in kept], False), ("CCraw squared, FVE", kept, False)]
    corrected = [(r, estimates(stream, r)) for r in repeats[1:]]
    names = ["CCnorm", "r2_ER", "ESP"]
    ratios = [(name, [(r, *found[i]) for r, found in corrected], True) for i, name in enumerate(names)]
    spreads = [0, 0.5, 1, 2, 3]
    mixed = [("mixed (0.1.0)", [(v, sqrt(1 + v * v)) for v in spreads], False),
             ("ccnorm", [(v, 1) for v in spreads], False)]
    widths = [1, 5, 20, 100, 500]
    deviance = [("D2 of the true rate", [(w, deviance_explained(w / 1000)) for w in widths], False)]
    segments = [2, 4, 8, 16, 64]
    bits = [("as measured", [(k, 100 / ((k - 1) * log(2))) for k in segments], False),
            ("jackknifed", [(k, 0) for k in segments[2:]], False)]
    snrs = [0.02, 0.05, 0.1, 0.3, 1]
    found = [(s, *weak(stream, s)) for s in snrs]
    weak_lines = [("mean", [(s, m) for s, m, _ in found], False), ("median", [(s, m) for s, _, m in found], False)]
    panels = [
        ("1  The true rate, SNR .5", "repeats", "score", repeats, [0, .25, .5, .75, 1], raw, True, 1),
        ("2  The true rate, corrected", "repeats", "score", repeats, [.9, .95, 1, 1.05, 1.1], ratios, True, 1),
        ("3  Stimuli of other mean rates", "s.d. of means / s.d. of signal", "score of the true rate", spreads, [0, 1, 2, 3],
         mixed, False, 1),
        ("4  Bins of Poisson counts", "bin width, ms", "deviance explained", widths, [0, .25, .5, .75, 1], deviance, True, 1),
        ("5  An unrelated rate", "segments", "bits/s below 100 Hz", segments, [0, 50, 100, 150], bits, True, 0),
        ("6  Neurons with SP above 0", "SNR", "CCnorm, true .7", snrs, [0, .35, .7, 1.05], weak_lines, True, .7),
    ]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {3 * WIDTH} {2 * HEIGHT}" font-family="sans-serif" '
           f'font-size="11" role="img"><title>Biases of scores</title>'
           f'<rect width="{3 * WIDTH}" height="{2 * HEIGHT}" fill="#fff"/>']
    for i, (title, x_label, y_label, x, y, lines, log_x, dashed) in enumerate(panels):
        out += panel(i % 3 * WIDTH, i // 3 * HEIGHT, title, x_label, y_label, x, y, lines, log_x, dashed)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text("\n".join(out + ["</svg>\n"]))
    print(FILE)
    for name, points in [("corrected", corrected), ("weak", found), ("deviance", deviance[0][1])]:
        print(name, points)


main()
