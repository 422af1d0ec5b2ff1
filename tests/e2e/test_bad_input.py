"""Bad input ends in a clear error or in quarantine: good rows and malformed records are all there, and nothing crashes."""

import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import textwrap

import pytest

from readers import read_everywhere, table_events


@pytest.fixture
def files(project):
    """A source over data/*.csv, and one good file that must survive whatever happens beside it."""
    project.write("bronze/n.yml", "from: {files: 'data/*.csv*'}")
    project.file("silver/n.sql", "select a from bronze.n")
    project.file("data/good.csv", "a,b\n1,x\n2,y\n")
    return project


GOOD = [("1", "x"), ("2", "y")]


def refused(project, table="bronze.n"):
    if not project.exists(f"quarantine.{table}"):
        return []
    return read_everywhere(project, f"quarantine.{table}")


def load(project, rc=0, rows=GOOD, columns=("a", "b"), refused_files=()):
    """Runs; asserts exit code, rows, and that each file is accounted for: records = rows + malformed."""
    result = project.run("--json", rc=rc)
    event = table_events(result)["bronze.n"]
    if event["outcome"] == "published":
        account = event["rows"]
        assert account["read"]["files"] == account["inserted"] + account["quarantined"], event
        assert account["files_refused"] == len(refused_files), event
    assert project.rows("bronze.n", columns=list(columns)) == sorted(rows, key=lambda r: [(v is not None, v or "") for v in r])
    for name in refused_files:
        assert name in result.err, f"{name} is not named"
        assert any(name in note for note in event["notes"]) or name in str(event.get("error")), event
    read_everywhere(project, "bronze.n")
    return event


@pytest.fixture
def unprivileged():
    """Calls the program as a user without rights of its own: unprivileged(project, "run") returns (exit code, what it said).

    The project is his; the lake as well, unless own_lake=False."""
    nobody = 65534

    def call(project, *args, own_lake=True):
        options = {}
        if os.geteuid() == 0:
            for path in [project.root, *project.root.rglob("*")]:
                if own_lake or not path.is_relative_to(project.lake):
                    os.chown(path, nobody, nobody)
            for parent in project.root.parents:
                if parent.is_relative_to(tempfile.gettempdir()):
                    parent.chmod(parent.stat().st_mode | 0o011)
            options = {"user": nobody, "group": nobody, "extra_groups": []}
        try:
            run = project.popen(*args, env={"HOME": tempfile.gettempdir()}, **options)
        except PermissionError as error:
            pytest.skip(f"another user may not execute the program: {error}")
        out, err = run.communicate(timeout=60)
        said = (out + err).decode()
        print(said)
        if "libduckdb.so" in said:
            pytest.skip("another user may not read the engine's library")
        return run.returncode, said

    return call


# ---- text files ----


def test_an_empty_file(files):
    """It has not even a header, so nobody can tell what it holds: refused, until it holds something."""
    files.file("data/empty.csv", "")
    load(files, rc=1, refused_files=["data/empty.csv"])
    files.file("data/more.csv", "a,b\n3,z\n")
    load(files, rc=1, rows=[*GOOD, ("3", "z")], refused_files=["data/empty.csv"])
    files.file("data/empty.csv", "a,b\n4,w\n")
    load(files, rows=[*GOOD, ("3", "z"), ("4", "w")])


def test_only_an_empty_file(project):
    project.write("bronze/n.yml", "from: {files: data/*.csv}")
    project.file("data/empty.csv", "")
    result = project.run()
    assert result.rc == 1 and "data/empty.csv" in result.err + result.out
    project.file("data/more.csv", "a\n1\n")
    project.run(rc=1)
    assert project.rows("bronze.n", columns=["a"]) == [("1",)]


def test_header_only(files):
    files.file("data/header.csv", "a,b\n")
    load(files)


def test_no_final_line_end(files):
    files.file("data/cut.csv", "a,b\n3,z")
    load(files, rows=[*GOOD, ("3", "z")])


