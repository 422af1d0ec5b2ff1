"""What `run`, `plan`, `check` and `quarantine` say, for people and as JSON; signals."""

import signal
import time

import pytest


@pytest.fixture
def orders(project):
    project.write("bronze/orders.yml", "from: {files: data/*.csv}")
    project.write("silver/orders.sql", """
        /* ingot
        columns:
          id:     bigint not null
          amount: decimal(10,2) not null check (amount >= 0)
        tolerate: 2
        */
        select id, amount from bronze.orders
        """)
    project.write("gold/total.sql", "select sum(amount) as total from silver.orders")
    project.file("data/1.csv", "id,amount\n1,1.00\n2,2.00\nx,3.00\n")
    return project


def test_events(orders):
    events = orders.run("--json", rc=0).json_events()
    assert events[0]["event"] == "run_started" and events[0]["target"] == "dev"
    assert [e["table"] for e in events if e["event"] == "table"] == ["bronze.orders", "silver.orders", "gold.total"]
    silver = next(e for e in events if e["event"] == "table" and e["table"] == "silver.orders")
    assert silver["outcome"] == "published" and silver["version"] == 0 and silver["strategy"] == "full" and silver["reason"]
    assert silver["rows"]["quarantined"] == 1 and silver["rows"]["inserted"] == 2 and silver["seconds"] >= 0
    assert events[-1]["event"] == "run_finished" and events[-1]["exit_code"] == 0 and len(events[-1]["run"]) == 36
    again = orders.run("--json", rc=0).json_events()
    assert {e["outcome"] for e in again if e["event"] == "table"} == {"up_to_date"}


def test_lines(orders):
    out = orders.ok().out.splitlines()
    assert out[0].split()[:4] == ["bronze.orders", "full", "3", "rows"]
    assert "quarantined 1" in out[1] and out[-1].startswith("3 tables brought up to date · ")
    assert orders.ok().out.startswith("3 tables up to date · ")
    assert orders.run("run", "--quiet", rc=0).out == ""
    verbose = orders.run("run", "-v", rc=0).out
    assert "silver.orders  up to date" in verbose


def test_a_failed_table_and_what_waits_for_it(orders):
    orders.ok()
    orders.file("data/2.csv", "id,amount\na,1\nb,1\nc,1\nd,1\n")
    result = orders.run(rc=1)
    assert "failed" in result.out and "more than it tolerates" in result.out and result.err == ""
    assert "stays at its last version, because silver.orders failed" in result.out
    assert "1 table brought up to date, 1 failed, 1 kept at the last version" in result.out
    quiet = orders.run("run", "--quiet", rc=1)
    assert quiet.out == "" and quiet.err.startswith("error: silver.orders: 4 rows were refused")
    events = orders.run("--json", rc=1).json_events()
    failed = next(e for e in events if e.get("table") == "silver.orders" and e["event"] == "table")
    assert failed["outcome"] == "failed" and failed["error"]["class"] == "data" and "tolerates" in failed["error"]["message"]
    assert next(e for e in events if e.get("table") == "gold.total" and e["event"] == "table")["outcome"] == "upstream"
    assert events[-1]["exit_code"] == 1
    assert orders.rows("gold.total") == orders.rows("gold.total", version=0)


def test_a_file_that_is_refused_whole_again_and_again(orders):
    import gzip
    orders.write("bronze/orders.yml", "from: {files: data/*}")
    orders.ok()
    orders.file("data/2.csv.gz", gzip.compress(b"id,amount\n5,1\n")[:-9])
    for _ in range(3):
        result = orders.run(rc=1)
        assert "data/2.csv.gz was refused whole" in result.out
    assert orders.run("run", "--quiet", rc=1).err.startswith("error: bronze.orders: source files were refused")
    assert len(orders.rows("bronze.orders")) == 3
    orders.file("data/2.csv.gz", gzip.compress(b"id,amount\n5,1\n"))
    orders.ok()
    assert len(orders.rows("bronze.orders")) == 4


def test_a_wrong_project_is_told_whole(orders):
    orders.write("silver/orders.sql", "/* ingot\nky: id\n*/\nselect id from bronze.order")
    orders.write("gold/total.sql", "selec 1")
    for command in ("run", "plan", "check"):
        result = orders.run(command, rc=2)
        assert "silver/orders.sql:2:1: error:" in result.err and "gold/total.sql" in result.err
        assert "nothing was done" in result.err
    assert not orders.lake.exists()


