"""Writes numpy.json: what NumPy computes for the operations of package tensor, for ../numpy_test.go.

    python3 numpy.py       (made with NumPy 1.24.2)

A case has a name, inputs and outputs. What stands before a colon in the name is the operation's on the Go side.
"""
import json
import math
import sys

sys.path.pop(0)  # or this file would import itself
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

np.seterr(all="ignore")
rng = np.random.default_rng(7)
nan, inf = np.nan, np.inf
cases, seen = [], set()


def dump(a):
    a = np.asarray(a)
    plain = lambda v: v if math.isfinite(v) else str(v)
    data = [plain(float(v)) for v in a.ravel()] if a.dtype.kind == "f" else [int(v) for v in a.ravel()]
    return {"dtype": str(a.dtype), "shape": list(a.shape), "data": data}


def case(name, fn, *inputs):
    assert name not in seen, name
    seen.add(name)
    inputs = [np.asarray(x) for x in inputs]
    y = fn(*inputs)
    cases.append({"name": name, "inputs": [dump(x) for x in inputs], "outputs": [dump(v) for v in (y if isinstance(y, tuple) else (y,))]})


def rand(*shape):
    return np.round(rng.normal(size=shape), 4)  # short in the file


def ints(lo, hi, *shape, dtype=np.int64):
    return rng.integers(lo, hi, size=shape).astype(dtype)


# Of one operand.
line = np.array([-30.25, -2.5, -1.5, -1, -0.5, -1e-8, 0, 1e-8, 0.5, 1, 1.5, 2.5, 30.25, nan, inf, -inf])
sigmoid = lambda x: np.where(x < 0, np.exp(np.minimum(x, 0)) / (1 + np.exp(np.minimum(x, 0))), 1 / (1 + np.exp(-x)))
erf = np.vectorize(math.erf)
for name, fn in {
    "Abs": np.abs, "Neg": np.negative, "Sign": np.sign, "Square": np.square, "Sqrt": np.sqrt, "Rsqrt": lambda x: 1 / np.sqrt(x),
    "Reciprocal": np.reciprocal, "Exp": np.exp, "Expm1": np.expm1, "Log": np.log, "Log2": np.log2, "Log10": np.log10, "Log1p": np.log1p,
    "Sin": np.sin, "Cos": np.cos, "Tan": np.tan, "Asin": np.arcsin, "Acos": np.arccos, "Atan": np.arctan, "Sinh": np.sinh,
    "Cosh": np.cosh, "Tanh": np.tanh, "Erf": erf, "Sigmoid": sigmoid, "Floor": np.floor, "Ceil": np.ceil, "Round": np.round,
    "Trunc": np.trunc, "IsNaN": np.isnan, "IsInf": np.isinf, "IsFinite": np.isfinite,
}.items():
    case(f"{name}: line", fn, line)
    case(f"{name}: cube", fn, rand(2, 3, 2))
for name, fn in {"Abs": np.abs, "Neg": np.negative, "Sign": np.sign, "Square": np.square}.items():
    case(f"{name}: integers", fn, ints(-9, 9, 5, dtype=np.int32))
case("Not", np.logical_not, np.array([True, False]))
case("Scale by 2.5", lambda x: 2.5 * x, rand(2, 3))
case("AddScalar 2.5", lambda x: x + 2.5, rand(2, 3))
for p in 3, 2.5, -1, 0.5, 0:
    case(f"PowScalar {p}: positive", lambda x: x ** p, np.abs(rand(2, 3)))
case("PowScalar 3: line", lambda x: x ** 3, line)
case("PowScalar 0: line", lambda x: x ** 0, line)
case("Clamp -1 1.25", lambda x: np.clip(x, -1, 1.25), line)
case("Clamp -1 inf", lambda x: np.clip(x, -1, inf), line)
case("Clamp -1 inf: integers", lambda x: np.maximum(x, -1), ints(-5, 5, 6))

# Of two, which broadcast.
hard = np.array([-inf, -2, -0.5, 0, 0.5, 2, inf, nan])
binary = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Maximum": np.maximum, "Minimum": np.minimum,
          "FloorDiv": np.floor_divide, "Mod": np.mod, "Pow": np.power, "Atan2": np.arctan2,
          "Eq": np.equal, "Ne": np.not_equal, "Lt": np.less, "Le": np.less_equal, "Gt": np.greater, "Ge": np.greater_equal}
