"""Writes claims.h5, a dataset of 2^40 numbers none of which was written, and session.mat in the layout of MATLAB's version 7.3, by h5py: a header of 512 bytes, axes in the opposite order."""

import h5py
import numpy as np

HEADER = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Sun Nov 29 12:00:00 2026 HDF5 schema 1.00 ."


def put(file, name, array, kind, **attributes):
    # MATLAB writes (i, j, k) column by column, which HDF5 sees as (k, j, i).
    data = file.create_dataset(name, data=np.ascontiguousarray(array.T), **attributes)
    data.attrs["MATLAB_class"] = np.bytes_(kind)


with h5py.File("session.mat", "w", userblock_size=512, libver="earliest") as file:
    n, r, t = np.indices((2, 3, 40))
    put(file, "spk", (100.0 * n + 10.0 * r + t) % 7, "double", chunks=(20, 3, 2), compression="gzip")
    put(file, "stim", (np.arange(160).reshape(4, 40) / 8).astype("f4"), "single")
    group = file.create_group("data")
    group.attrs["MATLAB_class"] = np.bytes_("struct")
    put(file, "data/counts", np.arange(80).reshape(2, 40).astype("u1"), "uint8")
    put(file, "name", np.frombuffer("song".encode("utf-16-le"), "u2").reshape(1, 4), "char")
    put(file, "nothing", np.zeros((1, 2), "u8"), "double")
    file["nothing"].attrs["MATLAB_empty"] = np.uint8(1)
    cells = file.create_dataset("cells", (1, 1), dtype=h5py.ref_dtype)
    cells[0, 0] = file.create_dataset("#refs#/a", data=np.zeros((2, 2))).ref
    cells.attrs["MATLAB_class"] = np.bytes_("cell")

with open("session.mat", "r+b") as file:
    file.write(HEADER.ljust(124) + b"\x00\x02IM")

with h5py.File("claims.h5", "w", libver="earliest") as file:
    file.create_dataset("a", (2**40,), "f8", chunks=(4,))
