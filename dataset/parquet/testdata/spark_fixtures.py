"""Writes the spark-* files and folders, and the *.json beside them. pyspark 4.3 (OpenJDK 17) wrote those in the
repository; what they hold is read back by pyarrow."""
import datetime as dt
import decimal
import glob
import os
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession, functions as F, types as T

import expect

os.environ["TZ"] = "UTC"
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.sql.session.timeZone", "UTC").config("spark.driver.memory", "1g")
         .config("spark.sql.parquet.int96RebaseModeInWrite", "CORRECTED").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
D = decimal.Decimal

schema = T.StructType([
    T.StructField("id", T.LongType(), False),
    T.StructField("t", T.TimestampType()),
    T.StructField("d5", T.DecimalType(5, 2)),
    T.StructField("d15", T.DecimalType(15, 4)),
    T.StructField("d30", T.DecimalType(30, 6)),
    T.StructField("day", T.DateType()),
    T.StructField("name", T.StringType()),
    T.StructField("words", T.ArrayType(T.StringType(), True)),
    T.StructField("full", T.ArrayType(T.IntegerType(), False)),
    T.StructField("nested", T.ArrayType(T.ArrayType(T.IntegerType(), False), True)),
    T.StructField("s", T.StructType([T.StructField("a", T.IntegerType()), T.StructField("b", T.StringType())])),
    T.StructField("small", T.ByteType()),
    T.StructField("flag", T.BooleanType()),
])
UTC = dt.timezone.utc
times = [dt.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), dt.datetime(1970, 1, 1, tzinfo=UTC),
         dt.datetime(1900, 1, 1, 0, 0, 0, 1, UTC), dt.datetime(2024, 2, 29, 12, 30, 15, 123456, UTC),
         dt.datetime(1700, 6, 1, tzinfo=UTC), dt.datetime(2261, 12, 31, 23, 59, 59, 0, UTC)]


def row(i):
    hole = lambda k, v: None if i % k == k - 1 else v
    return (i, hole(7, times[i % len(times)]), hole(5, D(i * 997 % 100000 - 50000).scaleb(-2)),
            hole(6, D(i * 123456789 - 10**14).scaleb(-4)), hole(7, D((-1) ** i * (10**29 // (i + 1))).scaleb(-6)),
            hole(8, dt.date(1960, 1, 1) + dt.timedelta(i * 500)), hole(9, f"name {i % 6}"),
            hole(4, [hole(3, f"w{j}") for j in range(i % 4)]), hole(10, list(range(i % 5))),
            hole(11, [None if j == 1 else list(range(j)) for j in range(i % 4)]),
            hole(6, (hole(5, i), f"b{i}")), hole(5, i % 128 - 64), i % 3 == 0)


def one(df, name, **options):
    """writes df as one file, and what it holds."""
    shutil.rmtree("out", ignore_errors=True)
    w = df.coalesce(1).write
    for k, v in options.items():
        w = w.option(k, v)
    w.parquet("out")
    (part,) = glob.glob("out/part-*.parquet")
    shutil.move(part, f"spark-{name}.parquet")
    shutil.rmtree("out")


rows = [row(i) for i in range(60)]
df = spark.createDataFrame(rows, schema)
one(df, "int96")
spark.conf.set("spark.sql.parquet.writeLegacyFormat", "true")
one(df, "legacy")
spark.conf.set("spark.sql.parquet.writeLegacyFormat", "false")
spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
for codec in ["lz4", "gzip", "zstd", "uncompressed"]:
    one(df, codec, compression=codec)
spark.conf.set("parquet.writer.version", "PARQUET_2_0")
spark.sparkContext._jsc.hadoopConfiguration().set("parquet.writer.version", "PARQUET_2_0")
one(df, "v2")
spark.sparkContext._jsc.hadoopConfiguration().unset("parquet.writer.version")

t = pq.read_table("spark-uncompressed.parquet")
expect.write(t, "spark-micros.json")
i = t.column_names.index("t")
expect.write(t.set_column(i, "t", t.column("t").cast(pa.timestamp("ns", "UTC"))), "spark-int96.json")

# A folder with a column in the folders' names, several files each, written by two jobs.
shutil.rmtree("spark-folder", ignore_errors=True)
df = spark.createDataFrame([(i, float(i) / 4, f"2026-01-0{1 + i % 3}", f"x{i}") for i in range(30)],
                           "id long, v double, dt string, name string")
df.repartition(2).write.partitionBy("dt").parquet("spark-folder")
df = df.select("name", "dt", (F.col("id") + 100).alias("id"), "v").coalesce(1)
df.write.mode("append").partitionBy("dt").parquet("spark-folder")
for crc in glob.glob("spark-folder/**/.*.crc", recursive=True):
    os.remove(crc)
spark.stop()