for name, fn in binary.items():
    base = np.abs if name == "Pow" else np.asarray
    case(f"{name}: same shape", fn, base(rand(2, 3)), rand(2, 3))
    case(f"{name}: row and column", fn, base(rand(3, 1)), rand(4))
    case(f"{name}: both ways", fn, base(rand(2, 1, 3)), rand(1, 2, 1))
    case(f"{name}: scalar", fn, base(rand(2, 3)), rand())
    case(f"{name}: nothing", fn, rand(0, 3), rand(1, 3))
    if name not in ("FloorDiv", "Mod"):
        case(f"{name}: nan and inf", fn, hard[:, None], hard)
for name in "Add", "Sub", "Mul", "Maximum", "Minimum", "FloorDiv", "Mod", "Eq", "Lt":
    for dtype in np.int32, np.int64, np.int8, np.uint8:
        least = 0 if dtype == np.uint8 else -100
        case(f"{name}: {np.dtype(dtype).name}", binary[name], ints(least, 101, 3, 1, dtype=dtype), np.array([100, 7, 1, -3 if least else 5], dtype))
bits = np.array([False, True])
for name, fn in {"And": np.logical_and, "Or": np.logical_or, "Xor": np.logical_xor}.items():
    case(name, fn, bits[:, None], bits)

# Over axes.
holes = np.array([[1, nan, 3], [inf, 2, -inf], [-1, -2, -3], [inf, 1, 2], [-inf, -inf, -inf]])
lse = lambda x, a: np.log(np.sum(np.exp(x - np.max(x, axis=a, keepdims=True)), axis=a)) + np.max(x, axis=a)
norm = lambda p: lambda x, a: np.max(abs(x), axis=a) if p == inf else np.min(abs(x), axis=a) if p == -inf else \
    np.sum(x != 0, axis=a).astype(float) if p == 0 else np.sum(abs(x) ** p, axis=a) ** (1 / p)
over = {"Sum": lambda x, a: np.sum(x, axis=a), "Mean": lambda x, a: np.mean(x, axis=a), "Max": lambda x, a: np.max(x, axis=a),
        "Min": lambda x, a: np.min(x, axis=a), "Prod": lambda x, a: np.prod(x, axis=a), "SumSq": lambda x, a: np.sum(x * x, axis=a),
        "Var 0": lambda x, a: np.var(x, axis=a), "Var 1": lambda x, a: np.var(x, axis=a, ddof=1), "Std 0": lambda x, a: np.std(x, axis=a),
        "Std 1": lambda x, a: np.std(x, axis=a, ddof=1), "LogSumExp": lse, "Any": lambda x, a: np.any(x, axis=a),
        "All": lambda x, a: np.all(x, axis=a), "CountNonzero": lambda x, a: np.sum(x != 0, axis=a),
        **{f"Norm {p}": norm(p) for p in (0, 1, 2, 3, inf, -inf)}}
for name, fn in over.items():
    for axes in None, (0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2):
        x = rand(3, 2, 5)
        if name in ("Any", "All", "CountNonzero"):
            x = (x > 0.3) if name != "All" else x < 0.9
        case(f"{name} over {'all' if axes is None else ' '.join(map(str, axes))}", lambda x: fn(x, axes), x)
    if name in ("Sum", "Mean", "Max", "Min", "Prod", "Norm inf"):
        case(f"{name} over 1: nan and inf", lambda x: fn(x, (1,)), holes)
case("LogSumExp over 1: large and small", lambda x: lse(x, (1,)), [[1000, 1000.5], [-1000, -1001], [-inf, 3]])
case("Var 1 over 0: far from zero", lambda x: np.var(x, axis=0, ddof=1), 1e6 + ints(0, 100, 50) / 8)
case("Sum over 0: long", lambda x: np.sum(x, axis=0), ints(-100, 100, 300, 2) / 4)
for name in "Sum", "Prod", "Max", "Min", "CountNonzero":
    case(f"{name} over 1: integers", lambda x: over[name](x, (1,)), ints(-4, 5, 3, 6, dtype=np.int32))
case("Sum over 0: booleans", lambda x: np.sum(x, axis=0), rng.random((5, 3)) < 0.5)
case("Sum over 0: nothing", lambda x: np.sum(x, axis=0), rand(0, 2))
case("Prod over 0: nothing", lambda x: np.prod(x, axis=0), rand(0, 2))
ties = np.array([[3, 1, 3, 1], [nan, 5, 0, nan], [inf, -inf, inf, -inf], [-0.0, 0, 0, -0.0]])
for name, fn in {"ArgMax": np.argmax, "ArgMin": np.argmin}.items():
    for axis in 0, 1, 2:
        case(f"{name} {axis}", lambda x: fn(x, axis=axis), rand(3, 4, 5))
    case(f"{name} 1: ties, nan and inf", lambda x: fn(x, axis=1), ties)
    case(f"{name} 1: integers", lambda x: fn(x, axis=1), ints(0, 4, 3, 9, dtype=np.uint8))

