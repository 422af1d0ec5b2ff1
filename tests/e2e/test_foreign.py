"""Tables that ingot wrote, changed by another tool: silver and gold stop until somebody decides, bronze lets it stand,
and what changes no rows (compaction, checkpoints, removal of old files) is nobody's business."""

import json
import os
import shutil
import time

import deltalake
import pyarrow
import pyarrow.compute
import pyarrow.parquet
import pytest

from conftest import Project
from readers import ordered, pick, read_everywhere, reconciled, same, table_events

SILVER = """\
/* ingot
{more}key: id
latest: v
columns:
  id: bigint not null
  v:  integer not null
*/
select id, word, v from bronze.n
"""


def put(project, name, *rows):
    project.file(f"data/{name}.csv", "id,word,v\n" + "".join(f"{i},{w},{v}\n" for i, w, v in rows))


@pytest.fixture
def lake(project):
    """A table that grows (silver.n), one computed from it (gold.words), and two beside them that nobody touches."""
    return build(project)


def build(project):
    project.write("bronze/n.yml", "from: {files: 'data/*.csv', csv: {header: true}}")
    project.write("bronze/other.yml", "from: {files: 'other/*.csv', csv: {header: true}}")
    project.file("silver/n.sql", SILVER.format(more=""))
    project.write("silver/other.sql", "select c from bronze.other")
    project.write("gold/words.sql", "select word, count(*)::integer as n, sum(v)::bigint as v from silver.n group by word")
    project.write("gold/others.sql", "select count(*)::integer as n from silver.other")
    put(project, "1", (1, "a", 1), (2, "b", 1), (3, "a", 1), ("x", "a", 1))
    project.file("other/1.csv", "c\n1\n")
    project.ok()
    return project


def more(project, n=2):
    """Something new for every table."""
    put(project, str(n), (n * 10, "k", 1), (3, "c", n))
    project.file(f"other/{n}.csv", "c\n1\n")


def silver_rows(*rows):
    ids, words, vs = zip(*rows)
    return pyarrow.table({"id": pyarrow.array(ids, pyarrow.int64()), "word": list(words), "v": pyarrow.array(vs, pyarrow.int32())})


def bronze_rows(*rows):
    return pyarrow.table({"id": [r[0] for r in rows], "word": [r[1] for r in rows], "v": [r[2] for r in rows]})


def append(project, table, rows):
    deltalake.write_deltalake(str(project.path(table)), rows, mode="append", schema_mode="merge")


def merge(project, table, rows):
    columns = rows.schema.names
    values = {c: f"s.{c}" for c in columns}
    (project.delta_table(table).merge(rows, "t.id = s.id", source_alias="s", target_alias="t")
        .when_matched_update(values).when_not_matched_insert(values).execute())


def events(project, *args, rc=0):
    return reconciled(table_events(project.run("--json", *args, rc=rc)))


def outcomes(got):
    return {name: event["outcome"] for name, event in got.items()}


def log(project, table):
    return {p.name: p.read_bytes() for p in (project.path(table) / "_delta_log").iterdir() if p.is_file()}


# what another tool does to silver.n, and its rows (id, word, v) afterwards
CHANGES = {
    "append": (lambda p: append(p, "silver.n", silver_rows((77, "w", 1))), [(1, "a", 1), (2, "b", 1), (3, "a", 1), (77, "w", 1)]),
    "merge": (lambda p: merge(p, "silver.n", silver_rows((2, "two", 5), (78, "w", 1))), [(1, "a", 1), (2, "two", 5), (3, "a", 1), (78, "w", 1)]),
    "update": (lambda p: p.delta_table("silver.n").update(updates={"word": "'up'"}, predicate="id = 1"), [(1, "up", 1), (2, "b", 1), (3, "a", 1)]),
    "delete": (lambda p: p.delta_table("silver.n").delete("id = 1"), [(2, "b", 1), (3, "a", 1)]),
    "delete of all rows": (lambda p: p.delta_table("silver.n").delete(), []),
    "overwrite": (lambda p: deltalake.write_deltalake(str(p.path("silver.n")), silver_rows((5, "o", 1)), mode="overwrite"), [(5, "o", 1)]),
}
METADATA = {
    "a property": lambda p: p.delta_table("silver.n").alter.set_table_properties({"delta.logRetentionDuration": "interval 9 days"}),
    "a new column": lambda p: p.delta_table("silver.n").alter.add_columns([deltalake.Field("extra", "string")]),
}