def test_byte_order_mark(files):
    files.file("data/bom.csv", b"\xef\xbb\xbfa,b\n3,z\n")
    load(files, rows=[*GOOD, ("3", "z")])


@pytest.mark.parametrize("text", ["a,b\r\n3,z\r\n4,\r\n", "a,b\r3,z\r4,\r", "a,b\n3,z\r\n4,\n", "a,b\r\n3,z\n4,\r\n"])
def test_line_ends(files, text):
    files.file("data/ends.csv", text.encode())
    load(files, rows=[*GOOD, ("3", "z"), ("4", None)])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16(files, encoding):
    """Byte order marks are seen; without one the source has to say it, and is told so."""
    bom = {"utf-16": b"", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[encoding]
    files.file("data/wide.csv", bom + "a,b\n3,zß€\n".encode(encoding))
    load(files, rows=[*GOOD, ("3", "zß€")])


def test_utf_16_without_a_mark_is_not_taken_for_text(files):
    files.file("data/wide.csv", "a,b\n3,z\n".encode("utf-16-le"))
    load(files, rc=1, refused_files=["data/wide.csv"])


def test_latin_1(files):
    """Not UTF-8: the line is refused, and with `encoding:` it loads."""
    files.file("data/latin.csv", "a,b\n3,zß\n4,plain\n".encode("latin-1"))
    result = files.run("--json")
    assert result.rc in (0, 1)
    rows = files.rows("bronze.n", columns=["a", "b"])
    if result.rc == 0:
        assert rows == [*GOOD, ("4", "plain")]
        [entry] = refused(files)
        assert (entry["_file"], entry["_row"], entry["_line"]) == ("data/latin.csv", 1, 2)
        assert "UTF-8" in entry["reason"]
    else:
        assert rows == GOOD and "data/latin.csv" in result.err and "UTF-8" in result.err
    files.write("bronze/n.yml", "from: {files: 'data/*.csv*', encoding: latin1}")
    files.ok("--full")
    assert files.rows("bronze.n", columns=["a", "b"]) == [*GOOD, ("3", "zß"), ("4", "plain")]
    assert refused(files) == []


def test_nul_bytes(files):
    files.file("data/nul.csv", b"a,b\n3,z\x00z\n4,w\n")
    result = files.run("--json")
    rows = files.rows("bronze.n", columns=["a", "b"])
    assert set(rows) >= set(GOOD)
    if result.rc == 0:
        assert ("4", "w") in rows
        [entry] = refused(files)
        assert (entry["_file"], entry["_line"]) == ("data/nul.csv", 2) and "NUL" in entry["reason"]
    else:
        assert "data/nul.csv" in result.err and "NUL" in result.err
    read_everywhere(files, "bronze.n")


def test_an_unclosed_quote(files):
    """Only the line that opens it is taken out; what stands behind it is not lost."""
    files.file("data/open.csv", 'a,b\n3,z\n4,"never closed\n5,w\n6,v\n')
    event = load(files, rows=[*GOOD, ("3", "z"), ("5", "w"), ("6", "v")])
    assert event["rows"]["read"] == {"files": 6}
    [entry] = refused(files)
    assert (entry["_file"], entry["_line"], entry["_row"], entry["raw"]) == ("data/open.csv", 3, 2, '4,"never closed')
    assert "unclosed quote" in entry["reason"]


def test_ragged_rows(files):
    files.file("data/ragged.csv", "a,b\n3,z\n4\n5,w,extra\n6,v\n\n7,u\n")
    load(files, rows=[*GOOD, ("3", "z"), ("6", "v"), ("7", "u")])
    entries = refused(files)
    assert [(e["_line"], e["raw"]) for e in sorted(entries, key=lambda e: e["_line"]) if e["raw"]] == [(3, "4"), (4, "5,w,extra")]
    assert all(e["_file"] == "data/ragged.csv" and e["reason"] and e["rule"] == "malformed" for e in entries)


def test_quotes_in_the_middle_of_fields(files):
    files.file("data/quotes.csv", 'a,b\n3,say "hi"\n4,"a ""quoted"" word"\n5,"closed"and more\n6,"two\nlines"\n')
    files.ok()
    rows = files.rows("bronze.n", columns=["a", "b"])
    assert set(rows) >= {*GOOD, ("3", 'say "hi"'), ("4", 'a "quoted" word'), ("6", "two\nlines")}
    places = {e["_line"] for e in refused(files)} | ({4} if any(r[0] == "5" for r in rows) else set())
    assert places == {4}, "line 4 is neither loaded nor refused"


def test_a_line_of_100_mb(files):
    with (files.root / "data/long.csv").open("wb") as f:
        f.write(b"a,b\n3,")
        for _ in range(100):
            f.write(b"x" * 1_000_000)
        f.write(b"\n4,w\n")
    result = files.run("--json")
    assert result.rc in (0, 1)
    rows = files.query("select a, length(b) from bronze.n order by a")
    if result.rc == 0:
        assert rows in ([("1", 1), ("2", 1), ("3", 100_000_000), ("4", 1)], [("1", 1), ("2", 1), ("4", 1)])
        if len(rows) == 3:
            [entry] = refused(files)
            assert entry["_line"] == 2 and len(entry["raw"]) <= 70_000
    else:
        assert rows == [("1", 1), ("2", 1)] and "data/long.csv" in result.err


@pytest.mark.parametrize("header, words", [("a,a", ["a"]), ("a,", ["a"]), ("a,A", ["a"]), ("a,_row", ["_row"])])
def test_names_that_cannot_be_columns(project, header, words):
    """Duplicate, empty, differing only by case, or ours: both columns arrive under names of their own, or the file is refused by name."""
    project.write("bronze/n.yml", "from: {files: data/n.csv, csv: {header: true}}")
    project.file("data/n.csv", f"{header}\n1,x\n2,y\n")
    result = project.run("--json")
    assert result.rc in (0, 1)
    if result.rc == 0:
        rows = read_everywhere(project, "bronze.n")
        values = {tuple(sorted(str(v) for k, v in r.items() if v in ("1", "2", "x", "y"))) for r in rows}
        assert values == {("1", "x"), ("2", "y")}, rows
        assert sorted(r["_row"] for r in rows) == [1, 2]
        assert table_events(result)["bronze.n"]["notes"], "a column was renamed without a word"
    else:
        assert "data/n.csv" in result.err and all(w in result.err for w in words)


def test_case_of_names_across_files(files):
    files.file("data/upper.csv", "A,B\n3,z\n")
    load(files, rows=[*GOOD, ("3", "z")])


@pytest.mark.parametrize("bad", ['{"a": 1', '{"a": 1} x', "nonsense", '{"a": "\x01"}', "[1, 2", '{"a": NaN}', '{"a": 1, "a": 2}', '"text"', '{"a": "\\ud800"}'])
def test_malformed_ndjson_lines(project, bad):
    project.write("bronze/n.yml", "from: {files: data/*.ndjson}")
    project.file("data/n.ndjson", f'{{"a": 1}}\n{bad}\n\n{{"a": 2}}\n')
    project.ok()
    rows = project.rows("bronze.n", columns=["a", "_row"])
    entries = refused(project)
    assert ("1", 1) in rows and ("2", 3) in rows
    assert len(rows) + len(entries) == 3
    for entry in entries:
        assert (entry["_file"], entry["_row"], entry["_line"], entry["raw"]) == ("data/n.ndjson", 2, 2, bad)
        assert entry["reason"]


def test_a_json_document_that_breaks_off(project):
    project.write("bronze/n.yml", "from: {files: data/*.json}")
    project.file("data/good.json", '[{"a": 1}, {"a": 2}]')
    project.file("data/torn.json", '[{"a": 3}, {"a": 4}, {"a"')
    result = project.run()
    rows = project.rows("bronze.n", columns=["a"])
    assert "data/torn.json" in result.err + result.out or refused(project)
    assert set(rows) >= {("1",), ("2",)}
    if result.rc == 0:
        assert rows == [("1",), ("2",), ("3",), ("4",)] and refused(project)[0]["_file"] == "data/torn.json"
    else:
        assert result.rc == 1 and rows == [("1",), ("2",)]


def test_deeply_nested_json(project):
    project.write("bronze/n.yml", "from: {files: data/*.ndjson}")
    project.file("data/n.ndjson", '{"a": 1}\n{"a": ' + "[" * 100_000 + "]" * 100_000 + '}\n{"a": 2}\n')
    project.ok()
    assert len(project.rows("bronze.n")) + len(refused(project)) == 3


# ---- damaged files ----


def packed(n=20000):
    dice = random.Random(5)
    return gzip.compress(("a,b\n" + "".join(f"{i},{dice.random()}\n" for i in range(n))).encode())


@pytest.mark.parametrize("cut", [1, 8, 12, 1000, 60000])
def test_a_truncated_gz_is_never_loaded_as_if_whole(files, cut):
    files.file("data/cut.csv.gz", packed()[:-cut])
    load(files, rc=1, refused_files=["data/cut.csv.gz"])
    # tried again on each run, and loaded when it is whole
    load(files, rc=1)
    files.file("data/cut.csv.gz", packed(100))
    files.ok()
    assert len(files.rows("bronze.n")) == 102
    assert refused(files) == []


def test_a_file_that_was_refused_whole_stands_in_quarantine(files):
    files.file("data/cut.csv.gz", packed()[:-8])
    files.run(rc=1)
    [entry] = [e for e in refused(files) if e["_file"] == "data/cut.csv.gz"]
    assert entry["reason"]
    assert "data/cut.csv.gz" in files.run("quarantine", "bronze.n", rc=0).out
    files.run(rc=1)
    assert len(refused(files)) == 1, "it is refused again, not refused twice"
    files.file("data/cut.csv.gz", packed(100))
    files.ok()
    assert refused(files) == []


def test_a_flipped_bit_in_a_gz(files):
    whole, dice = packed(), random.Random(7)
    for turn in range(12):
        data = bytearray(whole)
        at = dice.randrange(10, len(data))
        data[at] ^= 1 << dice.randrange(8)
        files.file("data/bit.csv.gz", bytes(data))
        result = files.run()
        try:
            unharmed = gzip.decompress(bytes(data)) == gzip.decompress(whole)
        except Exception:
            unharmed = False
        assert (result.rc == 0) == unharmed, f"bit {at}"
        assert len(files.rows("bronze.n")) == (20002 if unharmed else 2)
        if not unharmed:
            assert "data/bit.csv.gz" in result.err + result.out


def test_garbage_behind_a_gz(files):
    files.file("data/tail.csv.gz", packed(10) + b"garbage that is not gzip")
    result = files.run()
    assert len(files.rows("bronze.n")) in ((2,) if result.rc else (12,))
    assert "data/tail.csv.gz" in result.err + result.out


def test_several_gz_members(files):
    files.file("data/two.csv.gz", gzip.compress(b"a,b\n3,z\n") + gzip.compress(b"4,w\n"))
    load(files, rows=[*GOOD, ("3", "z"), ("4", "w")])


def test_text_that_calls_itself_gz(files):
    files.file("data/text.csv.gz", "a,b\n3,z\n")
    load(files, rc=1, refused_files=["data/text.csv.gz"])


@pytest.mark.parametrize("damage", ["footer", "cut", "middle", "empty", "text"])
def test_damaged_parquet(project, damage):
    import pyarrow
    import pyarrow.parquet

    project.write("bronze/n.yml", "from: {files: data/*.parquet}")
    (project.root / "data").mkdir()
    frame = pyarrow.table({"a": list(range(5000)), "b": [random.Random(i).random() for i in range(5000)]})
    pyarrow.parquet.write_table(frame, project.root / "data/good.parquet")
    data = bytearray((project.root / "data/good.parquet").read_bytes())
    if damage == "footer":
        data[-20:-10] = b"\xff" * 10
    elif damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "middle":
        data[200:600] = b"\xee" * 400
    else:
        data = b"" if damage == "empty" else b"a,b\n1,2\n"
    project.file("data/bad.parquet", bytes(data))
    result = project.run(rc=1)
    assert "data/bad.parquet" in result.err + result.out
    assert len(project.rows("bronze.n")) == 5000
    pyarrow.parquet.write_table(frame.slice(0, 10), project.root / "data/bad.parquet")
    project.ok()
    assert len(project.rows("bronze.n")) == 5010


# ---- the file system ----


def test_a_folder_named_like_a_file(files):
    files.file("data/folder.csv/inner.csv", "a,b\n3,z\n")
    result = files.run()
    assert result.rc in (0, 1)
    assert files.rows("bronze.n", columns=["a", "b"]) == GOOD


def test_a_file_that_cannot_be_read(files, unprivileged):
    files.file("data/secret.csv", "a,b\n3,z\n").chmod(0)
    rc, said = unprivileged(files, "run")
    assert rc == 1
    assert "data/secret.csv" in said and "ermission" in said
    assert files.rows("bronze.n", columns=["a", "b"]) == GOOD
    (files.root / "data/secret.csv").chmod(0o644)
    assert unprivileged(files, "run")[0] == 0
    assert len(files.rows("bronze.n")) == 3


def test_a_read_only_lake(files, unprivileged):
    files.ok()
    before = sorted(files.lake.rglob("*"))
    for path in [files.lake, *before]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    files.file("data/more.csv", "a,b\n3,z\n")
    rc, said = unprivileged(files, "run", own_lake=False)
    assert rc in (1, 3)
    assert "lake" in said and ("ermission" in said or "ead-only" in said)
    assert sorted(files.lake.rglob("*")) == before
    assert unprivileged(files, "show", "silver.n", own_lake=False)[0] == 0
    assert files.rows("bronze.n", columns=["a", "b"]) == GOOD


@pytest.fixture
def small_disk(project):
    """A lake on a disk of one megabyte."""
    project.lake.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(project.lake)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield project
    subprocess.run(["umount", "-l", str(project.lake)], check=True)


def digits(n, seed):
    dice = random.Random(seed)
    return "a,b\n" + "".join(f"{i},{dice.random()}\n" for i in range(n))


def test_a_full_disk(small_disk):
    project = small_disk
    project.write("bronze/n.yml", "from: {files: data/*.csv}")
    project.file("silver/n.sql", "select a, b from bronze.n")
    project.file("data/0.csv", digits(3000, 0))
    project.ok()
    project.file("data/1.csv", digits(60000, 1))
    result = project.run()
    assert result.rc in (1, 3)
    assert "no space left" in result.err.lower()
    assert len(project.rows("bronze.n")) == len(project.rows("silver.n")) == 3000
    project.ok("show", "silver.n", "--limit", "3")
    project.remove("data/1.csv")
    project.file("data/2.csv", digits(10, 2))
    subprocess.run(["mount", "-o", "remount,size=50m", str(project.lake)], check=True)
    project.ok()
    project.file("data/1.csv", digits(60000, 1))
    project.ok()
    assert len(project.rows("bronze.n")) == len(project.rows("silver.n")) == 63010
    read_everywhere(project, "silver.n")


@pytest.mark.parametrize("limit", [300, 5_000, 100_000])
def test_files_that_may_not_grow(files, limit):
    """The same through a limit on the size of files, at several places of the run."""
    files.ok()
    files.file("data/more.csv", digits(60000, 1))
    run = files.popen("run", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)), restore_signals=False)
    out, err = run.communicate(timeout=60)
    assert run.returncode in (1, 3), (out + err).decode()
    assert b"File too large" in out + err or b"too large" in out + err, (out + err).decode()
    assert files.rows("bronze.n", columns=["a", "b"]) == GOOD
    read_everywhere(files, "bronze.n")
    files.ok()
    assert len(files.rows("bronze.n")) == len(files.rows("silver.n")) == 60002


