"""What `check`, `doctor`, `history` and `quarantine replay` say where nothing else looks: places, lost tables, no tables."""

import shutil

import deltalake
import pyarrow
import pytest


@pytest.fixture
def built(project):
    project.write("bronze/n.yml", "from: {files: 'data/*.csv', csv: {header: true}}")
    project.file("data/1.csv", "id,word,v\n1,a,1\n2,b,zz\n")
    project.write("silver/n.sql", """
        /* ingot
        key: id
        columns:
          id: bigint not null
          v:  integer
        */
        select id, word, v from bronze.n
        """)
    project.write("gold/words.sql", "select word, count(*) as n from silver.n group by word")
    project.ok()
    return project


def state(project):
    return {p: p.read_bytes() for p in sorted(project.lake.rglob("*")) if p.is_file()}


WRONG = {
    "a column": ("select word,\n  nope\nfrom silver.n", "2:3", "nope"),
    "a grouping": ("select word, v, count(*) as n\nfrom silver.n\ngroup by word", "1:14", "GROUP BY"),
    "a function": ("select\n  no_such_function(v) as x from silver.n", "2:3", "no_such_function"),
    "types": ("select word || date '2026-01-01' + 1 as x,\n   round(word, 'x') as y from silver.n", "2:4", "round"),
    "behind front matter": ("/* ingot\ndescription: x\n*/\nselect nope from silver.n", "4:8", "nope"),
}


@pytest.mark.parametrize("name", WRONG)
def test_check_says_where_the_engine_does_not_understand(built, name):
    sql, place, word = WRONG[name]
    built.file("gold/bad.sql", sql)
    before = state(built)
    result = built.run("check", rc=2)
    [line] = result.err.splitlines()  # one problem, one line
    assert line.startswith(f"gold/bad.sql:{place}: error: ") and word in line, line
    assert "LINE" not in line and "^" not in line
    [problem] = built.run("check", "--json", rc=2).json()["problems"]
    assert (problem["file"], f"{problem['line']}:{problem['column']}") == ("gold/bad.sql", place)
    assert "\n" not in problem["message"]
    assert state(built) == before


def test_check_reports_what_each_model_has_wrong(built):
    built.file("gold/a.sql", "select nope from silver.n")
    built.file("gold/b.sql", "/* ingot\nkey: nope\n*/\nselect word from silver.n")
    built.file("gold/c.sql", "/* ingot\ncolumns:\n  word: text check (wordd <> '')\nrules:\n  r: upper(nope) = 'A'\nchecks:\n  - max(nope) > 1\n*/\nselect word from silver.n")
    built.file("gold/d.sql", "select * from gold.a")  # what reads a broken one is not checked, and not blamed
    lines = built.run("check", rc=2).err.splitlines()
    found = {line.split(": ")[0] for line in lines}
    assert {p for p in found if not p.startswith("gold/b.sql")} == {"gold/a.sql:1:8", "gold/c.sql:3:3", "gold/c.sql:5:3", "gold/c.sql:7:5"}, lines
    assert any(p.startswith("gold/b.sql:") for p in found)


def test_doctor_names_a_table_that_is_gone(built):
    shutil.rmtree(built.path("gold.words"))
    result = built.run("doctor", rc=1)
    assert "gold.words was published and is no longer there" in result.out and "ingot run --rebuild gold.words" in result.out
    built.ok("--rebuild", "gold.words")
    built.run("doctor", rc=0)
    assert [w for w, _ in built.rows("gold.words")] == ["a"]


def test_doctor_tells_of_a_change_by_another_tool(built):
    deltalake.write_deltalake(str(built.path("silver.n")), pyarrow.table({"id": pyarrow.array([7], pyarrow.int64()), "word": ["w"], "v": pyarrow.array([1], pyarrow.int32())}), mode="append")
    before = state(built)
    checks = built.run("doctor", "--json", rc=0).json_events()
    [warning] = [c for c in checks if c["verdict"] != "ok"]
    assert warning["verdict"] == "warning" and "silver.n" in warning["message"] and "another tool" in warning["message"]
    assert state(built) == before


def test_doctor_of_a_lake_that_cannot_be_written(built):
    built.write("ingot.yml", "name: test\ntargets:\n  dev: {lake: /proc/nowhere}\n")
    checks = built.run("doctor", "--json", rc=1).json_events()
    assert [c["check"] for c in checks if c["verdict"] == "error"] == ["lake"]


def test_history_of_what_has_none(built):
    assert "did you mean 'silver.n'" in built.run("history", "silver.nn", rc=2).err
    assert "TABLE" in built.run("history", rc=2).err
    built.write("silver/new.sql", "select id from bronze.n")
    assert "silver.new is not on the lake yet" in built.run("history", "silver.new", rc=2).err


def test_history_shows_the_newest_versions(built):
    for _ in range(4):
        built.ok("--full", "silver.n")
    versions = built.ok("history", "silver.n", "--limit", "2", "--json").json()["versions"]
    assert [v["version"] for v in versions] == [4, 3]
    assert {v["strategy"] for v in versions} == {"full"}
    everything = built.ok("history", "silver.n", "--json").json()["versions"]
    assert [v["publish"] for v in everything] == [4, 3, 2, 1, 0]
    assert everything[-1]["rows"]["quarantined"] == 1


def test_replay_where_nothing_was_corrected_changes_no_rows(built):
    rows = built.rows("silver.n")
    assert "1 row in quarantine before, 1 now" in built.ok("quarantine", "replay").out
    assert built.rows("silver.n") == rows
    assert [e["reason"] for e in built.ok("quarantine", "silver.n", "--json").json()] == ["v: 'zz' is not integer"]


def test_replay_after_the_source_was_corrected(built):
    built.file("data/1.csv", "id,word,v\n1,a,1\n2,b,22\n")
    built.ok()
    assert built.rows("silver.n") == [(1, "a", 1), (2, "b", 22)]
    before = state(built)
    assert "nothing is in quarantine" in built.ok("quarantine", "replay").out
    assert state(built) == before


def test_replay_does_not_replace_what_another_tool_wrote(built):
    deltalake.write_deltalake(str(built.path("silver.n")), pyarrow.table({"id": pyarrow.array([7], pyarrow.int64()), "word": ["w"], "v": pyarrow.array([1], pyarrow.int32())}), mode="append")
    before = state(built)
    result = built.run("quarantine", "replay", rc=1)
    assert "another tool" in result.out
    assert {p: b for p, b in state(built).items() if "runs" not in p.parts} == {p: b for p, b in before.items() if "runs" not in p.parts}
    assert len(built.rows("silver.n")) == 2
