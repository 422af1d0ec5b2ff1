"""ingot optimize and vacuum: fewer files, the same rows, and never a file too many removed."""

import json
import os
import time

import pytest

OLD = time.time() - 40 * 86400
EVERYTHING = ["--older-than", "0s", "--keep", "0s", "--keep-publishes", "1"]


@pytest.fixture
def grown(project):
    """A table of six small files, and one downstream."""
    project.write("bronze/a.yml", "from: {files: data/*.csv}")
    project.write("silver/a.sql", "/* ingot\ncolumns:\n  id: bigint not null\n*/\nselect id, text from bronze.a")
    for i in range(6):
        project.file(f"data/{i}.csv", f"id,text\n{i},a\n{i + 10},b\nbad{i},c\n")
        project.ok()
    return project


def age(project, seconds=OLD):
    """All files of the lake look old."""
    for path in project.lake.rglob("*"):
        if path.is_file():
            os.utime(path, (seconds, seconds))


def data_files(project, table):
    return {p.name for p in project.path(table).glob("*.parquet")}


def live_files(project, table):
    return {p.rsplit("/", 1)[-1] for p in project.delta_table(table).file_uris()}


def test_rows_stay_and_downstream_stays_up_to_date(grown):
    before = {t: grown.rows(t) for t in ("bronze.a", "silver.a")}
    dry = grown.run("optimize", "--dry-run", rc=0).out
    assert "6 files would become 1" in dry and grown.version("silver.a") == 5
    out = grown.run("optimize", rc=0).out
    assert out.count("6 files are now 1") == 2
    assert {t: grown.rows(t) for t in before} == before
    assert len(live_files(grown, "bronze.a")) == len(live_files(grown, "silver.a")) == 1
    commit = grown.commit("silver.a")
    assert all(not a["remove"]["dataChange"] for a in commit if "remove" in a)
    assert all(not a["add"]["dataChange"] for a in commit if "add" in a)
    assert {a["txn"]["appId"]: a["txn"]["version"] for a in commit if "txn" in a} == {"ingot/self": 6}
    again = grown.ok()
    assert "2 tables up to date" in again.out and grown.version("silver.a") == 6
    assert "has nothing to compact" in grown.run("optimize", rc=0).out
    # the next load is added to it, not recomputed
    grown.file("data/9.csv", "id,text\n99,x\n")
    events = grown.run("--json", rc=0).json_events()
    assert {e["strategy"] for e in events if e["event"] == "table"} == {"append"}
    assert len(grown.rows("silver.a")) == 13
    assert grown.query("select count(*), count(distinct id) from silver.a") == [(13, 13)]


def test_optimize_keeps_partitions_apart_and_clusters(project):
    project.write("bronze/a.yml", "from: {files: data/*.csv}")
    project.write("silver/a.sql", """
        /* ingot
        partition_by: [day]
        cluster_by: [id]
        columns:
          id:  bigint not null
          day: date not null
        */
        select id, day, text from bronze.a
        """)
    for i in range(3):
        project.file(f"data/{i}.csv", f"id,day,text\n{9 - i},2026-11-01,a\n{i},2026-11-02,b'%20\n")
        project.ok()
    before = project.rows("silver.a")
    assert "6 files are now 2" in project.run("optimize", "silver.a", rc=0).out
    assert project.rows("silver.a") == before
    added = [a["add"]["partitionValues"] for a in project.commit("silver.a") if "add" in a]
    assert sorted(v["day"] for v in added) == ["2026-11-01", "2026-11-02"]
    ids = [r["id"] for r in project.run("show", "-q", "select id from silver.a where day = '2026-11-01'", "--json", rc=0).json()]
    assert ids == sorted(ids)
    assert "1 table up to date" in project.ok("silver.a").out


def test_folders_of_partitions_with_odd_names(project):
    project.write("bronze/a.yml", "from: {files: data/*.csv}")
    project.write("silver/a.sql", "/* ingot\npartition_by: [place]\n*/\nselect id, nullif(place, '-') as place from bronze.a")
    places = ["a b", "c%d", "e=f/g", "ünï", "100%25", "-", "x'y", "_under", ".dot", "a:b#c?d"]
    for i in range(2):
        project.file(f"data/{i}.csv", "id,place\n" + "".join(f"{i},{p}\n" for p in places))
        project.ok()
    before = project.rows("silver.a")
    assert len(before) == 20
    project.run("optimize", rc=0)
    age(project)
    project.run("vacuum", *EVERYTHING, rc=0)
    assert project.rows("silver.a") == before
    assert len(project.run("show", "silver.a", "--json", rc=0).json()) == 20
    project.run("--full", rc=0)
    project.run("vacuum", *EVERYTHING, rc=0)
    assert project.rows("silver.a") == before


def test_optimize_leaves_foreign_changes_to_a_run(grown):
    import deltalake
    import pyarrow
    row = pyarrow.table({"id": pyarrow.array([77], pyarrow.int64()), "text": ["from elsewhere"]})
    deltalake.write_deltalake(str(grown.path("silver.a")), row, mode="append")
    assert "no run has taken up" in grown.run("optimize", "silver.a", rc=0).out
    assert grown.version("silver.a") == 6
    assert grown.run("silver.a").rc == 1  # and it is not hidden


def test_vacuum_spares_what_is_young_or_marked(grown):
    grown.run("optimize", rc=0)
    files = {t: data_files(grown, t) for t in ("bronze.a", "silver.a")}
    assert "0 files" in grown.run("vacuum", rc=0).out
    # old files, but earlier publishes still show them
    age(grown)
    assert "0 files" in grown.run("vacuum", rc=0).out
    assert {t: data_files(grown, t) for t in files} == files
    # tombstones of today keep files although they look old
    assert "0 files" in grown.run("vacuum", "--keep", "0s", "--keep-publishes", "1", rc=0).out
    assert {t: data_files(grown, t) for t in files} == files