def test_a_file_that_grows_while_it_is_read(files):
    """A writer appends whole lines all the time; when it is done, each of them is there exactly once."""
    path = files.root / "data/growing.csv"
    path.write_text("a,b\n")
    writer = subprocess.Popen([sys.executable, "-c", textwrap.dedent("""
        import sys, time
        n, end = 100, time.monotonic() + 4
        with open(sys.argv[1], "a", buffering=1) as f:
            while time.monotonic() < end:
                f.write("".join(f"{i},x\\n" for i in range(n, n + 500)))
                n += 500
                time.sleep(0.02)
        print(n)
        """), str(path)], stdout=subprocess.PIPE, text=True)
    seen = 2
    while writer.poll() is None:
        result = files.run("--json")
        assert result.rc in (0, 1)
        event = table_events(result)["bronze.n"]
        rows = [int(a) for (a,) in files.rows("bronze.n", columns=["a"])]
        assert len(rows) == len(set(rows)) and len(rows) >= seen, "rows were lost or are there twice"
        assert sorted(rows)[2:] == list(range(100, 98 + len(rows))), "rows in the midst are missing"
        if result.rc == 1:
            assert "data/growing.csv" in result.err
        elif event["outcome"] == "published":
            assert event["rows"]["read"]["files"] == event["rows"]["inserted"] + event["rows"]["quarantined"]
        seen = 2 if result.rc else len(rows)
    last = int(writer.stdout.read())
    files.ok()
    rows = sorted(int(a) for (a,) in files.rows("bronze.n", columns=["a"]))
    assert rows == [1, 2, *range(100, last)] and refused(files) == []


