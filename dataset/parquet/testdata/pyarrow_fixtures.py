"""Writes the pyarrow-*.parquet files and the *.json files beside them. pyarrow 26.0.1 wrote those in the repository."""
import datetime as dt
import decimal
import uuid

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import expect

D = decimal.Decimal
rng = np.random.default_rng(1)
N = 40


def holes(values, every):
    return [None if i % every == every - 1 else v for i, v in enumerate(values)]


def dec(digits, scale, n=N):
    lo = -(10**digits) + 1
    edge = [lo, -lo, 0, 1, -1, 5 * 10 ** (digits - 1)]
    some = edge + [int("".join(map(str, rng.integers(0, 10, digits)))) * (-1) ** i for i in range(n - len(edge))]
    ctx = decimal.Context(prec=80)
    return [D(v).scaleb(-scale, ctx) for v in some]


def types():
    edge = [0, 1, -1]
    small = lambda lo, n: [int(v) for v in rng.integers(lo, 100, n)]
    ints = lambda bits: edge + [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] + small(-100, N - 5)
    uints = lambda bits, top: [0, 1, top] + [int(v) for v in rng.integers(0, 100, N - 3)]
    ns = [-1, 0, 1, -(2**62), 2**62, -86400 * 10**9 - 1] + [int(v) for v in rng.integers(-(2**60), 2**60, N - 6)]
    text = ["", "a", "überall", "日本語", "x" * 100] + [f"word {i}" for i in range(N - 5)]
    halves = [0.0, -0.0, 1.5, 65504, 6e-8, 6.1e-5, float("inf")] + [i / 8 for i in range(N - 7)]
    normal = lambda n: list(map(float, rng.normal(size=n)))
    cols = {
        "bool": pa.array(holes([i % 3 == 0 for i in range(N)], 4)),
        "i8": pa.array(holes(ints(8), 5), pa.int8()),
        "i16": pa.array(holes(ints(16), 6), pa.int16()),
        "i32": pa.array(holes(ints(32), 7), pa.int32()),
        "i64": pa.array(holes(ints(64), 8), pa.int64()),
        "u8": pa.array(holes(uints(8, 255), 5), pa.uint8()),
        "u16": pa.array(holes(uints(16, 65535), 5), pa.uint16()),
        "u32": pa.array(holes(uints(32, 2**32 - 1), 5), pa.uint32()),
        "u64": pa.array(holes(uints(64, 2**63 - 1), 5), pa.uint64()),
        "f16": pa.array(holes([np.float16(v) for v in halves], 9), pa.float16()),
        "f32": pa.array(holes([0.0, -0.0, 1e-45, 3.4e38, float("nan")] + normal(N - 5), 9), pa.float32()),
        "f64": pa.array(holes([0.0, -0.0, 5e-324, 1.7e308, float("-inf")] + normal(N - 5), 9), pa.float64()),
        "text": pa.array(holes(text, 7)),
        "large": pa.array(holes(text, 6), pa.large_string()),
        "bytes": pa.array(holes([bytes(rng.integers(0, 256, i).astype(np.uint8)) for i in range(N)], 7), pa.binary()),
        "fixed": pa.array(holes([bytes(rng.integers(0, 256, 5).astype(np.uint8)) for i in range(N)], 7), pa.binary(5)),
        "uuid": pa.array(holes([uuid.UUID(int=i * 2**99 + i).bytes for i in range(N)], 7), pa.uuid()),
        "date": pa.array(holes([-719162, 0, 2932896, -1] + list(range(N - 4)), 7), pa.int32()).cast(pa.date32()),
        "t_ms": pa.array(holes([0, 86399999] + list(range(N - 2)), 7), pa.int32()).cast(pa.time32("ms")),
        "t_us": pa.array(holes([0, 86399999999] + list(range(N - 2)), 7), pa.int64()).cast(pa.time64("us")),
        "t_ns": pa.array(holes([0, 86399999999999] + list(range(N - 2)), 7), pa.int64()).cast(pa.time64("ns")),
        "ts_ms": pa.array(holes(ns, 7), pa.int64()).cast(pa.timestamp("ms")),
        "ts_us": pa.array(holes(ns, 7), pa.int64()).cast(pa.timestamp("us", "UTC")),
        "ts_ns": pa.array(holes(ns, 7), pa.int64()).cast(pa.timestamp("ns")),
        "d9": pa.array(holes(dec(9, 2), 7), pa.decimal128(9, 2)),
        "d18": pa.array(holes(dec(18, 18), 7), pa.decimal128(18, 18)),
        "d38": pa.array(holes(dec(38, 10), 7), pa.decimal128(38, 10)),
        "d76": pa.array(holes(dec(76, 30), 7), pa.decimal256(76, 30)),
        "dict": pa.array(holes([f"w{i % 5}" for i in range(N)], 7)).dictionary_encode(),
        "required": pa.array(range(N), pa.int64()),
        "nothing": pa.nulls(N),
        "struct": pa.array([None if i % 7 == 6 else {"a": i if i % 3 else None, "b": {"c": str(i)}} for i in range(N)],
                           pa.struct([("a", pa.int32()), ("b", pa.struct([("c", pa.string())]))])),
    }
    fields = [pa.field(n, a.type, nullable=n != "required") for n, a in cols.items()]
    return pa.table(list(cols.values()), schema=pa.schema(fields))


