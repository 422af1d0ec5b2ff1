"""ingot show: tables and queries, formats, the past; nothing but reading."""

import csv
import io
import json
import os
import pty
import select

import pytest

from conftest import BINARY


@pytest.fixture
def sales(project):
    project.write("bronze/sales.yml", "from: {files: data/*.csv}")
    project.write("silver/sales.sql", """
        /* ingot
        key: id
        columns:
          id:     bigint not null
          amount: decimal(10,2)
          note:   text
        */
        select id, amount, note from bronze.sales
        """)
    project.file("data/1.csv", "id,amount,note\n" + "".join(f"{i},{i}.50,n{i}\n" for i in range(1, 31)))
    project.ok()
    return project


def test_limit_and_order(sales):
    out = sales.run("show", "silver.sales", rc=0).out
    lines = out.splitlines()
    assert lines[0].split() == ["id", "amount", "note"]
    assert [line.split()[0] for line in lines[1:21]] == [str(i) for i in range(1, 21)]
    assert lines[21] == "20 of 30 rows; -n N shows more, --all all of them"
    assert len(sales.run("show", "silver.sales", "--all", rc=0).out.splitlines()) == 32
    assert sales.run("show", "silver.sales", "-n", "2", rc=0).out.splitlines()[3].startswith("2 of 30")
    # numbers to the right
    assert lines[1].startswith(" 1    1.50  n1")


def test_formats(sales):
    rows = list(csv.DictReader(io.StringIO(sales.run("show", "silver.sales", "--format", "csv", rc=0).out)))
    assert len(rows) == 30 and rows[0]["amount"] == "1.50"
    assert len(sales.run("show", "silver.sales", "--json", rc=0).json()) == 30
    lines = sales.run("show", "silver.sales", "--format", "ndjson", "-n", "3", rc=0).out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [1, 2, 3]
    sales.run("show", "silver.sales", "--format", "parquet", "-o", "out.parquet", rc=0)
    import pyarrow.parquet
    assert pyarrow.parquet.read_table(sales.root / "out.parquet").num_rows == 30
    assert sales.run("show", "silver.sales", "--format", "parquet", rc=2).out == ""
    sales.run("show", "silver.sales", "--format", "csv", "-o", "no/such/folder.csv")
    assert not (sales.root / "no").exists()


def test_a_failed_file_leaves_what_was_there(sales):
    sales.file("out.csv", "mine")
    result = sales.run("show", "-q", "select cast(note as integer) from silver.sales", "--format", "csv", "-o", "out.csv")
    assert result.rc == 1
    assert (sales.root / "out.csv").read_text() == "mine"
    assert not list(sales.root.glob("*.tmp"))


def test_queries_only_read(sales):
    assert sales.run("show", "-q", "select sum(amount) as s from silver.sales;", "--json", rc=0).json() == [{"s": 480.0}]
    for sql in ("drop table silver.sales", "create table x as select 1", "copy (select 1) to 'x.csv'", "select 1; select 2",
                "insert into silver.sales values (1)", "attach 'x.db'", "", "selec 1"):
        result = sales.run("show", "-q", sql, rc=2)
        assert result.out == ""
    assert "nope" in sales.run("show", "-q", "select nope from silver.sales", rc=2).err
    assert "-- " not in sales.run("show", "-q", "select 1 as one -- a comment", rc=0).out
    assert not (sales.root / "x.csv").exists() and not (sales.root / "x.db").exists()


def test_quarantine_is_shown_as_a_table(sales):
    assert "nothing of silver.sales was ever refused" in sales.run("show", "quarantine.silver.sales", rc=2).err
    sales.file("data/2.csv", "id,amount,note\n99,much,x\n")
    sales.ok()
    (row,) = sales.run("show", "quarantine.silver.sales", "--json", rc=0).json()
    assert row["value"] == "much" and row["_file"] == "data/2.csv"
    sql = 'select count(*) as n from quarantine."silver.sales"'
    assert sales.run("show", "-q", sql, "--json", rc=0).json() == [{"n": 1}]


def test_the_past(sales):
    sales.file("data/2.csv", "id,amount,note\n31,1.00,x\n")
    sales.ok()
    count = ["show", "-q", "select count(*) as n from silver.sales", "--json"]
    assert sales.run(*count, rc=0).json() == [{"n": 31}]
    assert sales.run(*count, "--as-of", "0", rc=0).json() == [{"n": 30}]
    assert sales.run(*count, "--as-of", "2999-01-01", rc=0).json() == [{"n": 31}]
    assert sales.run(*count, "--as-of", "2999-01-01T00:00:00+01:00", rc=0).json() == [{"n": 31}]
    assert "nothing had been published" in sales.run(*count, "--as-of", "2001-01-01", rc=2).err
    assert "no publish number 7" in sales.run(*count, "--as-of", "7", rc=2).err
    assert "--as-of takes" in sales.run(*count, "--as-of", "yesterday", rc=2).err


def test_not_published_yet(project):
    project.write("bronze/a.yml", "from: {files: data/*.csv}")
    assert "has not been published yet" in project.run("show", "bronze.a", rc=2).err


def test_text_that_would_steer_the_terminal(project):
    project.write("bronze/a.yml", "from: {files: data/*.csv}")
    project.file("data/1.csv", 'id,text\n1,"a\x1b[31mb\nc\td"\n2,\n')
    project.ok()
    out = project.run("show", "-q", "select text from bronze.a order by id", rc=0).out
    assert "\x1b" not in out and r"a\x1b[31mb\nc\td" in out
    assert out.splitlines()[2].strip() == "NULL"


def on_terminal(project, *args, columns=60, env=None):
    """What the program writes to a terminal of that width."""
    import fcntl
    import struct
    import termios

    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = project.popen(*args, stdin=child, stdout=child, stderr=child, env={"TERM": "xterm", **(env or {})})
    os.close(child)
    out = b""
    while True:
        ready, _, _ = select.select([parent], [], [], 60)
        assert ready, "the program does not end"
        try:
            data = os.read(parent, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
    os.close(parent)
    assert process.wait() == 0
    return out.decode()


def test_a_narrow_terminal(project):
    project.write("bronze/a.yml", "from: {files: data/*.csv}")
    project.file("data/1.csv", "id,long\n1," + "wörter und 漢字 " * 20 + "\n")
    project.ok()
    lines = on_terminal(project, "show", "-q", "select id, long, long as longer from bronze.a", columns=60).splitlines()
    assert all(len(line) <= 60 for line in lines) and "…" in lines[1]
    wide = on_terminal(project, "show", "-q", "select " + ", ".join(f"{i} as column_number_{i}" for i in range(30)), columns=60)
    assert "more columns" in wide
    assert BINARY.exists()


def test_colours(project):
    project.write("bronze/a.yml", "from: {files: data/*.csv}")
    project.file("data/1.csv", "id\n1\n")
    coloured = on_terminal(project, "run", env={"NO_COLOR": ""})
    assert "\x1b[32m" in coloured and "1 table brought up to date" in coloured
    project.file("data/2.csv", "id\n2\n")
    plain = on_terminal(project, "run", env={"NO_COLOR": "1"})
    assert "\x1b[3" not in plain and "1 table brought up to date" in plain
    project.file("data/3.csv", "id\n2\n")
    dumb = on_terminal(project, "run", env={"NO_COLOR": "", "TERM": "dumb"})
    assert "\x1b" not in dumb and "1 table brought up to date" in dumb
