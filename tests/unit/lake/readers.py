"""The other side of readers.c: real Parquet files, and deltalake as a reader and writer that is not ours.

readers.py files DIR     writes one.parquet and two.parquet into DIR, prints "name size" for each
readers.py check DIR     reads the table that ingot's writer made of them, then appends, deletes, compacts
"""
import os, sys

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string())])


def rows(first, last):
    return pa.table({"id": list(range(first, last)), "name": [f"n{i}" for i in range(first, last)]}, SCHEMA)


def files(folder):
    for name, first, last in (("one é%.parquet", 0, 10), ("two.parquet", 10, 15)):
        pq.write_table(rows(first, last), os.path.join(folder, name))
        print(os.path.getsize(os.path.join(folder, name)))


def check(folder):
    table = DeltaTable(folder)
    assert table.version() == 1, table.version()
    assert sorted(table.to_pyarrow_table()["id"].to_pylist()) == list(range(15))
    assert table.transaction_version("ingot/self") == 1
    assert table.metadata().configuration == {"ingot.model": "m"}
    assert table.history(1)[0]["engineInfo"].startswith("ingot/")
    assert sorted(DeltaTable(folder, version=0).to_pyarrow_table()["id"].to_pylist()) == list(range(10))
    write_deltalake(folder, rows(100, 103), mode="append")  # 2
    DeltaTable(folder).delete("id < 5")  # 3
    DeltaTable(folder).optimize.compact()  # 4
    table = DeltaTable(folder)
    assert sorted(table.to_pyarrow_table()["id"].to_pylist()) == [*range(5, 15), 100, 101, 102]
    assert table.version() == 4, table.version()


{"files": files, "check": check}[sys.argv[1]](sys.argv[2])