@pytest.mark.parametrize("change", [*CHANGES, *METADATA])
def test_a_changed_table_stops_until_it_is_rebuilt(lake, change):
    rows = lake.rows("gold.words")
    (CHANGES[change][0] if change in CHANGES else METADATA[change])(lake)
    changed = lake.version("silver.n")
    assert changed == 1
    more(lake)
    before = {t: log(lake, t) for t in ("silver.n", "gold.words", "quarantine.silver.n")}
    for args in ([], ["--full"], ["silver.n"]):
        result = lake.run("--json", *args, rc=1)
        event = table_events(result)["silver.n"]
        assert event["outcome"] == "failed" and event["error"]["class"], event
        for word in ("silver.n", "another tool", f"version {changed}", "--rebuild", "foreign: keep", "silver/n.sql"):
            assert word in event["error"]["message"], (word, event)
        assert {t: log(lake, t) for t in before} == before
        if not args:  # the others are published, what reads it stays as it was
            got = outcomes(table_events(result))
            assert [got[t] for t in ("bronze.n", "bronze.other", "silver.other", "gold.others", "gold.words")] == ["published"] * 4 + ["upstream"]
    assert lake.rows("gold.words") == rows and lake.rows("gold.others") == [(2,)]
    assert "another tool" in lake.run("plan", rc=0).out
    # what was published last is what is shown, not what somebody else did to the table
    shown = lake.ok("show", "gold.words", "--format", "json").json()
    assert sum(r["n"] for r in shown) == 3
    got = events(lake, "--rebuild")
    assert got["silver.n"]["outcome"] == got["gold.words"]["outcome"] == "published" and got["silver.n"]["strategy"] == "full"
    expected = [(1, "a", 1), (2, "b", 1), (3, "c", 2), (20, "k", 1)]
    same(pick(read_everywhere(lake, "silver.n"), "id", "word", "v"), expected, "silver.n")
    assert set(outcomes(events(lake)).values()) == {"up_to_date"}
    more(lake, 3)
    assert events(lake)["silver.n"]["strategy"] == "merge"
    same(pick(read_everywhere(lake, "silver.n"), "id", "word", "v"), [(1, "a", 1), (2, "b", 1), (3, "c", 3), (20, "k", 1), (30, "k", 1)], "silver.n")
    same(lake.rows("gold.words", columns=["word", "n"]), [("a", 1), ("b", 1), ("c", 1), ("k", 2)], "gold.words")


def test_rebuilding_one_table_leaves_others_stopped(lake):
    append(lake, "silver.n", silver_rows((77, "w", 1)))
    append(lake, "gold.words", pyarrow.table({"word": ["z"], "n": pyarrow.array([1], pyarrow.int32()), "v": pyarrow.array([1], pyarrow.int64())}))
    got = events(lake, "--rebuild", "silver.n")
    assert outcomes(got) == {"silver.n": "published"}
    got = events(lake, rc=1)
    assert got["gold.words"]["outcome"] == "failed" and "gold/words.sql" in got["gold.words"]["error"]["message"]
    events(lake, "--rebuild", "gold.words")
    assert lake.rows("gold.words", columns=["word", "n"]) == [("a", 2), ("b", 1)]
    assert set(outcomes(events(lake)).values()) == {"up_to_date"}


def test_a_table_that_another_tool_changed_twice_names_the_first(lake):
    append(lake, "silver.n", silver_rows((77, "w", 1)))
    append(lake, "silver.n", silver_rows((78, "w", 1)))
    assert "version 1" in events(lake, rc=1)["silver.n"]["error"]["message"]


def test_a_new_meaning_does_not_hide_a_foreign_change(lake):
    append(lake, "silver.n", silver_rows((77, "w", 1)))
    lake.file("silver/n.sql", SILVER.format(more="").replace("word, v", "upper(word) as word, v"))
    assert "another tool" in events(lake, rc=1)["silver.n"]["error"]["message"]
    assert (77, "w", 1) in lake.rows("silver.n")


