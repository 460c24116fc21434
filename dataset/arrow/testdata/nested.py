"""Writes pyarrow-nested.arrow and pyarrow-words.arrows (pyarrow 26.0.1)."""
import os

import pyarrow as pa
import pyarrow.ipc as ipc

here = os.path.dirname(os.path.abspath(__file__))
place = pa.struct([("city", pa.string()), ("at", pa.struct([("x", pa.float64()), ("y", pa.int16())]))])
nested = pa.table({
    "place": pa.array([{"city": "Ulm", "at": {"x": 1.5, "y": 2}}, None, {"city": None, "at": None},
                       {"city": "Köln", "at": {"x": -1.0, "y": None}}], place),
    "tags": pa.array([[("k", 1)], [], None, [("a", 2), ("b", 3)]], pa.map_(pa.string(), pa.int8())),
    "sizes": pa.array([[1, None], None, [], [3]], pa.list_(pa.int32())),
    "nothing": pa.nulls(4),
    "last": pa.array(["a", "b", "c", "d"]),
})
with ipc.new_file(os.path.join(here, "pyarrow-nested.arrow"), nested.schema) as w:
    w.write_table(nested, max_chunksize=3)

word = pa.dictionary(pa.int8(), pa.string())
schema = pa.schema([("word", word)])


def batch(words, indices):
    return pa.record_batch([pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), pa.array(words))], schema)


options = ipc.IpcWriteOptions(emit_dictionary_deltas=True)
with ipc.new_stream(os.path.join(here, "pyarrow-words.arrows"), schema, options=options) as w:
    w.write_batch(batch(["a", "b"], [0, 1, None]))
    w.write_batch(batch(["a", "b", "c"], [1, 2, 0]))  # a delta
    w.write_batch(batch(["y", "z"], [1, 0]))  # a replacement
