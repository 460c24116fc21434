"""Writes numpy.npz, the files that the tests read, with NumPy 1.24.2: python3 expected.py"""
import io, zipfile
import numpy as np

arrays = {}
for code in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 b1".split():
    base = np.arange(24).reshape(2, 3, 4)
    if code[0] in "fi":
        base = base - 7
    for order in "<>" if code[1] > "1" else "|":
        a = base.astype(order + code)
        arrays[f"{code}{'be' if order == '>' else ''}_c"] = a
        arrays[f"{code}{'be' if order == '>' else ''}_f"] = np.asfortranarray(a)
arrays["scalar"] = np.float32(2.5)
arrays["one"] = np.array([7], np.int64)
arrays["empty"] = np.zeros((0, 3), np.float64)
np.savez_compressed("numpy.npz", **arrays)

# What NumPy writes for these, byte for byte.
for name, a in {"written": np.arange(6, dtype=np.float32).reshape(2, 3), "scalar": np.array(1.5), "line": np.array([True, False])}.items():
    np.save(name + ".npy", a)
