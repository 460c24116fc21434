"""What the readers of the fixtures must find: values as text, column by column, from pyarrow's own reading.

An integer, a decimal's unscaled integer and a time in the column's unit are decimal numbers, a bool is 0 or 1, a float
is the hexadecimal bits of the float64, bytes are hexadecimal after "x", a list is a list, a null is null.
"""
import datetime
import decimal
import json
import struct

import pyarrow as pa
import pyarrow.compute as pc


def value(v, t):
    if v is None:
        return None
    if pa.types.is_list(t) or pa.types.is_large_list(t) or pa.types.is_fixed_size_list(t):
        return [value(x, t.value_type) for x in v]
    if isinstance(v, bool):
        return str(int(v))
    if isinstance(v, int):
        return str(v)
    if isinstance(v, float):
        return "nan" if v != v else struct.pack(">d", v).hex()
    if isinstance(v, decimal.Decimal):
        if t.precision > 18:
            return struct.pack(">d", float(v)).hex()
        return str(int(v.scaleb(t.scale)))
    if isinstance(v, bytes):
        return "x" + v.hex()
    if isinstance(v, str):
        return v
    raise TypeError(f"{type(v)} of {t}")


def column(c):
    """c is a ChunkedArray; times become integers by a cast that keeps their bits."""
    t = c.type
    if pa.types.is_timestamp(t) or pa.types.is_time64(t):
        c = c.cast(pa.int64())
    elif pa.types.is_date32(t) or pa.types.is_time32(t):
        c = c.cast(pa.int32())
    elif pa.types.is_float16(t):
        c = c.cast(pa.float32())
    elif isinstance(t, pa.BaseExtensionType):
        return [None if v is None else str(v) for v in c.to_pylist()]
    return [value(v, t) for v in c.to_pylist()]


def flatten(table):
    while any(pa.types.is_struct(f.type) for f in table.schema):
        table = table.flatten()
    return table


def write(table, path):
    table = flatten(table)
    with open(path, "w") as f:
        json.dump({n: column(table.column(n)) for n in table.column_names}, f, ensure_ascii=False,
                  separators=(",", ":"))
        f.write("\n")
