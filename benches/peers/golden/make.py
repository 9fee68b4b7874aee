"""Writes the golden cases into the folders of the tests that read them: make.py REPOSITORY [KIND ...]"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "theirs"))
import reference  # noqa: E402, F401  (lets the package import here)
import torch  # noqa: E402

import front_ends  # noqa: E402
import icnet  # noqa: E402
import models  # noqa: E402
import prefilters  # noqa: E402
import scores  # noqa: E402
import smoothing  # noqa: E402

CRATES = {
    "models": (models, "statenet-models/tests/golden/models"),
    "prefilters": (prefilters, "statenet-models/tests/golden/prefilters"),
    "front_ends": (front_ends, "statenet-models/tests/golden/front_ends"),
    "icnet": (icnet, "statenet-models/tests/golden/icnet"),
    "scores": (scores, "statenet-metrics/tests/golden/scores"),
    "smoothing": (smoothing, "statenet-data/tests/golden/smoothing"),
}


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    root = pathlib.Path(sys.argv[1]) / "crates"
    for kind in sys.argv[2:] or CRATES:
        writer, folder = CRATES[kind]
        writer.write(root / folder)


if __name__ == "__main__":
    main()
