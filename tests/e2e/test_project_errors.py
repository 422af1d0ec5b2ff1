"""Projects that are wrong: every problem in one go, at its place, and nothing done. What stays secret, and what a change
of the files means."""

import datetime
import json
import os
import re
import time

import jsonschema
import pytest

from conftest import ROOT
from readers import table_events

SILVER = """\
/* ingot
key: id
columns:
  id: bigint not null
  v:  integer
*/
select id, word, v from bronze.n
"""
GOLD = "select word, count(*) as n, max(v) as v from silver.n group by word\n"


@pytest.fixture
def good(project):
    project.write("bronze/n.yml", "from: {files: 'data/*.csv', csv: {header: true}}")
    project.file("data/1.csv", "id,word,v\n1,a,1\n2,b,2\n")
    project.file("silver/n.sql", SILVER)
    project.file("gold/words.sql", GOLD)
    return project


def state(project):
    return {p: p.read_bytes() for p in sorted(project.root.rglob("*")) if p.is_file() and ".ingot" not in p.parts}


def problems(project, *args, command="run"):
    """The problems that a command lists, as {"file:line:column": message}, all of them errors; nothing is done."""
    before = state(project)
    result = project.run(command, *args, rc=2)
    assert state(project) == before and not (project.lake / "_ingot").exists()
    assert result.out == "" or command == "check", result
    found = {}
    for line in result.err.splitlines():
        place = re.fullmatch(r"([^ :]+:\d+:\d+): error: (.+)", line)
        if place:
            assert place[1] not in found, f"two errors at one place\n{result}"
            found[place[1]] = place[2]
        else:
            assert line.startswith("error: ") or re.fullmatch(r"([^ :]+:\d+:\d+): warning: .+", line), result
    count = re.search(r"(\d+) errors? in the project; nothing was done", result.err)
    assert count and int(count[1]) == len(found), result
    return found


def expect(project, expected, **options):
    """Exactly these problems: {"file:line:column": (words that must be said)}."""
    found = problems(project, **options)
    assert sorted(found) == sorted(expected), f"{found}"
    for place, words in expected.items():
        for word in [words] if isinstance(words, str) else words:
            assert word in found[place], f"{place}: {found[place]!r} lacks {word!r}"


# ---- keys and values ----


def test_unknown_keys_are_all_named_with_what_was_meant(good):
    good.file("ingot.yml", "name: test\ntraget: dev\ntargets:\n  dev:\n    lake: ./lake\n    lak: ./lake\nengine: {memry: 4GiB}\n")
    good.file("bronze/n.yml", "from: {files: 'data/*.csv', csv: {delimeter: ';'}}\ndrft: evolve\n")
    good.file("silver/n.sql", "/* ingot\nky: id\nzzzzzz: 1\n*/\nselect id, word, v from bronze.n\n")
    expect(good, {
        "ingot.yml:2:1": ("traget", "did you mean 'target'"),
        "ingot.yml:6:5": ("lak", "did you mean 'lake'"),
        "ingot.yml:7:10": ("memry", "did you mean 'memory'"),
        "bronze/n.yml:1:35": ("delimeter", "did you mean 'delimiter'"),
        "bronze/n.yml:2:1": ("drft", "did you mean 'drift'"),
        "silver/n.sql:2:1": ("ky", "did you mean 'key'"),
        "silver/n.sql:3:1": "zzzzzz",
    })
    assert problems(good, command="plan") == problems(good, command="check") == problems(good)