def test_plan(orders):
    before = orders.run("plan", rc=0).out
    assert "3 tables to bring up to date, 0 up to date" in before and not orders.exists("bronze.orders")
    orders.ok()
    assert "0 tables to bring up to date, 3 up to date" in orders.run("plan", rc=0).out
    orders.file("data/2.csv", "id,amount\n5,1\n")
    plan = orders.run("plan", "--json", rc=0).json()
    by_table = {t["table"]: t for t in plan["tables"]}
    assert by_table["bronze.orders"]["strategy"] == "append" and not by_table["bronze.orders"]["at_most"]
    assert by_table["silver.orders"]["at_most"] and by_table["gold.total"]["at_most"]
    assert plan["to_do"] == 3
    assert "at most" in orders.run("plan", "silver.orders+", "bronze.orders", rc=0).out
    assert orders.version("bronze.orders") == 0


def test_plan_names_tables_that_left_the_project(orders):
    orders.ok()
    orders.remove("gold/total.sql")
    out = orders.run("plan", rc=0).out
    assert "gold.total is no longer in the project" in out and "ingot drop gold.total" in out
    assert orders.run("plan", "--json", rc=0).json()["gone"] == ["gold.total"]


def test_check_binds_types(orders):
    said = orders.run("check", rc=0).out
    assert "bronze.orders was never loaded" in said
    orders.ok()
    versions = [orders.version(t) for t in ("bronze.orders", "silver.orders", "gold.total")]
    assert "3 tables checked, 0 errors" in orders.run("check", rc=0).out
    orders.write("silver/orders.sql", """
        /* ingot
        key: id
        columns:
          id:     bigint not null
          amount: decimal(10,2) not null check (amount > 'much' or nope > 1)
        rules:
          fine: amount < 5
          wrong: no_such_column > 1
        */
        select id, amount from bronze.orders
        """)
    orders.write("gold/total.sql", "select sum(amount) as total,\n  lower(\n    id, 3) as x from silver.orders")
    result = orders.run("check", "--json", rc=2)
    problems = result.json()["problems"]
    assert {(p["file"], p["line"]) for p in problems} >= {("silver/orders.sql", 5), ("silver/orders.sql", 8)}
    assert any("no_such_column" in p["message"] for p in problems)
    assert [orders.version(t) for t in ("bronze.orders", "silver.orders", "gold.total")] == versions
    text = orders.run("check", rc=2).err
    assert "silver/orders.sql:8:" in text


def test_check_finds_what_a_model_selects_wrongly(orders):
    orders.ok()
    orders.write("gold/total.sql", "select\n  sum(amount) as total,\n  nope\nfrom silver.orders\ngroup by all")
    err = orders.run("check", rc=2).err
    assert "gold/total.sql:3:" in err and "nope" in err


def test_check_all_targets(orders):
    orders.write("ingot.yml", """
        name: test
        target: dev
        targets:
          dev:  {lake: ./lake}
          prod: {lake: "${LAKE_OF_PROD}"}
        """)
    orders.run("check", rc=0)
    assert "LAKE_OF_PROD" in orders.run("check", "--all-targets", rc=2).err
    orders.run("check", "--all-targets", rc=0, env={"LAKE_OF_PROD": "/srv/lake"})


def test_quarantine(orders):
    assert "nothing is in quarantine" in orders.run("quarantine", rc=0).out
    assert orders.run("quarantine", "--json", rc=0).json() == []
    orders.ok()
    orders.file("data/2.csv", "id,amount\n5,-1\n")
    orders.ok()
    summary = orders.run("quarantine", "--json", rc=0).json()
    assert {(r["table"], r["rule"], r["rows"]) for r in summary} == {("silver.orders", "id: bigint", 1),
                                                                    ("silver.orders", "amount: check", 1)}
    assert len(orders.run("quarantine", "silver.orders", "--json", rc=0).json()) == 2
    (entry,) = orders.run("quarantine", "silver.orders", "--rule", "check", "--json", rc=0).json()
    assert entry["_file"] == "data/2.csv" and entry["_row"] == 1 and '"-1"' in entry["row"]
    assert [e["rule"] for e in orders.run("quarantine", "orders", "--file", "1.csv", "--json", rc=2).json_events()] == []
    assert [e["rule"] for e in orders.run("quarantine", "silver.orders", "--file", "1.csv", "--json", rc=0).json()] == ["id: bigint"]
    run = entry["_run"]
    assert len(orders.run("quarantine", "silver.orders", "--run", run[:8], "--json", rc=0).json()) == 1
    orders.run("quarantine", "silver.orders", "--format", "csv", "-o", "refused.csv", rc=0)
    assert (orders.root / "refused.csv").read_text().count("\n") == 3
    assert "nothing of bronze.orders is in quarantine" in orders.run("quarantine", "bronze.orders", rc=0).out
    assert "-1" in orders.run("quarantine", "silver.orders", rc=0).out