@pytest.mark.parametrize("change", CHANGES)
def test_keep_lets_rows_stay(lake, change):
    do, after = CHANGES[change]
    do(lake)
    lake.file("silver/n.sql", SILVER.format(more="foreign: keep\n"))
    got = events(lake)
    assert got["silver.n"]["outcome"] == "up_to_date"  # nothing to do for it, and the rows are not touched
    assert lake.version("silver.n") == 1
    same(pick(read_everywhere(lake, "silver.n"), "id", "word", "v"), after, "silver.n")
    words = lambda: ordered((w, sum(1 for r in lake.rows("silver.n") if r[1] == w)) for w in {r[1] for r in lake.rows("silver.n")})
    same(lake.rows("gold.words", columns=["word", "n"]), words(), "gold.words")  # and they are seen downstream
    for n in (2, 3):
        more(lake, n)
        got = events(lake)
        assert (got["silver.n"]["outcome"], got["silver.n"]["strategy"]) == ("published", "merge")
        expected = [r for r in after if r[0] != 3] + [(k * 10, "k", 1) for k in range(2, n + 1)] + [(3, "c", n)]
        same(pick(read_everywhere(lake, "silver.n"), "id", "word", "v"), expected, "silver.n")
        same(lake.rows("gold.words", columns=["word", "n"]), words(), "gold.words")
    assert set(outcomes(events(lake)).values()) == {"up_to_date"}


def test_keep_is_not_silent_about_what_a_full_refresh_replaces(lake):
    lake.write("gold/words.sql", """
        /* ingot
        foreign: keep
        */
        select word, count(*)::integer as n, sum(v)::bigint as v from silver.n group by word
        """)
    lake.ok()
    append(lake, "gold.words", pyarrow.table({"word": ["foreign"], "n": pyarrow.array([1], pyarrow.int32()), "v": pyarrow.array([1], pyarrow.int64())}))
    assert set(outcomes(events(lake)).values()) == {"up_to_date"}
    assert "foreign" in {r[0] for r in lake.rows("gold.words")}
    more(lake)
    event = events(lake)["gold.words"]
    assert "foreign" in {r[0] for r in lake.rows("gold.words")} or "another tool" in " ".join(event["notes"]), event


def test_history_names_the_tool(lake):
    append(lake, "silver.n", silver_rows((77, "w", 1)))
    by_version = {v["version"]: v for v in lake.ok("history", "silver.n", "--json").json()["versions"]}
    assert by_version[1]["foreign"] and not by_version[0]["foreign"]
    assert "delta-rs" in lake.ok("history", "silver.n").out


# ---- bronze ----


def bronze(project):
    return ordered(project.rows("bronze.n", columns=["id", "word", "v", "_file"]))


FIRST = [("1", "a", "1", "data/1.csv"), ("2", "b", "1", "data/1.csv"), ("3", "a", "1", "data/1.csv"), ("x", "a", "1", "data/1.csv")]
SECOND = [("20", "k", "1", "data/2.csv"), ("3", "c", "2", "data/2.csv")]


def test_rows_that_others_add_to_bronze_stand_and_flow_on(lake):
    append(lake, "bronze.n", bronze_rows(("9", "z", "1"), ("bad", "z", "1")))
    got = events(lake)
    assert got["bronze.n"]["outcome"] == "up_to_date"
    assert (got["silver.n"]["strategy"], got["silver.n"]["rows"]["inserted"], got["silver.n"]["rows"]["quarantined"]) == ("merge", 1, 1)
    assert (9, "z", 1) in lake.rows("silver.n") and ("z", 1, 1) in lake.rows("gold.words")
    more(lake)
    assert events(lake)["bronze.n"]["strategy"] == "append"
    same(bronze(lake), FIRST + SECOND + [("9", "z", "1", None), ("bad", "z", "1", None)], "bronze.n")
    same(lake.rows("silver.n"), [(1, "a", 1), (2, "b", 1), (3, "c", 2), (9, "z", 1), (20, "k", 1)], "silver.n")
    assert set(outcomes(events(lake)).values()) == {"up_to_date"}
    # a file that is changed takes its own rows with it, and no others
    put(lake, "1", (1, "new", 5))
    events(lake)
    same(bronze(lake), [("1", "new", "5", "data/1.csv")] + SECOND + [("9", "z", "1", None), ("bad", "z", "1", None)], "bronze.n")