# ---- the lake ----


@pytest.fixture
def lake(files):
    """A lake with five versions of each table, new files to load, and a table beside them that has nothing to do with them."""
    files.write("bronze/other.yml", "from: {files: 'other/*.csv'}")
    files.file("other/0.csv", "c\n0\n")
    for n in range(5):
        files.file(f"data/{n}.csv", f"a,b\n{n + 10},x\n")
        files.ok()
    files.file("data/next.csv", "a,b\n99,x\n")
    files.file("other/next.csv", "c\n99\n")
    return files


def log_file(project, table, version):
    return project.path(table) / "_delta_log" / f"{version:020d}.json"


def fails_alone(project, table, *words, rc=1):
    """A run says what is wrong with the table, leaves its log as it is, and brings the table beside it up to date."""
    log = lambda: {p: p.read_bytes() for p in project.path(table).rglob("*.json")}
    before = log()
    result = project.run(rc=rc)
    for word in (table.replace(".", "/"), *words):
        assert word in result.err + result.out or word.replace("/", ".") in result.err + result.out, f"{word!r} is not said"
    assert {p: log().get(p) for p in before} == before
    assert project.rows("bronze.other", columns=["c"]) == [("0",), ("99",)]
    return result


@pytest.mark.parametrize("table", ["bronze.n", "silver.n"])
def test_a_log_with_a_gap(lake, table):
    log_file(lake, table, 2).unlink()
    fails_alone(lake, table, "00000000000000000002.json")