def test_values_of_a_wrong_type(good):
    good.file("ingot.yml", "name: [t]\ntarget: dev\ntargets:\n  dev: {lake: {a: b}}\nengine: {threads: many, memory: 4 parsecs}\n")
    good.file("bronze/n.yml", "from: data/*.csv\nload: 7\nkey: {a: b}\ntags: {a: b}\n")
    good.file("silver/n.sql", "/* ingot\nkey: {a: 1}\nlatest: [a, b]\ntolerate: lots\nforeign: maybe\nrefresh: never\n*/\nselect 1 as id from bronze.n")
    expect(good, {
        "ingot.yml:1:7": "a text",
        "ingot.yml:4:15": "a text",
        "ingot.yml:5:19": ("whole number", "many"),
        "ingot.yml:5:33": ("4GiB", "4 parsecs"),
        "bronze/n.yml:1:7": "from",
        "bronze/n.yml:2:7": ("append", "replace", "upsert"),
        "bronze/n.yml:3:6": "column",
        "bronze/n.yml:4:7": "list of texts",
        "silver/n.sql:2:6": "column",
        "silver/n.sql:3:9": "column",
        "silver/n.sql:4:11": ("lots", "1%"),
        "silver/n.sql:5:10": ("maybe", "stop", "keep"),
        "silver/n.sql:6:10": ("never", "on_change"),
    })


def test_contracts_rules_and_checks_that_are_wrong(good):
    good.file("silver/n.sql", """\
/* ingot
columns:
  id: bigintt
  v:  decimal(99,2)
  w:  bigint not nul
  x:  bigint check
  id: bigint
  y:
rules:
  a:
  b: (id > 1
  c: id > 1 else quarantin
  c: id > 2
checks:
  -
  - no_such_check
*/
select id, word, v from bronze.n
""")
    found = problems(good)
    said = {"3:7": "did you mean 'bigint'", "4:7": "precision", "5:14": "null", "7:3": "line 3", "10:5": "missing", "13:3": "line 12", "15:4": "missing", "16:5": "checks/no_such_check.sql"}
    for place, word in said.items():
        assert word in found.pop(f"silver/n.sql:{place}"), place
    assert {place.split(":")[1] for place in found} == {"6", "8", "11", "12"}, found


@pytest.mark.parametrize("key, value", [("merge", "deletion_vectors"), ("keep", "history"), ("engine", "spark")])
def test_what_comes_later_is_named_as_such(good, key, value):
    good.file("silver/n.sql", SILVER.replace("key: id", f"key: id\n{key}: {value}"))
    found = problems(good)
    assert list(found) == [f"silver/n.sql:3:{len(key) + 3}"] and "not supported by this version" in found.popitem()[1]


# ---- names ----


def test_names_given_twice(good):
    good.file("silver/deeper/n.sql", SILVER)
    good.file("silver/m.sql", "/* ingot\nname: N\n*/\nselect id from bronze.n\n")
    good.file("gold/sub/words.sql", GOLD)
    found = problems(good)
    assert len(found) == 3
    assert any(place.startswith("gold/") and "gold.words" in text and "gold/" in text for place, text in found.items()), found
    assert any("letter case" in text for text in found.values())
    for text in found.values():
        assert "is also made by" in text


def test_layers_flow_one_way_and_both_files_are_named(good):
    good.file("silver/up.sql", "select word\nfrom gold.words\n")
    good.file("gold/down.sql", "select id\nfrom silver.n\njoin bronze.n as b using (id)\n")
    good.file("silver/parent.sql", "/* ingot\ncolumns:\n  word: text references gold.words(word)\n*/\nselect word from bronze.n")
    expect(good, {
        "silver/up.sql:2:6": ("silver.up", "silver/up.sql", "gold.words", "gold/words.sql"),
        "gold/down.sql:3:6": ("gold.down", "gold/down.sql", "bronze.n", "bronze/n.yml"),
        "silver/parent.sql:3:25": ("gold.words", "gold/words.sql"),
    })


def test_tables_that_do_not_exist(good):
    good.file("silver/a.sql", "select a.id\nfrom bronze.nn as a,\n  silver.nnn as b\nwhere a.id in (select id from bronze.m)\n")
    good.file("silver/b.sql", "/* ingot\nkey: id\ncolumns:\n  id: bigint references silver.nope\n  v:  bigint references silver.n(vv)\n  w:  bigint references bronze.n\n*/\nselect id, v, w from n\n")
    good.file("gold/c.sql", "with silver as (select 1 as x) select * from gold.word, silver, lake.orders")
    expect(good, {
        "silver/a.sql:2:6": ("bronze.nn", "did you mean bronze.n"),
        "silver/a.sql:3:3": ("silver.nnn", "did you mean"),
        "silver/a.sql:4:31": ("bronze.m", "did you mean"),
        "silver/b.sql:4:25": ("silver.nope", "no table"),
        "silver/b.sql:5:25": ("silver.n", "vv"),
        "silver/b.sql:6:25": ("bronze.n", "key"),
        "silver/b.sql:8:22": ("n", "layer"),
        "gold/c.sql:1:46": ("gold.word", "did you mean gold.words"),
        "gold/c.sql:1:65": "lake.orders",
    })