# Along an axis.
for axis in 0, 1, 2:
    case(f"CumSum {axis}", lambda x: np.cumsum(x, axis=axis), rand(2, 3, 4))
    case(f"CumProd {axis}", lambda x: np.cumprod(x, axis=axis), rand(2, 3, 4))
    case(f"Sort {axis}", lambda x: (np.sort(x, axis=axis, kind="stable"), np.argsort(x, axis=axis, kind="stable")), rand(2, 3, 4))
    down = lambda x: np.argsort(-x, axis=axis, kind="stable")
    case(f"Sort {axis} down", lambda x: (np.take_along_axis(x, down(x), axis), down(x)), ints(0, 3, 3, 4, 5))
    case(f"ArgSort {axis}", lambda x: np.argsort(x, axis=axis, kind="stable"), ints(0, 3, 3, 4, 5, dtype=np.int32))
    first = lambda x: np.take(down(x), range(2), axis)
    case(f"TopK 2 {axis} down", lambda x: (np.take_along_axis(x, first(x), axis), first(x)), rand(3, 4, 3))
case("CumSum 1: nan and inf", lambda x: np.cumsum(x, axis=1), holes)
case("CumSum 1: int8 wraps", lambda x: np.cumsum(x, axis=1, dtype=np.int8), ints(0, 100, 2, 5, dtype=np.int8))
case("Sort 1: ties, nan and inf", lambda x: (np.sort(x, axis=1, kind="stable"), np.argsort(x, axis=1, kind="stable")), ties)
case("Sort 0: long", lambda x: (np.sort(x, axis=0, kind="stable"), np.argsort(x, axis=0, kind="stable")), ints(-50, 50, 400) / 2)
unique = lambda x: tuple(v.reshape(x.shape) if i == 1 else v for i, v in
                         enumerate(np.unique(x, return_inverse=True, return_counts=True)))
case("Unique: integers", unique, ints(-3, 4, 4, 5))
case("Unique: nan", unique, [2, nan, 1, 2, nan, -inf, inf])
case("Nonzero", np.argwhere, [[0, 1.5, nan], [0, -1, 0]])

# By index.
for axis in 0, 1, 2:
    case(f"Take {axis}", lambda x, i: np.take(x, i, axis=axis), rand(3, 4, 3), [[2, 0], [1, 2]])
    case(f"Gather {axis}", lambda x, i: np.take_along_axis(x, i, axis), rand(3, 3, 3), ints(0, 3, 3, 3, 3))

    def scatter_add(x, i, s):
        y, at = x.copy(), list(np.indices(i.shape))
        at[axis] = i
        np.add.at(y, tuple(at), s)
        return y

    def scatter(x, i, s):
        y = x.copy()
        np.put_along_axis(y, i, s, axis)
        return y

    def index_add(x, i, s):
        y = x.copy()
        np.add.at(y, (slice(None),) * axis + (i,), s)
        return y

    case(f"ScatterAdd {axis}", scatter_add, rand(3, 3, 3), ints(0, 3, 3, 3, 3), rand(3, 3, 3))
    case(f"Scatter {axis}", scatter, rand(3, 3, 3), np.argsort(rand(3, 3, 3), axis=axis), rand(3, 3, 3))
    case(f"IndexAdd {axis}", index_add, rand(3, 3, 3), [2, 0, 2, 2], rand(*[4 if a == axis else 3 for a in range(3)]))
case("OneHot 4", lambda i: np.eye(4)[i], [[0, 3, 1], [2, 2, 0]])
mask = np.array([[True, False, True], [False, False, True]])
case("MaskedSelect", lambda x, m: x[m], rand(2, 3), mask)
case("MaskedSelect: broadcast", lambda x, m: np.broadcast_to(x, m.shape)[m], rand(3), mask)
case("MaskedFill 0.5", lambda x, m: np.where(m, 0.5, x), rand(2, 3), mask)
case("Where", np.where, mask, rand(2, 3), rand(2, 3))
case("Where: broadcast, nan not taken", np.where, mask[:, :, None], rand(3, 1), np.full((2, 1, 4), nan))
case("Where: integers", np.where, mask, ints(0, 9, 2, 3), ints(0, 9, 3))

