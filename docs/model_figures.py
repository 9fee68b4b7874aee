"""Draws the block diagrams of the model pages: python3 docs/model_figures.py writes docs/src/theory/models/figures/*.svg.

A diagram is a row of boxes (a name, lines below it) with the shapes that pass between them, and for some a second row
that branches off the cochleagram and joins at a later box. Nothing but the standard library.
"""

from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent / "src" / "theory" / "models" / "figures"
BOX, GAP, HEIGHT, MARGIN, ROW = 164, 74, 74, 14, 112

SOUND = ("cochleagram", ["log level, z-scored"])
LINEAR = ("linear readout", ["a weighted sum", "per neuron"])
SOFTPLUS = ("softplus", ["sharpness and floor", "per neuron"])
FIELD = ("receptive field", ["K bins, one", "per neuron"])

# name: (boxes, shapes between them, None or (boxes of a second row, its shapes, index of the box it joins))
FIGURES = {
    "linear": ([SOUND, FIELD], ["B,1,F,T"], None),
    "ln": ([SOUND, FIELD, SOFTPLUS], ["B,1,F,T", "B,N,T"], None),
    "ln-onoff": ([SOUND, ("on and off", ["rise and fall against", "a running mean"]), FIELD, SOFTPLUS],
                 ["B,1,F,T", "B,2,F,T", "B,N,T"], None),
    "ln-stp": ([SOUND, ("synapses", ["resources used up by", "sound, recovering"]), FIELD, SOFTPLUS],
               ["B,1,F,T", "B,1,F,T", "B,N,T"], None),
    "ln-gain": ([SOUND, FIELD, ("gain", ["(drive - s C) / (1 + C)"]), SOFTPLUS],
                ["B,1,F,T", "B,N,T", "B,N,T"],
                ([("running contrast", ["C: deviations from a", "running mean, weighted"])], ["B,F,T", "B,N,T"], 2)),
    "prefilters": ([SOUND, ("adaptation", ["each band less its", "running mean"]), ("any core", ["here StateNet"]),
                    LINEAR, SOFTPLUS], ["B,1,F,T", "B,C,F,T", "B,H,T", "B,N,T"], None),
    "strfs": ([SOUND, ("receptive field", ["full, separable,", "Gaussian or cosines"]), SOFTPLUS],
              ["B,1,F,T", "B,N,T"], None),
    "nrf": ([SOUND, ("hidden fields", ["H receptive fields", "of K bins"]), ("norm and tanh", ["over the H units"]),
             LINEAR, SOFTPLUS], ["B,1,F,T", "B,H,T", "B,H,T", "B,N,T"], None),
    "dnet": ([SOUND, ("hidden fields", ["H receptive fields,", "norm, sigmoid"]),
              ("leak", ["a time constant", "per unit"]), LINEAR], ["B,1,F,T", "B,H,T", "B,H,T"], None),
    "cnn2d": ([SOUND, ("3 convolutions", ["bands and bins, norm,", "leaky ReLU each"]),
               ("hidden units", ["leaky ReLU"]), LINEAR, SOFTPLUS],
              ["B,1,F,T", "B,n,F',T", "B,H,T", "B,N,T"], None),
    "transformer": ([SOUND, ("patches", ["D numbers per bin,", "and a position"]),
                     ("attention", ["over the last bins,", "path around, norm"]),
                     ("network", ["per bin, path", "around, norm"]), LINEAR],
                    ["B,1,F,T", "B,D,T", "B,D,T", "B,D,T"], None),
}
ENCODER = ("encoder", ["local filters, norm,", "sigmoid"])
for name, what in {
    "rnn": ["tanh of input and", "its own past"],
    "gru": ["reset and update", "gates"],
    "lstm": ["input, forget and", "output gates"],
    "sublstm": ["gates that subtract"],
    "lmu": ["Legendre memory and", "hidden units"],
    "mamba": ["selective scan,", "gated"],
    "s4": ["diagonal plus low", "rank, GLU"],
    "s4d": ["diagonal states,", "GLU"],
}.items():
    title = {"rnn": "Elman network", "sublstm": "subLSTM", "mamba": "Mamba"}.get(name, name.upper())
    FIGURES[f"statenet-{name}"] = ([SOUND, ENCODER, (title, what), LINEAR, SOFTPLUS],
                                   ["B,1,F,T", "B,H,T", "B,H,T", "B,N,T"], None)


def text(x, y, words, style):
    return f'<text x="{x:g}" y="{y:g}" class="{style}">{escape(words)}</text>'


def box(x, y, name, lines):
    parts = [f'<rect x="{x}" y="{y}" width="{BOX}" height="{HEIGHT}" rx="6"/>', text(x + BOX / 2, y + 24, name, "name")]
    return parts + [text(x + BOX / 2, y + 44 + 16 * i, line, "line") for i, line in enumerate(lines)]


def arrow(x, y, to, shape):
    return [f'<path d="M{x} {y}H{to - 2}"/>', text((x + to) / 2, y - 8, shape, "shape")]


def figure(boxes, shapes, branch):
    at = [MARGIN + i * (BOX + GAP) for i in range(len(boxes))]
    # The cochleagram gets a line into the first box, the last box one out: the rates.
    width = at[-1] + BOX + GAP + 40 + MARGIN
    height = 2 * MARGIN + HEIGHT + (ROW if branch else 0)
    middle = MARGIN + HEIGHT / 2
    parts = [f'<rect width="{width}" height="{height}" class="paper"/>']
    for x, (name, lines) in zip(at, boxes):
        parts += box(x, MARGIN, name, lines)
    for x, to, shape in zip(at, at[1:], shapes):
        parts += arrow(x + BOX, middle, to, shape)
    parts += arrow(at[-1] + BOX, middle, at[-1] + BOX + GAP, "B,N,T")
    parts.append(text(at[-1] + BOX + GAP + 22, middle + 4, "rates", "line"))
    if branch:
        [(name, lines)], (into, out), joins = branch
        x, y = at[1], MARGIN + ROW
        start, end = at[0] + BOX / 2, at[joins] + BOX / 2
        parts += box(x, y, name, lines)
        parts.append(f'<path d="M{start} {MARGIN + HEIGHT}V{y + HEIGHT / 2}H{x - 2}"/>')
        parts.append(text((start + x) / 2, y + HEIGHT / 2 - 8, into, "shape"))
        parts.append(f'<path d="M{x + BOX} {y + HEIGHT / 2}H{end}V{MARGIN + HEIGHT + 2}"/>')
        parts.append(text((x + BOX + end) / 2, y + HEIGHT / 2 - 8, out, "shape"))
    style = (".paper{fill:#fff;stroke:none}rect{fill:#eef3f8;stroke:#4a6a8a}path{fill:none;stroke:#333;"
             "marker-end:url(#head)}text{font-family:sans-serif;text-anchor:middle;fill:#222}.name{font-size:14px;"
             "font-weight:bold}.line{font-size:12px}.shape{font-size:11px;fill:#666}")
    head = ('<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
            '<path d="M0 0L8 4L0 8z" style="fill:#333;stroke:none;marker-end:none"/></marker>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
            f'<style>{style}</style><defs>{head}</defs>' + "\n".join(parts) + "</svg>\n")


FOLDER.mkdir(exist_ok=True)
for name, parts in FIGURES.items():
    (FOLDER / f"{name}.svg").write_text(figure(*parts))