def test_each_cycle_is_an_error_that_names_all_of_its_tables(good):
    good.file("silver/a.sql", "select * from silver.b")
    good.file("silver/b.sql", "select * from bronze.n join\n silver.c using (id)")
    good.file("silver/c.sql", "select * from silver.a")
    good.file("silver/d.sql", "select * from silver.a where id in (select id from silver.n)")  # reads a cycle, is in none
    good.file("silver/own.sql", "select * from silver.own")
    good.file("silver/p.sql", "/* ingot\nkey: id\ncolumns:\n  id: bigint references silver.q\n*/\nselect id from bronze.n")
    good.file("silver/q.sql", "/* ingot\nkey: id\n*/\nselect id from silver.p")
    found = problems(good)
    assert len(found) == 3, found
    by_tables = {tuple(sorted(set(re.findall(r"silver\.[a-z]+\b(?!\.sql)", text)))): text for text in found.values()}
    assert set(by_tables) == {("silver.a", "silver.b", "silver.c"), ("silver.own",), ("silver.p", "silver.q")}, found
    assert "silver/b.sql:2:2" in by_tables[("silver.a", "silver.b", "silver.c")]


def test_a_long_cycle(good):
    for k in range(300):
        good.file(f"silver/t{k}.sql", f"select * from silver.t{(k + 1) % 300}")
    [text] = problems(good).values()
    assert all(f"silver.t{k} reads silver.t{k + 1}" in text for k in range(20)) and "280 more" in text


# ---- SQL ----

NOT_ONE_SELECT = {
    "insert": ("insert into bronze.n values (1)", "1:1", "SELECT"),
    "two": ("select id from bronze.n;\nselect 2", "2:8", "second"),
    "create": ("create table x as select 1", "1:1", "SELECT"),
    "empty": ("", "1:1", "SELECT"),
    "blank": (" \n\n", "1:1", "SELECT"),
    "only a comment": ("-- nothing\n/* here */\n", "1:1", "SELECT"),
    "only front matter": ("/* ingot\nkey: id\n*/\n", None, "SELECT"),
    "a typing error": ("select id,\nfrom bronze.n\nwher id > 1", "3:6", "syntax error"),
    "an open quote": ("select 'abc\nfrom bronze.n", "1:8", "quote"),
    "an open bracket": ("select (id from bronze.n", "1:12", "syntax error"),
    "a file": ("select *\nfrom read_csv('data/1.csv')", "2:6", ("read_csv", "bronze/")),
    "a file in a subquery": ("select (select count(*) from read_parquet('x')) as n from bronze.n", "1:30", "read_parquet"),
    "a file by name": ("select * from 'data/1.csv'", "1:15", ("data/1.csv", "bronze/")),
    "a text file": ("select read_text('/etc/passwd') as t from bronze.n", "1:8", "read_text"),
    "a listing": ("select * from glob('*')", "1:15", "glob"),
    "an attachment": ("attach 'x.db'", "1:1", "SELECT"),
    "a setting": ("set threads = 1", "1:1", "SELECT"),
    "an extension": ("install httpfs", "1:1", "SELECT"),
    "a copy": ("copy (select 1) to 'x.csv'", "1:1", "SELECT"),
    "the catalogue": ("select * from information_schema.tables", "1:15", "information_schema"),
    "secrets": ("select * from duckdb_secrets()", "1:15", "duckdb_secrets"),
    "the environment": ("select getenv('HOME') as home from bronze.n", "1:8", "getenv"),
    "a parameter": ("select id from bronze.n where id = $1", None, "parameter"),
    "values of a pivot": ("pivot bronze.n on id", "1:1", "PIVOT"),
}


