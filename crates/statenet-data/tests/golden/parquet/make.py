# Tables of spikes in Parquet files: python make.py FOLDER
import os
import sys

import pandas as pd
import polars as pl

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
table = pd.DataFrame({
    "unit": pd.Categorical(["u10", "u2", "u2", "u2"]),
    "stimulus": ["s10", "s2", "s2", "s10.wav"],
    "repeat": pd.array([0, 1, 1, 2], dtype="Int8"),
    "time_s": [0.001, 0.006, 0.0075, None],
    "note": [None, "x", None, "y"],
})
table.to_parquet(f"{out}/pandas.parquet")
numbered = table.assign(unit=[10, 2, 2, 2], repeat=[0.0, 1, 1, 2])
numbered.to_parquet(f"{out}/pandas-zstd.parquet", compression="zstd")
table.to_parquet(f"{out}/pandas-gzip.parquet", compression="gzip")
columns = ["unit", "stimulus", "repeat", "time_s"]
pl.from_pandas(table[columns]).write_parquet(f"{out}/polars.parquet")