# In another arrangement.
x = rand(2, 3, 4)
for name, mode in {"Edge": "edge", "Reflect": "reflect", "Wrap": "wrap"}.items():
    case(f"PadWith {name}", lambda x: np.pad(x, ((0, 0), (1, 2), (3, 0)), mode=mode), x)
case("Pad 0.5", lambda x: np.pad(x, ((0, 0), (1, 2), (3, 0)), constant_values=0.5), x)
case("Roll 1 by 2", lambda x: np.roll(x, 2, axis=1), x)
case("Roll 2 by -5", lambda x: np.roll(x, -5, axis=2), x)
case("Flip 0 2", lambda x: np.flip(x, (0, 2)), x)
case("Tile 2 1 3", lambda x: np.tile(x, (2, 1, 3)), x)
case("Tile 2 1 1 2", lambda x: np.tile(x, (2, 1, 1, 2)), x)
case("RepeatInterleave 1 3", lambda x: np.repeat(x, 3, axis=1), x)
case("Concat 1", lambda *x: np.concatenate(x, 1), rand(2, 1, 2), rand(2, 3, 2), rand(2, 0, 2))
case("Stack 1", lambda *x: np.stack(x, 1), rand(2, 3), rand(2, 3))
case("Stack -1", lambda *x: np.stack(x, -1), rand(2, 3), rand(2, 3))
case("Permute 2 0 1", lambda x: np.transpose(x, (2, 0, 1)), x)
case("Diagonal 1 0 2", lambda x: np.diagonal(x, 1, 0, 2), x)
case("Diagonal -1 1 2", lambda x: np.diagonal(x, -1, 1, 2), x)
case("Unfold 2 3 1", lambda x: sliding_window_view(x, 3, 2), x)
for k in -1, 0, 2:
    case(f"Triu {k}", lambda x: np.triu(x, k), x)
    case(f"Tril {k}", lambda x: np.tril(x, k), x)

# Products.
for spec, shapes in {
    "ij,jk->ik": [(2, 3), (3, 4)], "ij,kj->ki": [(2, 3), (4, 3)], "bij,bjk->bik": [(2, 2, 3), (2, 3, 2)], "ii->i": [(3, 3)], "ii": [(3, 3)],
    "ij->ji": [(2, 3)], "ij->j": [(2, 3)], "ij->": [(2, 3)], "i,j->ij": [(2,), (3,)], "i,i": [(3,), (3,)], "bhqd,bhkd->bhqk": [(2, 2, 2, 3), (2, 2, 3, 3)],
    "...ij->...ji": [(2, 2, 3)], "...i,...i->...": [(2, 1, 3), (2, 3)], "ij,jk,kl->il": [(2, 3), (3, 2), (2, 2)], "iij,jk->ik": [(2, 2, 3), (3, 2)],
    "ba,bc": [(2, 3), (2, 2)], "abc,abc->ac": [(2, 3, 2), (2, 3, 2)],
}.items():
    case(f"Einsum {spec}", lambda *x: np.einsum(spec, *x), *(rand(*s) for s in shapes))
for a, b in [((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 1, 2, 3), (3, 3, 2)), ((4, 2, 3), (3, 2)), ((2, 2, 3), (3,)), ((2, 0), (0, 3)),
             ((17, 19), (19, 9))]:
    case(f"MatMul: {a} {b}", np.matmul, rand(*a), rand(*b))

# From numbers, and to other dtypes.
case("Arange 1 4 0.5", lambda: np.arange(1, 4, 0.5))
case("Arange 5 -2 -2", lambda: np.arange(5, -2, -2))
case("Linspace -1 2 7", lambda: np.linspace(-1, 2, 7))
case("Eye 3", lambda: np.eye(3))
wide = np.array([-2.9, -0.5, 0, 0.99, 2.5, 100.7])
for dtype in np.int32, np.int64, np.int8, np.uint8, np.bool_, np.float32:
    source = np.abs(wide) if dtype == np.uint8 else wide
    case(f"Cast {np.dtype(dtype).name.replace('bool_', 'bool')}: floats", lambda x: x.astype(dtype), source)
    case(f"Cast {np.dtype(dtype).name.replace('bool_', 'bool')}: integers", lambda x: x.astype(dtype), [-1, 0, 300, 2**40 + 77])
case("Cast float16: floats", lambda x: x.astype(np.float16), np.array([1e-8, 6e-5, 1 / 3, -2049, 65519, 65520, nan, inf], np.float32))

with open("numpy.json", "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
