"""Medians by name, as the Rust side has them."""
import json
import statistics
import time


def key(what, batch, threads):
    return f"{what} B{batch} x{threads}"


class Bench:
    """The numbers of one round."""

    def __init__(self, threads, budget):
        self.threads, self.budget, self.values = threads, budget, {}

    def time(self, what, batch, run):
        """Keeps the median time of `run` in ms: two runs to warm up, then as many as the budget allows, at least 3."""
        run()
        run()
        times, begun = [], time.perf_counter()
        while len(times) < 3 or (time.perf_counter() - begun < self.budget and len(times) < 1000):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3)
        self.values[key(what, batch, self.threads)] = statistics.median(times)

    def keep(self, what, batch, value):
        self.values[key(what, batch, self.threads)] = value

    def write(self, path):
        with open(path, "w") as file:
            json.dump(self.values, file, indent=2)