def lists():
    n = 300
    def ragged(f, most):
        return [[f(i * 10 + j) for j in range(int(rng.integers(0, most)))] for i in range(n)]
    inner = [[ragged_row for ragged_row in ragged(lambda v: v, 4)[:int(rng.integers(0, 4))]] for _ in range(n)]
    inner = [None if i % 11 == 3 else [None if (i + j) % 5 == 1 else [None if v % 7 == 2 else v for v in x]
             for j, x in enumerate(r)] for i, r in enumerate(inner)]
    structs = [None if i % 9 == 4 else
               [{"x": i + j, "y": None if j == 1 else f"s{i}"} for j in range(i % 4)] for i in range(n)]
    cols = {
        "fixed": pa.array([[float(i), i / 2, -1.0] for i in range(n)], pa.list_(pa.float32(), 3)),
        "full": pa.array([[i, i + 1] for i in range(n)], pa.list_(pa.field("element", pa.int32(), nullable=False))),
        "ragged": pa.array(holes(ragged(int, 5), 6), pa.list_(pa.int64())),
        "holes": pa.array(holes(ragged(lambda v: None if v % 3 == 1 else v / 4, 5), 6), pa.list_(pa.float64())),
        "words": pa.array(holes(ragged(lambda v: None if v % 5 == 1 else f"w{v}", 6), 6), pa.list_(pa.string())),
        "nested": pa.array(inner, pa.list_(pa.list_(pa.int32()))),
        "structs": pa.array(structs, pa.list_(pa.struct([("x", pa.int32()), ("y", pa.string())]))),
    }
    return pa.table(cols)


def as_leaves(table):
    """structs within lists are a list for each field."""
    s = table.column("structs").to_pylist()
    field = lambda k, t: pa.array([None if r is None else [e[k] for e in r] for r in s], pa.list_(t))
    t = table.drop_columns(["structs"])
    t = t.append_column("structs.x", field("x", pa.int32()))
    return t.append_column("structs.y", field("y", pa.string()))