@pytest.mark.parametrize("name", NOT_ONE_SELECT)
def test_a_model_is_one_select_over_tables(good, name):
    sql, place, words = NOT_ONE_SELECT[name]
    good.file("silver/bad.sql", sql)
    found = problems(good)
    assert len(found) == 1, found
    [(at, text)] = found.items()
    assert at.startswith("silver/bad.sql:") and (place is None or at == f"silver/bad.sql:{place}"), found
    for word in [words] if isinstance(words, str) else words:
        assert word in text, found
    assert not (good.root / "x.csv").exists() and not (good.root / "x.db").exists()


def test_a_broken_model_hides_no_other_problem(good):
    """What reads a table whose file is wrong is not wrong for that."""
    good.file("silver/n.sql", SILVER.replace("select id", "selec id"))
    good.file("gold/other.sql", "select * from silver.m")
    expect(good, {"silver/n.sql:7:1": "syntax error", "gold/other.sql:1:15": "silver.m"})


# ---- what is no proper file ----

HOSTILE = {
    "unclosed": ("/* ingot\nkey: id\nselect id from bronze.n\n", "1:1", "does not end"),
    "closed within a line": ("/* ingot\nkey: id */ select id from bronze.n\n", "1:1", "does not end"),
    "tab": (SILVER.replace("  id: bigint", "\tid: bigint"), "4:1", "tab"),
    "NUL in front": (SILVER.replace("key: id", "key: i\0d"), "2:7", "NUL"),
    "NUL in SQL": (SILVER.replace("bronze.n", "bron\0ze.n"), "7:29", "NUL"),
    "no UTF-8": (SILVER.encode().replace(b"word", b"w\xf6rd"), "7:13", "UTF-8"),
    "UTF-16": (SILVER.encode("utf-16"), "1:1", "UTF-"),
    "half a character": (SILVER.encode() + b"-- \xe2\x82", "8:4", "UTF-8"),
    "lists in lists": (SILVER.replace("key: id", "key: " + "[" * 100_000 + "]" * 100_000), "2:105", "deep"),
    "maps in maps": (SILVER.replace("key: id", "key: " + "{a: " * 100_000), "2:402", "deep"),
    "brackets in a rule": (SILVER.replace("*/", "rules:\n  a: " + "(" * 100_000 + "1" + ")" * 100_000 + "\n*/"), None, "deep"),
    "brackets in a check": (SILVER.replace("*/", "checks:\n  - " + "(" * 100_000 + "1" + ")" * 100_000 + "\n*/"), None, ""),
    "brackets in SQL": ("select " + "(" * 100_000 + "1" + ")" * 100_000 + " as id from bronze.n", None, ""),
    "an alias of itself": (SILVER.replace("key: id", "key: &a [*a]"), "2:10", "alias"),
    "a billion laughs": (SILVER.replace("key: id", "tags: [&a [x, x], " + ", ".join(f"&{chr(98 + k)} [" + ", ".join([f"*{chr(97 + k)}"] * 9) + "]" for k in range(20)) + "]"), None, ""),
    "17 MiB": (SILVER + "-- " + "x" * (17 << 20) + "\n", None, "larger than"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(good, name):
    content, place, word = HOSTILE[name]
    good.file("silver/n.sql", content)
    started = time.monotonic()
    found = problems(good)
    assert time.monotonic() - started < 10
    assert {at.split(":")[0] for at in found} == {"silver/n.sql"}, found  # and nothing is held against what reads it
    assert any((place is None or at == f"silver/n.sql:{place}") and word in text for at, text in found.items()), found
    assert all(len(text) < 2000 and "\0" not in text for text in found.values())


HARMLESS = {
    "CRLF": SILVER.replace("\n", "\r\n"),
    "BOM": "\ufeff" + SILVER,
    "a comment in front matter": SILVER.replace("key: id", "description: a /* b\nkey: id"),
    "nested comments in SQL": SILVER.replace("select id", "select /* a /* b */ c */ id"),
    "the end of a comment in SQL": SILVER + "-- */\n",
    "no final line end": SILVER.rstrip("\n"),
    "blanks behind": SILVER.replace("*/", "*/  ").replace("/* ingot", "/* ingot  "),
    "a semicolon": SILVER.rstrip("\n") + " ; -- done\n",
    "another order": "from bronze.n select id, word, v\n",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_files(good, name):
    good.file("silver/n.sql", HARMLESS[name])
    good.ok()
    assert [(str(i), word) for i, word in good.rows("silver.n", columns=["id", "word"])] == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize("name", ["ingot.yml", "bronze/n.yml"])
@pytest.mark.parametrize("content, place", [(b"a: \xff\n", "1:4"), (b"a: \0\n", "1:4"), (b"\ta: b\n", "1:1"), (b"from: {files: x\n", None), (b"- 1\n", "1:1"), (b"", None),
                                            (b"a: 1\na: 2\n", None), (b"x: !!python/object:os.system {}\n", None), (b"[" * 100_000, None), (b"a: &x [*x]\n", None), (b"? [a]\n: b\n", None), (b"a: 'b\n", None)])
def test_hostile_yaml(good, name, content, place):
    (good.root / name).write_bytes(content)
    if name == "ingot.yml" and not content:
        good.ok()  # all of it has defaults
        return
    found = problems(good)
    assert {at.split(":")[0] for at in found} == {name}, found
    assert place is None or f"{name}:{place}" in found


# ---- the environment ----

TARGETS = """\
name: test
target: dev
targets:
  dev:
    lake: ./lake
    vars: {token: "${TOKEN_OF_DEV}"}
  prod:
    lake: "${LAKE_OF_PROD}"
    warehouse: {type: redshift, url: "${URL_OF_PROD}"}
    vars:
      token: "${TOKEN_OF_PROD}"
"""


@pytest.fixture
def targets(good):
    good.file("ingot.yml", TARGETS)
    good.write("bronze/m.yml", "from:\n  files: '${PLACE_OF_M}/*.csv'")
    good.write("silver/m.sql", "select * from bronze.m")
    good.file("elsewhere/1.csv", "a\n1\n")
    good.env["TOKEN_OF_DEV"] = "t-of-dev"
    return good


def test_an_unset_variable_of_another_target_or_source_stops_nobody(targets):
    targets.ok("+gold.words")
    assert targets.exists("gold.words") and not targets.exists("bronze.m")
    targets.ok("plan", "+gold.words")
    targets.ok(env={"PLACE_OF_M": str(targets.root / "elsewhere")})
    assert targets.rows("silver.m", columns=["a"]) == [("1",)]


def test_an_unset_variable_of_the_target(targets):
    for command in ("run", "plan", "check"):
        before = state(targets)
        result = targets.run(command, rc=2, env={"TOKEN_OF_DEV": None})
        assert "ingot.yml:6:19" in result.err and "TOKEN_OF_DEV" in result.err and "token" in result.err and "_OF_PROD" not in result.err
        assert state(targets) == before and not targets.lake.exists()


def test_an_unset_variable_of_a_selected_source(targets):
    before = state(targets)
    result = targets.run(rc=2)
    assert "bronze/m.yml:2:10" in result.err and "PLACE_OF_M" in result.err and "files" in result.err
    assert state(targets) == before and not targets.lake.exists()


def test_all_unset_variables_are_named_together(targets):
    result = targets.run("--target", "prod", rc=2)
    for place, name in (("ingot.yml:8:11", "LAKE_OF_PROD"), ("ingot.yml:11:14", "TOKEN_OF_PROD"), ("bronze/m.yml:2:10", "PLACE_OF_M")):
        assert place in result.err and name in result.err
    result = targets.run("check", "--all-targets", rc=2)
    for name in ("LAKE_OF_PROD", "URL_OF_PROD", "TOKEN_OF_PROD"):
        assert name in result.err
    assert not targets.lake.exists()


SECRET = "hunter2-Zx9/Q=="


def leaks(project, *results):
    """Where the secret stands: in what was said, or in any file below the project."""
    found = [f"{r.args}: {text}" for r in results for text in (r.out, r.err) if SECRET in text or json.dumps(SECRET)[1:-1] in text]
    for path in project.root.rglob("*"):
        if path.is_file() and (SECRET.encode() in path.read_bytes() or SECRET in path.name):
            found.append(str(path))
    return found


def test_values_of_the_environment_are_told_to_nobody(good):
    good.file("ingot.yml", 'name: test\ntargets:\n  dev:\n    lake: ./lake\n    vars: {token: "${TOKEN}"}\n    warehouse: {type: postgres, url: "${TOKEN}"}\n    s3: {profile: "${TOKEN}"}\n')
    good.env["TOKEN"] = SECRET
    results = [good.ok("-v")]
    for sql in ("select id, md5(getvariable('token')) as t from bronze.n",
                "select id, getvariable('token')::integer as t from bronze.n",
                "select sum(v) as s, getvariable('token')::integer as t from silver.n",
                "select id, error('no: ' || getvariable('token')) as t from bronze.n",
                "/* ingot\ncolumns:\n  id: bigint check (error(getvariable('token')))\n*/\nselect id from bronze.n",
                "/* ingot\ncolumns:\n  id: bigint\nrules:\n  r: id > getvariable('token')::int else fail\n*/\nselect id from bronze.n",
                "/* ingot\nchecks:\n  - min(id) = getvariable('token')\n*/\nselect id from bronze.n",
                "/* ingot\nchecks:\n  - count(*) > getvariable('token')::int\n*/\nselect id from bronze.n",
                "select id from bronze.n order by (select getvariable('token')::date)"):
        good.file("silver/s.sql", sql)
        for args in (("run", "-v"), ("run", "--json"), ("plan", "--json"), ("check",), ("quarantine", "silver.s", "--format", "json"), ("history", "silver.n", "--json")):
            results.append(good.ingot(*args))
            assert results[-1].rc in (0, 1, 2), results[-1]
        assert leaks(good, *results) == []
    results = [good.ingot(*args) for args in (("doctor",), ("doctor", "--json"), ("show", "silver.n"), ("completion", "bash", "--tables"), ("check", "--all-targets"))]
    assert leaks(good, *results) == []


def test_a_lake_or_a_source_behind_a_secret_is_not_told(good):
    good.file("ingot.yml", 'name: test\ntargets:\n  dev: {lake: "${PLACE}/lake"}\n')
    good.env["PLACE"] = "/proc/nowhere/" + SECRET
    results = [good.ingot(*args) for args in (("run",), ("run", "--json"), ("plan",), ("doctor",), ("show", "silver.n"), ("check",))]
    assert results[0].rc == 3 and all(r.rc for r in results[:2])
    assert leaks(good, *results) == []
    good.file("ingot.yml", "name: test\n")
    good.write("bronze/n.yml", 'from: {files: "${PLACE}/a.csv"}')
    results = [good.ingot(*args) for args in (("run",), ("run", "--json"), ("plan",), ("doctor",))]
    assert results[0].rc == 1
    assert leaks(good, *results) == []


# ---- the schema ----


@pytest.fixture(scope="module")
def validator(ingot, tmp_path_factory):
    schema = ingot("schema", cwd=tmp_path_factory.mktemp("schema")).ok().json()
    cls = jsonschema.validators.validator_for(schema)
    assert cls is jsonschema.Draft202012Validator
    cls.check_schema(schema)
    return cls(schema)


class Yaml:
    """As much YAML as the sample has: maps by indentation or in braces, plain and quoted values, comments."""

    def __init__(self, text):
        self.lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]

    def map(self, indent=0):
        result = {}
        while self.lines and self.lines[0][0] == indent:
            key, value = re.fullmatch(r"(\w+):\s*(.*)", self.lines.pop(0)[1]).groups()
            result[key] = self.flow(value)[0] if value else self.map(self.lines[0][0])
        return result

    def flow(self, text, ends=""):
        if text.startswith("{"):
            result, text = {}, text[1:].lstrip()
            while not text.startswith("}"):
                key, text = re.match(r"(\w+):\s*(.*)", text).groups()
                result[key], text = self.flow(text, ",}")
                text = text.lstrip(" ,")
            return result, text[1:]
        if text.startswith('"'):
            value, text = re.match(r'"([^"]*)"(.*)', text).groups()
            return value, text
        value, text = re.match(f"([^{re.escape(ends)}]*)(.*)" if ends else "(.*)()", text).groups()
        value = value.strip()
        return {"true": True, "false": False, "null": None}.get(value, int(value) if value.isdigit() else value), text


def test_the_schema_accepts_the_sample(validator):
    files = [ROOT / "examples/shop/ingot.yml", *sorted((ROOT / "examples/shop/bronze").glob("*.yml"))]
    assert len(files) == 4
    for path in files:
        content = Yaml(path.read_text()).map()
        assert ("from" in content) == (path.name != "ingot.yml") and len(content) >= 2
        validator.validate(content)


SOURCE = {"from": {"files": "data/*.csv", "csv": {"header": True, "delimiter": ",", "skip": 0}, "hive": False}, "drift": "evolve", "load": "append", "tags": ["a", "b"], "tolerate": "1%"}
PROJECT = {"name": "test", "target": "dev", "targets": {"dev": {"lake": "./lake", "vars": {"a": 1, "b": None}, "engine": {"memory": "80%"}}}, "engine": {"memory": "4GiB", "threads": 2}, "timezone": "UTC"}


def changed(document, path, value):
    document = json.loads(json.dumps(document))
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return document


BOTH = [
    (SOURCE, ["drift"], "evolv"), (SOURCE, ["drft"], "evolve"), (SOURCE, ["load"], 7), (SOURCE, ["from", "file"], "x"), (SOURCE, ["from", "csv", "delimeter"], ";"), (SOURCE, ["from", "csv", "header"], "maybe"),
    (SOURCE, ["from", "csv", "skip"], -1), (SOURCE, ["from", "csv", "skip"], "two"), (SOURCE, ["tolerate"], "lots"), (SOURCE, ["tags"], {"a": "b"}), (SOURCE, ["key"], {"a": "b"}), (SOURCE, ["name"], "a b"), (SOURCE, ["from"], "data/*.csv"),
    (SOURCE, ["from", "format"], "xml"), (SOURCE, ["from", "identity"], "hash"), (SOURCE, ["from", "files"], ["a"]), (SOURCE, ["from", "hive"], 3), (SOURCE, ["from", "csv", "delimiter"], ""), (SOURCE, ["from", "csv", "delimiter"], "ab"),
    (PROJECT, ["traget"], "dev"), (PROJECT, ["targets", "dev", "lak"], "x"), (PROJECT, ["targets"], []), (PROJECT, ["targets"], {}), (PROJECT, ["targets", "dev"], {}), (PROJECT, ["engine", "memory"], "4 parsecs"), (PROJECT, ["engine", "threads"], "many"),
    (PROJECT, ["engine", "thread"], 1), (PROJECT, ["targets", "dev", "s3"], {"regio": "x"}), (PROJECT, ["targets", "dev", "warehouse"], {"type": "oracle", "url": "x"}), (PROJECT, ["targets", "dev", "warehouse"], {"type": "redshift"}), (PROJECT, ["vars"], {"a": [1]}), (PROJECT, ["target"], "a b"),
]


@pytest.mark.parametrize("document, path, value", BOTH, ids=lambda v: ".".join(v) if isinstance(v, list) and v and isinstance(v[0], str) else None)
def test_schema_and_program_refuse_the_same(good, validator, document, path, value):
    """JSON is YAML, so that both can be given the same document."""
    name = "bronze/n.yml" if document is SOURCE else "ingot.yml"
    validator.validate(document)
    good.file(name, json.dumps(document))
    good.ok("check")
    wrong = changed(document, path, value)
    good.file(name, json.dumps(wrong))
    assert not validator.is_valid(wrong)
    assert {at.split(":")[0] for at in problems(good, command="check")} == {name}


# ---- what a change of the files means ----


def outcomes(result):
    return {name: event["outcome"] for name, event in table_events(result).items()}


SAME = {
    "a comment": SILVER.replace("select id", "select -- the number\n  id"),
    "a comment in brackets": SILVER.replace("select id", "/* what it is */ select /* all */ id"),
    "line ends": SILVER.replace("\n", "\r\n"),
    "blanks": SILVER.replace("select id, word, v from", "\n\nselect  id ,word\n\t, v\n  FROM"),
    "letter case of words": SILVER.replace("select id", "SELECT id").replace("bigint", "BIGINT").replace("not null", "NOT NULL"),
    "letter case of names": SILVER.replace("from bronze.n", "from Bronze.N"),
    "another name of a type": SILVER.replace("bigint", "int8").replace("integer", "int"),
    "a description": SILVER.replace("key: id", "description: numbers\nowner: me\ntags: [a]\nkey: id"),
    "a list of one": SILVER.replace("key: id", "key: [id]"),
    "a comment on a column": SILVER.replace("not null", "not null -- the number"),
    "a semicolon": SILVER.rstrip("\n") + ";\n",
}


@pytest.mark.parametrize("name", SAME)
def test_another_way_to_write_it_runs_nothing(good, name):
    good.ok()
    good.file("silver/n.sql", SAME[name])
    before = {t: good.version(t) for t in ("bronze.n", "silver.n", "gold.words")}
    assert set(outcomes(good.ok("--json")).values()) == {"up_to_date"}
    assert {t: good.version(t) for t in before} == before


def test_moving_a_model_to_a_folder_runs_nothing(good):
    good.ok()
    good.remove("silver/n.sql")
    good.file("silver/deep/er/n.sql", SILVER)
    good.write("bronze/n.yml", "# the numbers\nfrom:\n  csv: {header: true}\n  files: \"data/*.csv\"\ndescription: numbers")
    assert set(outcomes(good.ok("--json")).values()) == {"up_to_date"}


OTHER = {
    "an expression": SILVER.replace("word,", "upper(word) as word,"),
    "a filter": SILVER.replace("from bronze.n", "from bronze.n where id <> '1'"),
    "a text's letter case": SILVER.replace("from bronze.n", "from bronze.n where word <> 'A'"),
    "a type": SILVER.replace("integer", "bigint"),
    "a new column": SILVER.replace("word, v", "word, v, 1 as one"),
    "the order of columns": SILVER.replace("word, v", "v, word"),
    "a new rule": SILVER.replace("*/", "rules:\n  r: id > 1\n*/"),
    "a check of a column": SILVER.replace("  v:  integer", "  v:  integer check (v > 1)"),
    "not null": SILVER.replace("  v:  integer", "  v:  integer not null"),
    "lenient": SILVER.replace("  v:  integer", "  v:  integer lenient"),
    "the key": SILVER.replace("key: id", "key: [id, word]"),
    "no key": SILVER.replace("key: id\n", ""),
    "a partition": SILVER.replace("key: id", "key: id\npartition_by: word"),
}


@pytest.mark.parametrize("name", OTHER)
def test_another_meaning_builds_the_table_anew(good, name):
    good.ok()
    good.file("silver/n.sql", OTHER[name])
    events = table_events(good.ok("--json"))
    assert (events["silver.n"]["outcome"], events["silver.n"]["strategy"]) == ("published", "full")
    assert events["bronze.n"]["outcome"] == "up_to_date"
    assert set(outcomes(good.ok("--json")).values()) == {"up_to_date"}


def test_a_new_check_judges_what_comes(good):
    """A check judges a table that is about to be published, so it rebuilds nothing by itself."""
    good.ok()
    good.file("silver/n.sql", SILVER.replace("*/", "checks:\n  - count(*) > 100\n*/"))
    good.file("data/2.csv", "id,word,v\n3,c,3\n")
    rows = good.rows("silver.n")
    assert "count(*) > 100" in good.run(rc=1).out and good.rows("silver.n") == rows
    good.file("silver/n.sql", SILVER)
    good.ok()
    assert len(good.rows("silver.n")) == 3
