"""A table as four programs that are not ours read it, and what a run said of it."""

import datetime
import decimal
import functools
import math
import pathlib

EXTENSIONS = pathlib.Path(__file__).resolve().parent.parent / ".deps" / "duckdb" / "extensions"


def plain(value):
    """One Python value for what the readers give in types of their own; times in UTC."""
    if hasattr(value, "to_pydatetime"):  # pandas; NaT has it too
        value = None if value != value else value.to_pydatetime()
    if hasattr(value, "item"):  # numpy
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if isinstance(value, decimal.Decimal):
        return value.normalize() + 0
    return value


def ordered(rows):
    """Rows in an order that does not depend on the reader; None first."""
    return sorted((tuple(plain(v) for v in row) for row in rows), key=lambda row: [(v is not None, str(type(v)), v if v is not None else 0) for v in row])


def by_deltalake(project, table):
    frame = project.delta_table(table).to_pyarrow_table()
    return frame.schema.names, zip(*(frame.column(name).to_pylist() for name in frame.schema.names)) if frame.num_columns else []


def by_polars(project, table):
    frame = project.polars(table)
    return frame.columns, frame.rows()


def by_pandas(project, table):
    """pandas has no integers with NULL among them: what it read is cast to the column's own type again."""
    import pyarrow

    schema = project.delta_table(table).to_pyarrow_table().schema
    frame = project.deltalake(table)
    columns = [pyarrow.array(frame[f.name], type=f.type, from_pandas=True).to_pylist() for f in schema]
    return list(frame.columns), zip(*columns)


def by_duckdb(project, table):
    cursor = delta_reader().execute("select * from delta_scan(?)", [str(project.path(table))])
    return [column[0] for column in cursor.description], cursor.fetchall()


@functools.cache
def delta_reader():
    """One connection for all: loading the extension takes longer than reading a small table."""
    import duckdb

    connection = duckdb.connect(config={"extension_directory": str(EXTENSIONS), "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    connection.execute("load delta; set timezone = 'UTC'; set threads = 2")
    return connection


def read_everywhere(project, table):
    """The rows of a table as dicts, in a fixed order, after all four readers agreed on names and values."""
    names, rows = by_deltalake(project, table)
    rows = ordered(rows)
    for reader in (by_polars, by_pandas, by_duckdb):
        other_names, other_rows = reader(project, table)
        assert list(other_names) == list(names), f"{reader.__name__} sees other columns of {table}"
        same(other_rows, rows, f"{table} {reader.__name__}")
    return [dict(zip(names, row)) for row in rows]


def pick(rows, *names):
    """Some columns of rows that are dicts, as sorted tuples."""
    return ordered(tuple(row[name] for name in names) for row in rows)


def table_events(result):
    """The "table" events of `ingot run --json`, by table."""
    return {e["table"]: e for e in result.json_events() if e["event"] == "table"}


def same(got, expected, what):
    """Asserts that two lists of rows are equal, whatever their order, and says which rows are not."""
    got, expected = ordered(got), ordered(expected)
    if got != expected:
        missing, surplus = list(expected), []
        for row in got:
            missing.remove(row) if row in missing else surplus.append(row)
        raise AssertionError(f"{what}: {len(got)} rows instead of {len(expected)}; missing: {missing[:10]}; too many: {surplus[:10]}")


TERMS = ("inserted", "replacing", "unchanged", "quarantined", "dropped", "deduplicated", "deleted")


def reconciled(events):
    """Asserts what holds of every row account (each row yielded is counted where it went), and that table sizes agree."""
    for name, event in events.items():
        rows = event.get("rows")
        if rows is None:
            continue
        assert rows["yielded"] == sum(rows[t] for t in TERMS), f"{name}: {rows}"
        assert rows["quarantined"] == sum(rows["quarantined_by_rule"].values()), f"{name}: {rows}"
        assert rows["dropped"] == sum(rows["dropped_by_rule"].values()), f"{name}: {rows}"
        assert rows["rows_after"] == rows["rows_before"] + rows["rows_added"] - rows["rows_removed"], f"{name}: {rows}"
    return events