def test_rows_that_others_delete_from_bronze_stay_deleted(lake):
    lake.delta_table("bronze.n").delete("id = '1' or id = 'x'")
    for _ in range(2):
        got = events(lake)
        assert got["bronze.n"]["outcome"] == "up_to_date"
        same(lake.rows("silver.n"), [(2, "b", 1), (3, "a", 1)], "silver.n")
        same(lake.rows("gold.words"), [("a", 1, 1), ("b", 1, 1)], "gold.words")
    assert [r for r in read_everywhere(lake, "quarantine.silver.n")] == []
    more(lake)
    events(lake)
    same(bronze(lake), [r for r in FIRST if r[0] not in "1x"] + SECOND, "bronze.n")
    same(lake.rows("silver.n"), [(2, "b", 1), (3, "c", 2), (20, "k", 1)], "silver.n")


def test_all_rows_of_a_file_deleted_by_others_do_not_load_again(lake):
    more(lake)
    events(lake)
    lake.delta_table("bronze.n").delete("_file = 'data/2.csv'")
    for _ in range(2):
        assert events(lake)["bronze.n"]["outcome"] == "up_to_date"
        same(bronze(lake), FIRST, "bronze.n")
        same(lake.rows("silver.n"), [(1, "a", 1), (2, "b", 1), (3, "a", 1)], "silver.n")


def test_rows_that_others_correct_in_bronze_stay_corrected(lake):
    merge(lake, "bronze.n", bronze_rows(("2", "two", "7"), ("8", "eight", "1")))
    lake.delta_table("bronze.n").update(updates={"id": "'4'"}, predicate="id = 'x'")
    got = events(lake)
    assert got["bronze.n"]["outcome"] == "up_to_date"
    same(lake.rows("silver.n"), [(1, "a", 1), (2, "two", 7), (3, "a", 1), (4, "a", 1), (8, "eight", 1)], "silver.n")
    assert read_everywhere(lake, "quarantine.silver.n") == []
    more(lake)
    events(lake)
    assert (2, "two", 7) in lake.rows("silver.n") and (20, "k", 1) in lake.rows("silver.n")


def test_a_column_that_others_add_to_bronze_stays(lake):
    append(lake, "bronze.n", pyarrow.table({"id": ["9"], "word": ["z"], "v": ["1"], "seen_by": ["me"]}))
    more(lake)
    events(lake)
    rows = read_everywhere(lake, "bronze.n")
    same(pick(rows, "id", "seen_by"), [(r[0], None) for r in FIRST + SECOND] + [("9", "me")], "bronze.n")
    same(lake.rows("silver.n", columns=["id"]), [(1,), (2,), (3,), (9,), (20,)], "silver.n")


def silver_of(rows):
    best = {}
    for i, word, v, _ in rows:
        if i.isdigit() and (int(i) not in best or int(v) > best[int(i)][2]):
            best[int(i)] = (int(i), word, int(v))
    return list(best.values())


@pytest.mark.parametrize("state, again", [("restored", ["data/2.csv"]), ("emptied", ["data/1.csv", "data/2.csv"]), ("one file", ["data/1.csv"]), ("strangers", ["data/1.csv", "data/2.csv"])])
def test_a_ledger_follows_a_table_that_was_restored_or_overwritten(lake, state, again):
    """The files whose rows are gone load again, exactly once; the others do not."""
    more(lake)
    events(lake)
    table = lake.delta_table("bronze.n")
    left = []
    if state == "restored":
        table.restore(0)
    else:
        rows = table.to_pyarrow_table()
        if state == "emptied":
            rows = rows.slice(0, 0)
        elif state == "one file":
            rows = rows.filter(pyarrow.compute.equal(rows["_file"], "data/2.csv"))
        else:
            rows = rows.slice(0, 1).set_column(rows.schema.names.index("_file"), "_file", pyarrow.array([None], pyarrow.string()))
            left = [(rows["id"][0].as_py(), rows["word"][0].as_py(), rows["v"][0].as_py(), None)]
        deltalake.write_deltalake(str(lake.path("bronze.n")), rows, mode="overwrite")
    plan = lake.ok("plan", "--json").json()
    assert next(t for t in plan["tables"] if t["table"] == "bronze.n")["strategy"] == "append", plan
    event = events(lake)["bronze.n"]
    assert (event["outcome"], event["strategy"], event["rows"]["files_loaded"]) == ("published", "append", len(again)), event
    assert any("ledger" in note or "another tool" in note for note in event["notes"]), event
    same(bronze(lake), FIRST + SECOND + left, "bronze.n")
    same(lake.rows("silver.n"), silver_of(FIRST + SECOND + left), "silver.n")
    assert set(outcomes(events(lake)).values()) == {"up_to_date"}
    more(lake, 3)
    event = events(lake)["bronze.n"]
    assert event["rows"]["files_loaded"] == 1
    same(bronze(lake), FIRST + SECOND + left + [("30", "k", "1", "data/3.csv"), ("3", "c", "3", "data/3.csv")], "bronze.n")