def test_vacuum_removes_what_nobody_reads(grown):
    rows = grown.rows("silver.a")
    refused = grown.run("quarantine", "silver.a", "--json", rc=0).json()
    grown.run("optimize", rc=0)
    litter = grown.file("lake/silver/a/part-00000000-0000-0000-0000-000000000000.parquet", b"left by a killed run")
    kept = grown.file("lake/silver/a/notes.txt", "not ours")
    hidden = grown.file("lake/silver/a/_spark/part-0.parquet", "not ours")
    dry = grown.run("vacuum", "--dry-run", *EVERYTHING, rc=0)
    assert litter.exists() and "could go" in dry.out and "younger than 7 days" in dry.err
    result = grown.run("vacuum", *EVERYTHING, rc=0)
    assert "12 files" not in dry.out or "12 files" in result.out
    assert not litter.exists() and kept.exists() and hidden.exists()
    for table in ("bronze.a", "silver.a"):
        assert data_files(grown, table) == live_files(grown, table)
    assert grown.rows("silver.a") == rows
    assert len(grown.run("quarantine", "silver.a", "--json", rc=0).json()) == len(refused) == 6
    assert "2 tables up to date" in grown.ok().out
    grown.file("data/9.csv", "id,text\n99,x\n")
    grown.ok()
    assert len(grown.rows("silver.a")) == 13 and len(grown.rows("bronze.a")) == 19


def test_vacuum_keeps_what_a_table_downstream_still_has_to_read(grown):
    grown.file("data/7.csv", "id,text\n70,x\n")
    grown.ok("bronze.a")  # silver.a has not read it yet
    grown.run("optimize", "bronze.a", rc=0)  # the file that was added is compacted away
    grown.run("vacuum", *EVERYTHING, rc=0)
    events = grown.run("--json", rc=0).json_events()
    silver = next(e for e in events if e["event"] == "table" and e["table"] == "silver.a")
    assert silver["outcome"] == "published" and silver["reason"]
    assert (70, "x") in grown.rows("silver.a") and len(grown.rows("silver.a")) == 13


def test_vacuum_keeps_the_past_that_it_promises(grown):
    grown.run("--full", "silver.a", rc=0)
    grown.run("--full", "silver.a", rc=0)
    count = ["show", "-q", "select count(*) as n from silver.a", "--json"]
    age(grown)
    grown.run("vacuum", "--older-than", "0s", rc=0)
    for publish in range(8):
        expected = 2 * min(publish + 1, 6)
        assert grown.run(*count, "--as-of", str(publish), rc=0).json() == [{"n": expected}]
    grown.run("vacuum", "--older-than", "0s", "--keep", "0s", "--keep-publishes", "2", rc=0)
    assert "no publish number 5" in grown.run(*count, "--as-of", "5", rc=2).err
    for publish in (6, 7):
        assert grown.run(*count, "--as-of", str(publish), rc=0).json() == [{"n": 12}]


def test_a_damaged_table_loses_nothing(grown):
    grown.run("--full", "silver.a", rc=0)
    age(grown)
    (grown.path("silver.a") / "_delta_log" / f"{3:020d}.json").unlink()
    files = data_files(grown, "silver.a")
    result = grown.run("vacuum", *EVERYTHING)
    assert result.rc == 1 and data_files(grown, "silver.a") == files


def test_a_missing_file_stops_vacuum(grown):
    grown.run("--full", "silver.a", rc=0)
    live = live_files(grown, "silver.a")
    (grown.path("silver.a") / sorted(live)[0]).unlink()
    files = data_files(grown, "silver.a")
    result = grown.run("vacuum", *EVERYTHING)
    assert result.rc == 1 and "not on the lake" in result.err and data_files(grown, "silver.a") == files


def test_a_damaged_side_entry_keeps_quarantine(grown):
    entries = sorted((grown.path("silver.a") / "_ingot").glob("*.json"))
    entries[0].write_text("{")
    before = {p for p in (grown.lake / "quarantine").rglob("*") if p.is_file()}
    assert grown.run("vacuum", "silver.a", *EVERYTHING).rc == 1
    assert {p for p in (grown.lake / "quarantine").rglob("*") if p.is_file()} == before


def test_side_entries_go_only_below_the_live_ones(project):
    project.write("bronze/a.yml", "from: {files: data/*.csv}")
    for i in range(30):  # long enough for the chain to be folded
        project.file(f"data/{i}.csv", f"id,text\n{i},a\n")
        project.ok()
    entries = project.path("bronze.a") / "_ingot"
    before = len(list(entries.glob("*.json")))
    project.run("vacuum", *EVERYTHING, rc=0)
    assert 1 <= len(list(entries.glob("*.json"))) < before
    assert "1 table up to date" in project.ok().out
    project.file("data/99.csv", "id,text\n99,z\n")
    project.ok()
    loads = [load for (load,) in project.rows("bronze.a", columns=["_load"])]
    assert len(loads) == len(set(loads)) == 31


def test_an_optimized_table_has_other_readers(grown):
    grown.run("optimize", rc=0)
    grown.run("vacuum", *EVERYTHING, rc=0)
    assert len(grown.polars("silver.a")) == len(grown.duckdb("silver.a")) == len(grown.deltalake("silver.a")) == 12
    last = json.loads((grown.path("silver.a") / "_delta_log" / f"{6:020d}.json").read_text().splitlines()[0])
    assert last["commitInfo"]["operation"] == "OPTIMIZE"