def matrix():
    n = 260
    i32 = holes([int(v) for v in np.cumsum(rng.integers(-5, 9, n))], 13)
    i64 = holes([int(v) * 10**12 for v in rng.integers(-(10**6), 10**6, n)], 17)
    f32 = holes([float(np.float32(v)) for v in rng.normal(size=n)], 19)
    f64 = holes([float(v) for v in rng.normal(size=n)], 23)
    text = holes([f"prefix{i // 7}/{i * i}" for i in range(n)], 29)
    fixed = holes([b"%06d" % (i * 37 % 1000) for i in range(n)], 31)
    flag = holes([i % 40 < 30 for i in range(n)], 37)
    kinds = {"i32": (i32, pa.int32()), "i64": (i64, pa.int64()), "f32": (f32, pa.float32()), "f64": (f64, pa.float64()),
             "text": (text, pa.string()), "fixed": (fixed, pa.binary(6)), "flag": (flag, pa.bool_())}
    encodings = {"i32": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT", "dict"],
                 "i64": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT", "dict"],
                 "f32": ["PLAIN", "BYTE_STREAM_SPLIT", "dict"], "f64": ["PLAIN", "BYTE_STREAM_SPLIT", "dict"],
                 "text": ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "dict"],
                 "fixed": ["PLAIN", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT", "dict"], "flag": ["PLAIN", "RLE"]}
    cols, by_column, dicts = {}, {}, []
    for k, (v, t) in kinds.items():
        for e in encodings[k]:
            name = f"{k}_{e}"
            cols[name] = pa.array(v, t)
            if e == "dict":
                dicts.append(name)
            else:
                by_column[name] = e
    table = pa.table(cols)
    expect.write(table, "pyarrow-matrix.json")
    for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
        for version in ["1.0", "2.0"]:
            pq.write_table(table, f"pyarrow-matrix-{codec}-v{version[0]}.parquet", compression=codec,
                           data_page_version=version, use_dictionary=dicts, column_encoding=by_column,
                           data_page_size=500, write_batch_size=50, row_group_size=160, store_schema=False,
                           write_page_checksum=codec in ("none", "gzip"), write_page_index=codec in ("none", "snappy"),
                           write_statistics=False)


t = types()
words = t.column("dict").cast(pa.string())
expect.write(t.set_column(t.column_names.index("dict"), "dict", words), "pyarrow-types.json")
pq.write_table(t, "pyarrow-types.parquet", store_schema=False, row_group_size=25)
stored = pa.table({n: t.column(n) for n in ["d9", "d18"]})
pq.write_table(stored, "pyarrow-decimal-int.parquet", store_decimal_as_integer=True)

t = lists()
expect.write(as_leaves(t), "pyarrow-lists.json")
for version, index in [("1.0", False), ("1.0", True), ("2.0", False)]:
    pq.write_table(t, f"pyarrow-lists-v{version[0]}{'-index' if index else ''}.parquet", data_page_version=version,
                   data_page_size=200, write_batch_size=20, row_group_size=200, write_page_index=index)

matrix()

# A dictionary that grows past its limit in mid-column: the pages after are PLAIN.
rows = [f"{i // 2:05d}" * 3 for i in range(1200)]
t = pa.table({"text": rows, "number": pa.array([i * 7919 % 1201 * 10**10 for i in range(1200)], pa.int64())})
pq.write_table(t, "pyarrow-fallback.parquet", dictionary_pagesize_limit=2000, data_page_size=1000, write_batch_size=100)

schema = pa.schema([("a", pa.int32()), ("b", pa.list_(pa.string()))])
with pq.ParquetWriter("pyarrow-emptygroups.parquet", schema) as w:
    for n in [0, 3, 0, 0, 2, 0]:
        rows = {"a": list(range(n)), "b": [["x"] * i for i in range(n)]}
        w.write_table(pa.table(rows, schema=schema), row_group_size=10)
pq.write_table(pa.table({"a": [], "b": []}, schema=schema), "pyarrow-norows.parquet")

t = pa.table({"id": [1, 2], "m": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int32())), "z": [1.5, 2.5]})
pq.write_table(t, "pyarrow-map.parquet")

# INT96: before 1970, to the nanosecond, null.
ns = [-1, 0, 1, -86400 * 10**9, -86400 * 10**9 - 1, 1_000_000_000_123_456_789, -(2**62), 2**62, None]
t = pa.table({"t": pa.array(ns, pa.int64()).cast(pa.timestamp("ns"))})
expect.write(t, "pyarrow-int96.json")
pq.write_table(t, "pyarrow-int96.parquet", use_deprecated_int96_timestamps=True)