def test_a_restored_table_whose_files_are_gone_stays_restored(lake):
    more(lake)
    events(lake)
    stood = lake.root / "data/2.csv"
    aside = lake.root / "aside.csv"
    stood.rename(aside)
    lake.delta_table("bronze.n").restore(0)
    for outcome in ("published", "up_to_date"):  # the ledger without the file is written down once
        assert events(lake)["bronze.n"]["outcome"] == outcome
        same(bronze(lake), FIRST, "bronze.n")
        same(lake.rows("silver.n"), silver_of(FIRST), "silver.n")
    aside.rename(stood)  # the same bytes and time as before: its rows were taken out, so they come again
    events(lake)
    same(bronze(lake), FIRST + SECOND, "bronze.n")


def test_malformed_records_of_a_file_that_loads_again_are_not_doubled(lake):
    lake.file("data/2.csv", "id,word,v\n20,k,1\nbroken\n")
    events(lake)
    lake.delta_table("bronze.n").restore(0)
    events(lake)
    same(bronze(lake), FIRST + SECOND[:1], "bronze.n")
    same(pick(read_everywhere(lake, "quarantine.bronze.n"), "_file", "_row", "raw"), [("data/2.csv", 2, "broken")], "quarantine.bronze.n")


def test_an_upsert_table_that_was_restored_loads_what_is_missing(lake):
    lake.write("bronze/n.yml", "from: {files: 'data/*.csv', csv: {header: true}}\nload: upsert\nkey: id\n")
    events(lake)
    more(lake)
    events(lake)
    version = lake.version("bronze.n")
    lake.delta_table("bronze.n").restore(version - 1)
    for _ in range(2):
        events(lake)
        same(bronze(lake), [r for r in FIRST if r[0] != "3"] + SECOND, "bronze.n")
    same(lake.rows("silver.n"), silver_of(FIRST + SECOND), "silver.n")


# ---- what changes no rows ----


def maintain_compact(table):
    assert table.optimize.compact()["numFilesRemoved"] > 1


def maintain_zorder(table):
    assert table.optimize.z_order(["id"])["numFilesRemoved"] > 1


@pytest.mark.parametrize("vacuum", [None, "lite", "full"])
@pytest.mark.parametrize("maintain", [maintain_compact, maintain_zorder])
def test_compaction_by_others_changes_nothing(lake, maintain, vacuum):
    for n in (2, 3):
        more(lake, n)
        lake.ok()
    names = ("bronze.n", "silver.n")
    tables = {t: lake.rows(t) for t in (*names, "gold.words")}
    for t in names:
        maintain(lake.delta_table(t))
        if vacuum:
            assert lake.delta_table(t).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=vacuum == "full")
    versions = {t: lake.version(t) for t in tables}
    for _ in range(2):
        assert set(outcomes(events(lake)).values()) == {"up_to_date"}
        assert {t: lake.version(t) for t in tables} == versions
    for t in tables:
        shown = lake.ok("show", t, "--format", "json").json()
        assert len(shown) == len(tables[t])
        assert lake.rows(t) == tables[t]
    more(lake, 4)
    got = events(lake)
    assert (got["bronze.n"]["strategy"], got["silver.n"]["strategy"]) == ("append", "merge")
    same(lake.rows("silver.n"), silver_of([*bronze(lake)]), "silver.n")
    assert len(bronze(lake)) == 4 + 3 * 2
    put(lake, "2", (20, "changed", 2))  # its rows lie in a file that others wrote
    events(lake)
    same(lake.rows("silver.n"), [(1, "a", 1), (2, "b", 1), (3, "c", 4), (20, "changed", 2), (30, "k", 1), (40, "k", 1)], "silver.n")
    for t in names:
        read_everywhere(lake, t)