def test_replay_after_a_fix(orders):
    orders.ok()
    assert orders.rows("silver.orders", columns=["id"]) == [(1,), (2,)]
    model = orders.root / "silver/orders.sql"
    model.write_text(model.read_text().replace("select id,", "select case when id = 'x' then '3' else id end as id,"))
    out = orders.run("quarantine", "replay", rc=0).out
    assert "1 row in quarantine before, 0 now" in out
    assert orders.rows("silver.orders", columns=["id"]) == [(1,), (2,), (3,)]
    assert "nothing is in quarantine" in orders.run("quarantine", "replay", rc=0).out
    assert orders.rows("gold.total") != []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(project, number):
    project.write("bronze/a.yml", "from: {files: data/*.csv}")
    project.write("silver/a.sql", "/* ingot\nkey: id\nlatest: t\ncolumns:\n  t: bigint\n*/\nselect id, t from bronze.a")
    project.file("data/1.csv", "id,t,text\n" + "".join(f"{i % 300000},{i},some text of row {i}\n" for i in range(600000)))
    process = project.popen("run", "--json")
    line = process.stdout.readline()  # run_started
    assert b"run_started" in line
    process.stdout.readline()  # the first table is being worked on
    start = time.monotonic()
    process.send_signal(number)
    process.wait(timeout=30)
    took = time.monotonic() - start
    rest = process.stdout.read().decode()
    if process.returncode == 0:
        pytest.skip("the run was done before the signal came")
    assert process.returncode == 130 and took < 2
    assert '"exit_code":130' in rest
    assert not project.exists("bronze.a") and not project.exists("silver.a")
    project.ok()
    assert len(project.rows("silver.a", columns=["id"])) == 300000


def test_history(orders):
    orders.ok()
    orders.file("data/2.csv", "id,amount\n5,1\n")
    orders.ok()
    versions = orders.run("history", "silver.orders", "--json", rc=0).json()["versions"]
    assert [v["version"] for v in versions] == [1, 0] and [v["publish"] for v in versions] == [1, 0]
    assert versions[0]["strategy"] == "append" and versions[0]["rows"]["inserted"] == 1 and not versions[0]["foreign"]
    import deltalake
    import pyarrow
    import decimal
    schema = pyarrow.schema([("id", pyarrow.int64()), ("amount", pyarrow.decimal128(10, 2))])
    row = pyarrow.table({"id": [9], "amount": [decimal.Decimal("1.00")]}, schema=schema)
    deltalake.write_deltalake(str(orders.path("silver.orders")), row, mode="append")
    out = orders.run("history", "silver.orders", rc=0).out.splitlines()
    assert len(out) == 4 and "ingot: append" in out[2] and "delta-rs" in out[1]
    assert len(orders.run("history", "silver.orders", "-n", "1", rc=0).out.splitlines()) == 2
    newest = orders.run("history", "silver.orders", "--json", rc=0).json()["versions"][0]
    assert newest["foreign"] and newest["publish"] is None


def test_drop(orders):
    orders.ok()
    assert "still in the project" in orders.run("drop", "silver.orders", "--yes", rc=2).err
    orders.remove("gold/total.sql")
    assert "--yes" in orders.run("drop", "gold.total", rc=2).err
    assert orders.exists("gold.total")
    orders.run("drop", "gold.total", "--yes", rc=0)
    assert not list(orders.path("gold.total").rglob("*.*"))
    assert "no longer" not in orders.run("plan", rc=0).out
    orders.run("drop", "gold.total", "--yes", rc=2)
    orders.run("drop", "silver.orders", "--yes", "--force", rc=0)
    assert not list((orders.lake / "quarantine").rglob("*.parquet"))
    assert "nothing is in quarantine" in orders.run("quarantine", rc=0).out
    orders.ok()
    assert orders.rows("silver.orders", columns=["id"]) == [(1,), (2,)]
    assert len(orders.run("quarantine", "--json", rc=0).json()) == 1


def test_an_interrupted_drop_is_finished(orders):
    orders.ok()
    orders.remove("gold/total.sql")
    files = {p: p.read_bytes() for p in orders.path("gold.total").glob("*.parquet")}
    orders.run("drop", "gold.total", "--yes", rc=0)
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    orders.run("drop", "gold.total", "--yes", rc=0)
    assert not list(orders.path("gold.total").rglob("*.*"))
