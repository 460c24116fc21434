"""Writes print.json: how NumPy prints arrays, for ../string_test.go.

    python3 print.py       (made with NumPy 1.24.2)

A case is a dtype, a shape, the elements (floats as hexadecimal strings), options, and the text.
"""
import json
import numpy as np

cases = []


def case(name, a, **options):
    a = np.asarray(a)
    data = [float(v).hex() for v in a.ravel()] if a.dtype.kind == "f" else [int(v) for v in a.ravel()]
    with np.printoptions(**options):
        text = str(a)
    cases.append({"name": name, "dtype": str(a.dtype), "shape": list(a.shape), "data": data, "options": options, "text": text})


def iota(name, dtype, *shape, scale=1, **options):
    """An array of 0, scale, 2·scale … whose elements the test makes itself."""
    a = (np.arange(np.prod(shape), dtype=np.float64) * scale).astype(dtype).reshape(shape)
    with np.printoptions(**options):
        text = str(a)
    cases.append({"name": name, "dtype": str(a.dtype), "shape": list(shape), "scale": scale, "options": options, "text": text})


rng = np.random.default_rng(4)
nan, inf = np.nan, np.inf
for dtype in np.float64, np.float32, np.float16:
    n = np.dtype(dtype).name
    f = lambda *v: np.array(v, dtype)
    for v in 2.5, 1, 0, -0.0, 1e-4, 9.9e-5, 12345.678, 0.1, nan, inf, -inf:
        case(f"{n} scalar {v}", dtype(v))
    case(f"{n} whole", f(1, -2, 30))
    case(f"{n} points in one column", f(1, 2.25, -3.5, 100))
    case(f"{n} thirds", f(1 / 3, 2 / 3, 1, -4 / 3))
    case(f"{n} ratio 1000", f(0.01, 10))
    case(f"{n} ratio above 1000", f(0.01, 10.25))
    case(f"{n} ratio just above 1000", f(0.0625, 62.53125))
    case(f"{n} below 1e-4", f(0, 9e-5, -5e-5))
    case(f"{n} 1e-4", f(1e-4))
    case(f"{n} zeros", f(0, -0.0, 0))
    case(f"{n} not finite", f(nan, inf, -inf))
    case(f"{n} nan alone", f(nan))
    case(f"{n} inf among finite", f(1, inf, 2))
    case(f"{n} -inf among short", f(1, -inf))
    case(f"{n} nan among scientific", f(1e-5, 1, nan, -inf))
    case(f"{n} nan among digits", f(1.125, nan, -100))
    case(f"{n} rounds up to a whole", f(0.99999999999, 1.5))
    case(f"{n} normal", rng.normal(size=(3, 4)).astype(dtype))
    case(f"{n} normal wraps", rng.normal(size=(2, 9)).astype(dtype))
    case(f"{n} wide range", (rng.normal(size=(2, 2, 3)) * 10.0 ** rng.integers(-4, 4, (2, 2, 3))).astype(dtype))
    case(f"{n} precision 3", rng.normal(size=(2, 3)).astype(dtype), precision=3)
    case(f"{n} precision 0", f(1.5, 2.5, -0.25), precision=0)
    case(f"{n} suppress", f(1e-5, 1, 2000), suppress=True)
    case(f"{n} suppress, precision 2", f(1e-5, 0.125, 2000), suppress=True, precision=2)
    case(f"{n} of no elements", np.zeros((2, 0, 3), dtype))
case("float64 1e8", [1e8, 1])
case("float64 99999999", [99999999.0, 1000000])
case("float64 1e16", np.float64(1e16))
case("float64 123456789012345680", np.float64(123456789012345680))
case("float64 three digits of exponent", [1e-300, 1, 1e200])
case("float64 extremes", [5e-324, 1.7976931348623157e308])
case("float32 extremes", np.array([1e-45, 3.4028235e38], np.float32))
case("float16 extremes", np.array([6e-8, 65504], np.float16))
case("float32 more digits before the point than it has", np.array([-69088072, 7572571.5], np.float32))
case("float16 powers of two", (2.0 ** np.arange(-8, 0)).astype(np.float16))
case("float64 ties at the last decimal", [0.000244140625 * 3, 0.5 ** 9, 1 + 0.5 ** 9])
for dtype in np.int32, np.int64, np.uint8, np.int8:
    n = np.dtype(dtype).name
    case(f"{n} scalar", dtype(7))
    case(f"{n} matrix", np.array([[1, 127], [30, 4]], dtype))
    case(f"{n} three axes", np.arange(12).astype(dtype).reshape(2, 3, 2))
case("int32 negative", np.array([-5, 100, -1000], np.int32))
case("int64 extremes", np.array([-2**63, 2**63 - 1]))
for name, a in ("scalar", True), ("matrix", [[True, False], [False, True]]), ("all true", [True, True]), ("line", rng.random(40) < 0.5):
    case(f"bool {name}", np.asarray(a))
iota("1000 elements", "float32", 1000)
iota("1001 elements", "float32", 1001)
iota("abridged matrix", "float64", 50, 40, scale=0.5)
iota("abridged in one axis", "int64", 300, 4)
iota("abridged cube", "float32", 10, 11, 12, scale=0.25)
iota("abridged, four axes", "int32", 3, 8, 2, 30)
iota("six is not cut, seven is", "int64", 6, 7, 30)
iota("threshold 5", "int32", 3, 9, threshold=5)
iota("threshold 5, edge 1", "float64", 4, 9, scale=1.5, threshold=5, edgeitems=1)
iota("edge 5", "int64", 2000, edgeitems=5)
iota("width 30", "int64", 3, 20, linewidth=30)
iota("narrower than a word", "int64", 2, 2, scale=1000000, linewidth=4)
iota("width 40, four axes", "float32", 1, 2, 2, 12, scale=0.125, linewidth=40)
iota("full line", "int64", 1, 300)

with open("print.json", "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
