"""Writes the MATLAB files of this folder with scipy, and expected.json: what scipy reads in them.

    python make.py        # scipy 1.17.1, numpy 2.4.6
"""

import json
from pathlib import Path

import numpy as np
import scipy.io
import scipy.sparse

HERE = Path(__file__).parent


def content():
    random = np.random.default_rng(5)
    cells = np.empty((2, 2), dtype=object)
    cells[0, 0], cells[1, 0] = np.arange(3.0), "text"
    cells[0, 1], cells[1, 1] = np.zeros((0, 0)), np.array([[1, 2], [3, 4]], dtype=np.int16)
    repeats = np.zeros((1, 3), dtype=[("t", object), ("repeat_id", object)])
    for i in range(3):
        repeats[0, i] = (np.round(random.uniform(0, 5000, (1, i * 4)), 3), float(i + 1))
    numbers = {
        "reals": random.normal(size=(3, 4)),
        "singles": random.normal(size=(2, 3, 4)).astype(np.float32),
        "scalar": 5.0,
        "row": np.arange(7.0),
        "column": np.arange(7.0).reshape(-1, 1),
        "empty": np.zeros((0, 3)),
        "logicals": np.array([[True, False, True]]),
    }
    for kind in ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]:
        high = min(np.iinfo(kind).max, 2**53)
        low = max(np.iinfo(kind).min, -(2**53))
        numbers[f"whole_{kind}"] = random.integers(low, high, (2, 5), dtype=kind, endpoint=True)
    nested = {
        "cells": cells,
        "data": {"set": {"repeats": repeats, "length_ms": 5199.99476214}, "animal": "f45"},
        "names": np.array(["one", "three", "äöü€"], dtype=object),
        "rows": np.array(["abc", "de", "ä"]),
        "nothing": "",
    }
    refused = {
        "sparse": scipy.sparse.csc_matrix(np.eye(3)),
        "complex": np.array([1 + 2j, 3]),
        "after": np.array([1.0, 2.0]),
    }
    return {"numbers": numbers, "nested": nested, "refused": refused}


def expected(value):
    if scipy.sparse.issparse(value):
        return {"class": "sparse"}
    if value.dtype.names:
        fields = {name: [expected(v) for v in value[name].flatten(order="F")] for name in value.dtype.names}
        return {"shape": value.shape, "fields": fields}
    if value.dtype == object:
        return {"shape": value.shape, "cells": [expected(v) for v in value.flatten(order="F")]}
    if value.dtype.kind == "U":
        return {"texts": [text.rstrip() for text in value.tolist()]}
    if value.dtype.kind == "c":
        return {"class": "complex"}
    return {"shape": value.shape, "numbers": value.flatten(order="F").tolist()}


def main():
    files = {}
    for name, variables in content().items():
        for compressed in [False, True]:
            path = HERE / f"{name}{'_compressed' if compressed else ''}.mat"
            scipy.io.savemat(path, variables, do_compression=compressed, oned_as="row")
            # The text at the start has the date.
            data = bytearray(path.read_bytes())
            data[:116] = b"MATLAB 5.0 MAT-file, by scipy.io.savemat".ljust(116)
            path.write_bytes(data)
            read = scipy.io.loadmat(path)
            files[path.name] = {k: expected(v) for k, v in read.items() if not k.startswith("__")}
    (HERE / "expected.json").write_text(json.dumps(files, indent=1, ensure_ascii=False) + "\n")


main()