@pytest.mark.parametrize("table", ["bronze.n", "silver.n"])
def test_a_truncated_action(lake, table):
    path = log_file(lake, table, 4)
    path.write_bytes(path.read_bytes()[:-40])
    fails_alone(lake, table, "00000000000000000004.json")


@pytest.mark.parametrize("line", ["{", "[]", "nonsense", '{"add": 5}', '{"add": {"path": 7}}', '{"add": {"path": "../../../../etc/passwd", "size": 1, "partitionValues": {}, "modificationTime": 0, "dataChange": true}}',
                                  '{"metaData": {"id": "x", "schemaString": "{", "partitionColumns": [], "configuration": {}, "format": {"provider": "parquet"}}}',
                                  '{"add": ' + '{"a":' * 3000 + "1" + "}" * 3000 + "}", '{"txn": {"appId": "ingot/self", "version": "four"}}', "\x00\x01\x02", '{"add": {"path": "x", "size": 99999999999999999999999}}'])
def test_a_hostile_action(lake, line):
    path = log_file(lake, "silver.n", 4)
    path.write_text(path.read_text() + line + "\n")
    fails_alone(lake, "silver.n", "00000000000000000004.json")
    for command in ("show", "history", "quarantine"):
        assert lake.run(command, "silver.n").rc in (0, 1)


