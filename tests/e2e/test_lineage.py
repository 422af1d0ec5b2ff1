"""The run history: OpenLineage events of each run that did something, in _ingot/runs."""

import datetime
import json
import pathlib
import uuid

import jsonschema
import pytest

from readers import table_events

# The required members of a RunEvent, and of the facets that are written (OpenLineage 2-0-2). The spec's own files are at
# openlineage.io, where no test goes.
BASE = {"_producer": {"type": "string", "format": "uri"}, "_schemaURL": {"type": "string", "format": "uri"}}


def facet(required, **properties):
    return {"type": "object", "properties": {**BASE, **properties}, "required": ["_producer", "_schemaURL", *required]}


ANY_FACETS = {"type": "object", "additionalProperties": facet([])}
JOB = {"type": "object", "properties": {"namespace": {"type": "string", "minLength": 1}, "name": {"type": "string", "minLength": 1}, "facets": ANY_FACETS}, "required": ["namespace", "name"], "additionalProperties": False}
UUID = {"type": "string", "format": "uuid"}
DATASET = {"namespace": {"type": "string", "minLength": 1}, "name": {"type": "string", "minLength": 1}, "facets": ANY_FACETS}
SCHEMA = {
    "type": "object",
    "properties": {
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "eventTime": {"type": "string", "format": "date-time"},
        "producer": {"type": "string", "format": "uri"},
        "schemaURL": {"const": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"},
        "run": {
            "type": "object",
            "properties": {
                "runId": UUID,
                "facets": {
                    "type": "object",
                    "properties": {
                        "parent": facet(["run", "job"], run={"type": "object", "properties": {"runId": UUID}, "required": ["runId"]}, job={"type": "object", "required": ["namespace", "name"]}),
                        "errorMessage": facet(["message", "programmingLanguage"], message={"type": "string", "minLength": 1}, programmingLanguage={"type": "string"}),
                    },
                    "additionalProperties": facet([]),
                },
            },
            "required": ["runId"],
            "additionalProperties": False,
        },
        "job": JOB,
        "inputs": {"type": "array", "items": {"type": "object", "properties": {**DATASET, "inputFacets": ANY_FACETS}, "required": ["namespace", "name"], "additionalProperties": False}},
        "outputs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {**DATASET, "outputFacets": {
                    "type": "object",
                    "properties": {"outputStatistics": facet([], rowCount={"type": "integer", "minimum": 0}, size={"type": "integer", "minimum": 0}, fileCount={"type": "integer", "minimum": 0})},
                    "additionalProperties": facet([]),
                }},
                "required": ["namespace", "name"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["eventTime", "producer", "schemaURL", "run", "job"],
    "additionalProperties": False,
}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


@pytest.fixture
def sales(project):
    project.write("bronze/n.yml", "from: {files: 'data/*.csv', csv: {header: true}}")
    project.write("bronze/p.yml", "from: {files: 'parents/*.csv', csv: {header: true}}")
    project.file("data/1.csv", "id,p,v\n1,1,10\n2,1,20\nx,1,30\n4,9,40\n")
    project.file("parents/1.csv", "p\n1\n2\n")
    project.write("silver/p.sql", "/* ingot\nkey: p\n*/\nselect p from bronze.p")
    project.write("silver/n.sql", """
        /* ingot
        key: id
        latest: v
        columns:
          id: bigint not null
          p:  text references silver.p
          v:  integer not null
        rules:
          small: v < 1000 else fail
        */
        select id, p, v from bronze.n
        """)
    project.write("gold/s.sql", "select n.p, sum(v) as v from silver.n n join silver.p using (p) group by all")
    return project


def files(project):
    return sorted((project.lake / "_ingot" / "runs").glob("*/*.ndjson"))


def read(path):
    """The events of a run, after what holds of all of them."""
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for event in events:
        VALIDATOR.validate(event)
        uuid.UUID(event["run"]["runId"])
        at = datetime.datetime.fromisoformat(event["eventTime"])
        assert at.tzinfo is not None and abs(at.timestamp() - path.stat().st_mtime) < 120
    assert uuid.UUID(path.stem).hex == uuid.UUID(events[0]["run"]["runId"]).hex
    assert path.parent.name == events[0]["eventTime"][:10]
    # a START and an end of each run, at most one of each, the end not before the start and of the same job
    runs = {}
    for event in events:
        runs.setdefault(event["run"]["runId"], []).append(event)
    for pair in runs.values():
        assert [e["eventType"] for e in pair] in (["START", "COMPLETE"], ["START", "FAIL"]), pair
        start, end = pair
        assert start["job"] == end["job"] and start["inputs"] == end["inputs"]
        assert [o["name"] for o in start["outputs"]] == [o["name"] for o in end["outputs"]]
        assert start["eventTime"] <= end["eventTime"]
        assert start["run"].get("facets", {}).get("parent") == end["run"].get("facets", {}).get("parent")
        assert (end["eventType"] == "FAIL") == ("errorMessage" in end["run"]["facets"])
    # the run of the whole is around those of the tables
    whole = runs.pop(events[0]["run"]["runId"])
    assert events[0] is whole[0] and events[-1] is whole[1]
    for pair in runs.values():
        parent = pair[0]["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == whole[0]["run"]["runId"] and parent["job"] == whole[0]["job"]
        assert whole[0]["eventTime"] <= pair[0]["eventTime"] and pair[1]["eventTime"] <= whole[1]["eventTime"]
    return whole, {pair[0]["job"]["name"].split(".", 1)[1]: pair for pair in runs.values()}


def names(project, datasets):
    """Layer and name of tables: the datasets are their folders."""
    found = []
    for dataset in datasets:
        assert dataset["namespace"] == "file"
        path = pathlib.Path(dataset["name"])
        assert path.is_absolute() and path.is_relative_to(project.lake)
        found.append(".".join(path.relative_to(project.lake).parts))
    return sorted(found)


def agree(project, result, expected_failures=()):
    """Writes one file of events, which tell the same as `run --json`."""
    said = result.json_events()
    [path] = [f for f in files(project) if f.stem == said[-1]["run"]]
    whole, tables = read(path)
    assert whole[0]["job"] == {"namespace": "ingot", "name": "test"}
    assert whole[1]["eventType"] == ("COMPLETE" if result.rc == 0 else "FAIL")
    events = table_events(result)
    assert set(tables) == {t for t, e in events.items() if e["outcome"] in ("published", "failed")}
    assert {t for t, pair in tables.items() if pair[1]["eventType"] == "FAIL"} == set(expected_failures)
    for table, (start, end) in tables.items():
        assert names(project, end["outputs"]) == [table]
        assert start["job"]["namespace"] == "ingot"
        account = end["run"]["facets"]["ingot_rows"]
        assert account["strategy"] == events[table]["strategy"]
        if table in expected_failures:
            assert "outputFacets" not in end["outputs"][0]
            assert end["run"]["facets"]["errorMessage"]["message"] == events[table]["error"]["message"]
            continue
        assert account["rows"] == events[table]["rows"] and account["version"] == events[table]["version"]
        added = [a["add"] for a in project.commit(table, events[table]["version"]) if "add" in a]
        statistics = end["outputs"][0]["outputFacets"]["outputStatistics"]
        assert statistics["rowCount"] == events[table]["rows"]["rows_added"] == sum(json.loads(a["stats"])["numRecords"] for a in added)
        assert statistics["size"] == sum(a["size"] for a in added) == sum((project.path(table) / a["path"]).stat().st_size for a in added)
        assert statistics["fileCount"] == len(added)
        assert "outputFacets" not in start["outputs"][0]
    return tables


def test_events_of_a_first_run(sales):
    tables = agree(sales, sales.ok("--json"))
    assert set(tables) == {"bronze.n", "bronze.p", "silver.n", "silver.p", "gold.s"}
    assert names(sales, tables["gold.s"][1]["inputs"]) == ["silver.n", "silver.p"]
    assert names(sales, tables["silver.n"][1]["inputs"]) == ["bronze.n"]
    assert tables["silver.n"][1]["run"]["facets"]["ingot_rows"]["rows"]["quarantined"] == 2


def test_a_run_with_nothing_to_do_has_no_events(sales):
    sales.ok()
    before = files(sales)
    assert len(before) == 1
    for args in ([], ["--json"], ["silver.n"], ["layer:gold"]):
        sales.ok(*args)
    for command in ("plan", "check", "doctor", "quarantine"):
        sales.ok(command)
    sales.ok("show", "gold.s")
    assert files(sales) == before


def test_only_what_ran_has_events(sales):
    sales.ok()
    sales.file("data/2.csv", "id,p,v\n2,2,21\n8,2,1\n")
    tables = agree(sales, sales.ok("--json"))
    assert set(tables) == {"bronze.n", "silver.n", "gold.s"}
    assert tables["silver.n"][1]["run"]["facets"]["ingot_rows"]["strategy"] == "merge"
    assert len(files(sales)) == 2
    sales.file("parents/2.csv", "p\n3\n")
    tables = agree(sales, sales.ok("--json", "+silver.p"))
    assert set(tables) == {"bronze.p", "silver.p"}


def test_a_failed_table_has_a_failed_run(sales):
    sales.ok()
    sales.file("data/2.csv", "id,p,v\n9,2,100000\n")
    tables = agree(sales, sales.run("--json", rc=1), ["silver.n"])
    assert set(tables) == {"bronze.n", "silver.n"}  # what only stays as it was has no run of its own
    assert "small" in tables["silver.n"][1]["run"]["facets"]["errorMessage"]["message"]
    # the same again: nothing was published, and still it failed
    tables = agree(sales, sales.run("--json", rc=1), ["silver.n"])
    assert set(tables) == {"silver.n"}
    assert len(files(sales)) == 3


def test_a_wrong_project_leaves_no_events(sales):
    sales.ok()
    before = files(sales)
    sales.file("silver/bad.sql", "selec 1")
    sales.run(rc=2)
    sales.run("no.such_table", rc=2)
    assert files(sales) == before


def test_a_refused_file_is_a_failed_run_whose_tables_are_complete(sales):
    sales.file("data/empty.csv", "")
    result = sales.run("--json", rc=1)
    said = result.json_events()
    [path] = [f for f in files(sales) if f.stem == said[-1]["run"]]
    whole, tables = read(path)
    assert whole[1]["eventType"] == "FAIL"
    assert {t: pair[1]["eventType"] for t, pair in tables.items()} == dict.fromkeys(["bronze.n", "bronze.p", "silver.n", "silver.p", "gold.s"], "COMPLETE")


def test_names_that_need_quoting(make_project):
    project = make_project('od"d näme \\ 1')
    project.write("ingot.yml", 'name: "a \\"b\\" ü"\n')
    project.write("bronze/n.yml", "from: {files: 'data/*.csv', csv: {header: true}}")
    project.file("data/1.csv", "id\n1\n")
    project.ok()
    [path] = files(project)
    whole, tables = read(path)
    assert whole[0]["job"]["name"] == 'a "b" ü'
    assert names(project, tables["bronze.n"][1]["outputs"]) == ["bronze.n"]


def test_a_run_file_that_cannot_be_written_fails_nothing(sales):
    (sales.lake / "_ingot").mkdir(parents=True)
    (sales.lake / "_ingot" / "runs").write_text("in the way")
    result = sales.ok()
    assert "events of this run could not be written" in result.err
    assert sales.rows("gold.s")