def test_tables_are_shown_after_others_removed_what_was_published(lake):
    """Before any run has taken it up: the files of the published version are gone, which must not look like no rows."""
    more(lake)
    lake.ok()
    table = lake.delta_table("silver.n")
    maintain_compact(table)
    lake.delta_table("silver.n").vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    result = lake.run("show", "silver.n", "--format", "json")
    if result.rc == 0:
        assert len(result.json()) == 4
    else:
        assert result.rc == 1 and "silver.n" in result.err.replace("silver/n", "silver.n")
    lake.ok()
    assert len(lake.ok("show", "silver.n", "--format", "json").json()) == 4


# ---- checkpoints ----


@pytest.fixture(scope="module")
def after_fourteen_runs(tmp_path_factory, ingot, program_environment):
    project = build(Project(tmp_path_factory.mktemp("fourteen") / "project", ingot, program_environment))
    for n in range(2, 15):
        more(project, n)
        project.ok()
    return project


@pytest.fixture
def long_log(project, after_fourteen_runs):
    """Fourteen versions of each table, with a checkpoint."""
    shutil.copytree(after_fourteen_runs.root, project.root, dirs_exist_ok=True)
    for t in ALL:
        assert checkpoints(project, t) == [10], t
    return project


ALL = ("bronze.n", "silver.n", "gold.words")


def checkpoints(project, table):
    return sorted(int(p.name.split(".")[0]) for p in (project.path(table) / "_delta_log").glob("*.checkpoint.parquet"))


def remove_older_entries(project, table, version):
    for path in (project.path(table) / "_delta_log").glob("*.json"):
        if path.stem.isdigit() and int(path.stem) < version:
            path.unlink()


def shown(project, table):
    """Its rows as ingot reads them."""
    return [tuple(row.values()) for row in project.ok("show", table, "--format", "json").json()]


def goes_on(project, tables, n=50):
    """Everything is read as before, nothing is due, and the next file is taken up like any other."""
    before = {t: ordered(project.rows(t)) for t in tables}
    for t in tables:
        read_everywhere(project, t)
        assert len(shown(project, t)) == len(before[t])
    assert set(outcomes(events(project)).values()) == {"up_to_date"}
    more(project, n)
    got = events(project)
    assert (got["bronze.n"]["strategy"], got["silver.n"]["strategy"]) == ("append", "merge")
    same(project.rows("bronze.n", columns=["id", "v"]), [(r[0], r[2]) for r in before["bronze.n"]] + [(str(n * 10), "1"), ("3", str(n))], "bronze.n")
    same(project.rows("silver.n"), silver_of(bronze(project)), "silver.n")
    for t in tables:
        read_everywhere(project, t)
    assert set(outcomes(events(project)).values()) == {"up_to_date"}


def test_a_log_without_its_oldest_entries(long_log):
    before = {t: read_everywhere(long_log, t) for t in ALL}
    for t in ALL:
        remove_older_entries(long_log, t, 10)
    assert {t: read_everywhere(long_log, t) for t in ALL} == before
    goes_on(long_log, ALL)


def test_a_log_with_a_checkpoint_and_no_hint(long_log):
    for t in ALL:
        remove_older_entries(long_log, t, 10)
        (long_log.path(t) / "_delta_log" / "_last_checkpoint").unlink()
    goes_on(long_log, ALL)


@pytest.mark.parametrize("hint", [b"", b"{", b'{"version": 99, "size": 3}', b'{"version": -1}', b"\x00" * 100])
def test_a_log_with_a_wrong_hint(long_log, hint):
    for t in ALL:
        (long_log.path(t) / "_delta_log" / "_last_checkpoint").write_bytes(hint)
    assert set(outcomes(events(long_log)).values()) == {"up_to_date"}
    more(long_log, 50)
    assert events(long_log)["silver.n"]["strategy"] == "merge"
    same(shown(long_log, "silver.n"), [(1, "a", 1), (2, "b", 1), (3, "c", 50), *((n * 10, "k", 1) for n in (*range(2, 15), 50))], "silver.n")


