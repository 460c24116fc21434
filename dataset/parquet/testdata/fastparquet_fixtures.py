"""Writes fastparquet-*.parquet; fastparquet 2026.9.0 wrote those in the repository. What they hold is read back by
pyarrow."""
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from fastparquet import write

import expect

n = 50
df = pd.DataFrame({
    "id": np.arange(n, dtype=np.int64) * 10**15,
    "small": np.arange(n, dtype=np.int8) - 20,
    "x": np.where(np.arange(n) % 7 == 3, np.nan, np.arange(n) / 8),
    "y": (np.arange(n) / 3).astype(np.float32),
    "flag": np.arange(n) % 3 == 0,
    "word": np.array([None if i % 6 == 5 else f"w{i % 4}" for i in range(n)], dtype=object),
    "when": pd.to_datetime(np.arange(n) * 86400 * 10**9 * 700 - 10**18),
})
df["kind"] = pd.Categorical([f"k{i % 3}" for i in range(n)])
write("fastparquet-gzip.parquet", df, compression="GZIP", row_group_offsets=20, write_index=False)
write("fastparquet-int96.parquet", df[["when"]], times="int96", write_index=False)
t = pq.read_table("fastparquet-gzip.parquet")
print(t.schema, pq.ParquetFile("fastparquet-int96.parquet").schema)
kind = t.column("kind").cast("string")
expect.write(t.set_column(t.column_names.index("kind"), "kind", kind), "fastparquet-gzip.json")
expect.write(pq.read_table("fastparquet-int96.parquet"), "fastparquet-int96.json")