def test_a_missing_data_file(lake):
    [path] = [lake.path("bronze.n") / a["add"]["path"] for a in lake.commit("bronze.n", 0) if "add" in a]
    path.unlink()
    lake.file("silver/n.sql", "select a, b from bronze.n")  # so that all of it has to be read
    fails_alone(lake, "silver.n", path.name)
    assert lake.rows("silver.n", columns=["a"])  # as it was


@pytest.mark.parametrize("protocol, feature", [({"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["fancyFeature"], "writerFeatures": ["fancyFeature"]}, "fancyFeature"),
                                               ({"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["columnMapping"], "writerFeatures": ["columnMapping"]}, "columnMapping"),
                                               ({"minReaderVersion": 9, "minWriterVersion": 9}, "9")])
@pytest.mark.parametrize("table", ["bronze.n", "silver.n"])
def test_an_unknown_reader_feature(lake, table, protocol, feature):
    log_file(lake, table, 5).write_text('{"commitInfo": {"operation": "UPGRADE PROTOCOL"}}\n' + json.dumps({"protocol": protocol}) + "\n")
    fails_alone(lake, table, feature)


# ---- models ----


@pytest.mark.parametrize("sql", ["select 1; select 2", "drop table bronze.n", "insert into bronze.n values (1)", "copy (select 1) to 'x.csv'", "", "-- nothing", "selec a from bronze.n",
                                 "pragma version", "attach 'x.db'", "select * from bronze.n; --", "with x as (select 1) delete from bronze.n", "explain select 1", "set threads = 1"])
def test_sql_that_is_not_one_select(files, sql):
    files.ok()
    files.file("silver/bad.sql", sql)
    before = sorted(files.lake.rglob("*"))
    result = files.run()
    if sql == "select * from bronze.n; --":  # one SELECT, for all its decoration
        assert result.rc == 0
        return
    assert result.rc == 2
    assert "silver/bad.sql:1" in result.err
    assert sorted(files.lake.rglob("*")) == before and not (files.root / "x.csv").exists() and not (files.root / "x.db").exists()


def test_a_model_that_reads_a_table_that_does_not_exist(files):
    files.file("silver/bad.sql", "select *\nfrom bronze.nn")
    result = files.run(rc=2)
    assert "silver/bad.sql:2:6" in result.err and "bronze.nn" in result.err and "did you mean" in result.err and "bronze.n" in result.err
    assert not files.lake.exists()


@pytest.mark.parametrize("sql", ["select * from 'data/good.csv'", "select * from read_csv('data/good.csv')", "select * from read_text('/etc/passwd')", "select * from duckdb_settings()",
                                 "select getenv('HOME') as home from bronze.n"])
def test_a_model_reads_tables_only(files, sql):
    files.file("silver/bad.sql", sql)
    result = files.run()
    assert result.rc in (1, 2)
    assert "silver/bad.sql" in result.err + result.out
    assert not files.exists("silver.bad")