def test_a_checkpoint_by_others(lake):
    for n in (2, 3):
        more(lake, n)
        lake.ok()
    for t in ALL:
        lake.delta_table(t).create_checkpoint()
        version = lake.version(t)
        assert checkpoints(lake, t) == [version]
        remove_older_entries(lake, t, version)
    goes_on(lake, ALL)
    # and the ones that ingot writes itself come on top of it
    for n in range(60, 70):
        more(lake, n)
        lake.ok()
    assert max(checkpoints(lake, "bronze.n")) == 10
    goes_on(lake, ALL, 80)


def test_old_entries_removed_by_others(long_log):
    for t in ALL:
        long_log.delta_table(t).alter.set_table_properties({"delta.logRetentionDuration": "interval 0 days"}) if t == "bronze.n" else None
        for path in (long_log.path(t) / "_delta_log").glob("*"):
            os.utime(path, (time.time() - 90 * 86400,) * 2)
        long_log.delta_table(t).create_checkpoint()
        long_log.delta_table(t).cleanup_metadata()
        assert long_log.version(t) >= 13
        assert not (long_log.path(t) / "_delta_log" / f"{0:020d}.json").exists()
    long_log.ok()  # it takes up version 14 of bronze.n, which changed no rows
    goes_on(long_log, ALL)


@pytest.mark.parametrize("parts", [2, 3])
def test_a_checkpoint_of_several_parts(long_log, parts):
    for t in ALL:
        folder = long_log.path(t) / "_delta_log"
        whole = folder / f"{10:020d}.checkpoint.parquet"
        rows = pyarrow.parquet.read_table(whole)
        for k in range(parts):
            name = f"{10:020d}.checkpoint.{k + 1:010d}.{parts:010d}.parquet"
            pyarrow.parquet.write_table(rows.take([n for n in range(rows.num_rows) if n % parts == k]), folder / name)
        whole.unlink()
        (folder / "_last_checkpoint").write_text(json.dumps({"version": 10, "size": rows.num_rows, "parts": parts}))
        remove_older_entries(long_log, t, 10)
    goes_on(long_log, ALL)


def test_a_checkpoint_that_lacks_a_part(long_log):
    """With the older entries there it is passed over; without them it is said."""
    folder = long_log.path("silver.n") / "_delta_log"
    whole = folder / f"{10:020d}.checkpoint.parquet"
    whole.rename(folder / f"{10:020d}.checkpoint.{1:010d}.{2:010d}.parquet")
    (folder / "_last_checkpoint").write_text(json.dumps({"version": 10, "size": 9, "parts": 2}))
    assert set(outcomes(events(long_log)).values()) == {"up_to_date"}
    more(long_log, 50)
    events(long_log)
    same(shown(long_log, "silver.n"), silver_of(bronze(long_log)), "silver.n")
    remove_older_entries(long_log, "silver.n", 10)
    more(long_log, 60)
    kept = log(long_log, "silver.n")
    event = events(long_log, rc=1)["silver.n"]
    assert event["outcome"] == "failed" and "silver" in event["error"]["message"], event
    assert log(long_log, "silver.n") == kept


# ---- what ingot does not honour ----


@pytest.mark.parametrize("table", ["bronze.n", "silver.n"])
@pytest.mark.parametrize("feature", ["ChangeDataFeed", "RowTracking", "ColumnMapping", "V2Checkpoint", "IdentityColumns", "GeneratedColumns", "DomainMetadata"])
def test_a_feature_that_others_switched_on_is_refused_by_name(lake, table, feature):
    known = getattr(deltalake.TableFeatures, feature)
    lake.delta_table(table).alter.add_feature([known], allow_protocol_versions_increase=True)
    name = feature[0].lower() + feature[1:]
    assert name in json.dumps(lake.commit(table))
    more(lake)
    kept = log(lake, table)
    lake.file("silver/n.sql", SILVER.format(more="foreign: keep\n"))
    event = events(lake, rc=1)[table]
    assert event["outcome"] == "failed" and name in event["error"]["message"], event
    assert log(lake, table) == kept
    assert lake.rows("gold.others") == [(2,)]


def test_a_constraint_that_others_set_is_refused_by_name(lake):
    lake.delta_table("bronze.n").alter.add_constraint({"short": "id <> 'nobody'"})
    more(lake)
    kept = log(lake, "bronze.n")
    event = events(lake, rc=1)["bronze.n"]
    assert event["outcome"] == "failed" and "checkConstraints" in event["error"]["message"], event
    assert log(lake, "bronze.n") == kept
