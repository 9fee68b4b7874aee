"""memory.py MODEL BATCH: bytes between what the process holds before a training step and the most that it holds
during it (Linux). A step on 20 bins comes first, so that libraries, threads and the optimiser are not counted."""
import re
import sys

import torch

from reference import Fit


def held(name):
    with open("/proc/self/status") as status:
        return int(re.search(rf"{name}:\s+(\d+) kB", status.read())[1]) * 1024


def main():
    name, batch = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    fit = Fit(name, 1, bins=20)
    fit.step()
    whole = Fit(name, batch)
    fit.sound, fit.target = whole.sound, whole.target
    # Sets the high-water mark to what is held now.
    with open("/proc/self/clear_refs", "w") as mark:
        mark.write("5")
    before = held("VmRSS")
    fit.step()
    print(held("VmHWM") - before)


if __name__ == "__main__":
    main()
