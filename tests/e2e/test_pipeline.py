"""From raw files to gold: every table as other tools read it, every row account, against a computation of our own."""

import datetime
import decimal
import json
import pathlib

import pytest

from readers import ordered, pick, read_everywhere, reconciled, table_events
from shop import ORDERS, Malformed, Shop, customer, order


@pytest.fixture
def shop(project):
    """A shop with something of everything: each fate of a row occurs at least once."""
    s = Shop(project)
    s.put_customers("a", customer(1), customer(2, "Bob"), customer(2, "Bobby", 2), Malformed('{"customer_id": 3, "name":'), customer(4, "Dora"))
    s.put_products({"sku": "MUG", "price": "4.50"}, {"sku": "POT", "price": "12"})
    s.put_orders(
        "01",
        order(1), order(2, customer_id=2, country="fr"), order(3, amount="1500.00"), order(4, amount="12.345"), order(5, amount="-1"),
        order(6, customer_id=99), order("x7"), order(None), order(8, updated_at="yesterday"), order(9, updated_at="2019-12-31 23:59:59"),
        Malformed("10,1,de,5"), order(11, op="?"), order(12, channel="test"), order(13, quantity=None), order(14, quantity="2.5"),
        order(15, op="D"), order(16, amount=None), order(17, customer_id=98, amount="n/a"), order(18, amount="n/a", op="?"),
        order(19, customer_id=97, op="D"), order(23, amount="2000", op="D"), order(24, amount="x", op="D"), order(25, channel="test", op="D"),
    )
    s.put_orders(
        "02",
        order(1, amount="11.00", updated_at="2026-11-02 10:00:00", op="U"), order(1, amount="10.50", updated_at="2026-11-01 12:00:00", op="U"),
        order(2, updated_at="2026-11-03 10:00:00", op="D"), order(20, country=None), order(20, country="at"), order(21), order(21),
        Malformed("22,1,de,5.00,1,2026-11-01 10:00:00,I,,too much"),
    )
    return s


@pytest.fixture
def loaded(shop):
    shop.run()
    return shop


def outcomes(events):
    return {name: event["outcome"] for name, event in events.items()}


def test_first_run(shop):
    events = shop.run()
    assert set(outcomes(events).values()) == {"published"}
    rows = events["silver.orders"]["rows"]
    # nothing that this sample is for is missing
    assert all(rows[term] > 0 for term in ("inserted", "quarantined", "dropped", "deduplicated", "deleted", "filtered", "warned")), rows


def test_nothing_to_do_writes_nothing(loaded):
    before = {p: p.stat().st_mtime_ns for p in loaded.project.lake.rglob("*")}
    events = loaded.run()
    assert set(outcomes(events).values()) == {"up_to_date"}
    assert {p: p.stat().st_mtime_ns for p in loaded.project.lake.rglob("*")} == before


def test_a_new_file_is_merged(loaded):
    loaded.put_orders("03", order(1, amount="99.00", updated_at="2026-11-05 10:00:00", op="U"), order(30), order(31, amount="free"),
                      order(30, updated_at="2026-11-05 10:00:00"), order(3, updated_at="2026-11-05 10:00:00", op="D"))
    events = loaded.run()
    assert events["bronze.orders"]["strategy"] == "append"
    assert events["silver.orders"]["strategy"] == "merge"
    assert outcomes(events)["silver.customers"] == "up_to_date"
    rows = events["silver.orders"]["rows"]
    assert (rows["inserted"], rows["replacing"], rows["deleted"], rows["deduplicated"], rows["quarantined"]) == (1, 1, 1, 1, 1)


def test_a_late_older_version_does_not_win(loaded):
    loaded.put_orders("03", order(1, amount="0.01", updated_at="2026-11-01 00:00:00", op="U"), order(1, amount="0.02", op="D"))
    events = loaded.run()
    assert events["silver.orders"]["rows"]["deduplicated"] == 2


def test_a_late_older_version_of_a_deleted_row_stays_deleted(loaded):
    loaded.put_orders("03", order(2, customer_id=2, amount="5.00", updated_at="2026-11-02 10:00:00", op="U"))
    loaded.run()
    loaded.put_orders("04", order(2, customer_id=2, amount="5.00", updated_at="2026-11-09 10:00:00", op="I"))
    events = loaded.run()
    assert events["silver.orders"]["rows"]["inserted"] == 1


def test_the_same_row_again_is_unchanged(loaded):
    loaded.put_orders("03", order(13, quantity=None), order(13, quantity=None), order(3, amount="1500.00"))
    events = loaded.run()
    rows = events["silver.orders"]["rows"]
    assert (rows["unchanged"], rows["deduplicated"]) == (2, 1)


def test_a_repaired_row_leaves_quarantine(loaded):
    loaded.put_orders("01", *[order(4, amount="12.34") if not isinstance(r, Malformed) and r["order_id"] == "4" else r
                              for r in loaded.orders["data/orders/01.csv"]])
    events = loaded.run()
    assert events["bronze.orders"]["rows"]["files_changed"] == 1


def test_a_file_that_was_changed_in_place(loaded):
    loaded.put_orders("02", order(1, amount="77.00", updated_at="2026-11-02 10:00:00", op="U"), Malformed("1,2,3"))
    loaded.run()
    assert loaded.run()["bronze.orders"]["outcome"] == "up_to_date"


def test_changed_and_new_files_in_one_run(loaded):
    loaded.put_orders("02", order(40))
    loaded.put_orders("03", order(41), order(40, amount="41.00", updated_at="2026-12-01 10:00:00"))
    loaded.run()


def test_orphans_come_back_when_the_parent_arrives(loaded):
    assert any(e["rule"].startswith("customer_id: references") for e in loaded.quarantined("silver.orders"))
    loaded.put_customers("b", customer(99, "Late"))
    events = loaded.run()
    assert outcomes(events)["silver.orders"] == "published"
    assert 6 in [r["order_id"] for r in read_everywhere(loaded.project, "silver.orders")]


def test_many_runs_end_where_one_run_does(shop, make_project):
    """The same files, one at a time and all at once."""
    once = Shop(make_project("once"))
    shop.run()
    for n in range(3, 8):
        shop.put_orders(f"0{n}", *[order(k, customer_id=1 + k % 5, amount=f"{n}.{k}0", op="IUD"[k % 3],
                                         updated_at=f"2026-11-{(k * n) % 27 + 1:02d} 10:00:00") for k in range(n, n + 8)])
        if n == 5:
            shop.put_customers("b", customer(3, "Cleo"), customer(1, "Anna", 2))
        shop.run()
    for path, records in shop.orders.items():
        once.put_orders(path.split("/")[-1][:-4], *records)
    for path, records in shop.customers.items():
        once.put_customers(path.split("/")[-1][:-7], *records)
    once.put_products(*shop.products)
    once.run()
    for table in ("silver.orders", "silver.customers", "gold.revenue", "gold.customer_value"):
        assert read_everywhere(shop.project, table) == read_everywhere(once.project, table), table


def test_full_gives_the_same_rows(loaded):
    loaded.put_orders("03", order(1, amount="99.00", updated_at="2026-11-05 10:00:00", op="U"), order(2, op="D", customer_id=2))
    loaded.run()
    events = loaded.run("--full")
    assert {e["strategy"] for e in events.values()} == {"full"}


# ---- what is due ----


def test_a_comment_or_other_formatting_changes_nothing(loaded):
    loaded.project.file("silver/orders.sql", ORDERS.replace("select order_id,", "SELECT -- the number\n   order_id ,").replace(
        "key: order_id", "description: one row for each order\nkey:   [ order_id ]"))
    assert set(outcomes(loaded.run()).values()) == {"up_to_date"}


@pytest.mark.parametrize("old, new", [("upper(trim(country))", "lower(trim(country))"), ("cheap_enough: amount < 1000", "cheap_enough: amount < 2000"),
                                      ("amount >= 0", "amount >= -100"), ("known_op: op in", "known_operation: op in")])
def test_another_meaning_builds_the_table_anew(loaded, old, new):
    loaded.project.file("silver/orders.sql", ORDERS.replace(old, new))
    events = reconciled(table_events(loaded.project.ok("--json")))
    assert (events["silver.orders"]["outcome"], events["silver.orders"]["strategy"]) == ("published", "full")
    assert outcomes(events)["silver.customers"] == "up_to_date"
    assert set(outcomes(table_events(loaded.project.ok("--json"))).values()) == {"up_to_date"}


def test_plan_says_what_a_run_would_do_and_writes_nothing(loaded):
    loaded.put_orders("03", order(50))
    before = sorted(loaded.project.lake.rglob("*"))
    said = loaded.project.ok("plan").out
    assert sorted(loaded.project.lake.rglob("*")) == before
    assert "merge" in next(line for line in said.splitlines() if "silver.orders" in line)
    assert "up to date" in next(line for line in said.splitlines() if "silver.customers" in line)


def test_selection(loaded):
    loaded.put_orders("03", order(50))
    loaded.put_customers("b", customer(99, "Late"))
    events = table_events(loaded.project.ok("--json", "+silver.customers"))
    assert set(events) == {"bronze.customers", "silver.customers"}
    loaded.run()


def test_variables(project):
    project.write("ingot.yml", """
        name: test
        target: dev
        targets:
          dev: {lake: ./lake, vars: {greeting: "hello, it's me", least: 2}}
          other: {lake: ./lake, vars: {greeting: bye, least: 3}}
        """)
    project.write("bronze/n.yml", "from: {files: data/n.csv}")
    project.file("data/n.csv", "n\n1\n2\n3\n")
    project.file("silver/n.sql", "select n, getvariable('greeting') as said from bronze.n where n::int >= getvariable('least')")
    project.ok()
    assert project.rows("silver.n") == [("2", "hello, it's me"), ("3", "hello, it's me")]
    assert "up to date" in project.ok().err + project.ok().out
    project.ok("--target", "other")
    assert project.rows("silver.n") == [("3", "bye")]


def test_environment(project):
    project.write("ingot.yml", "name: test\ntargets:\n  dev: {lake: '${WHERE}/lake'}\n  prod: {lake: '${NOT_SET}'}\ntarget: dev\n")
    project.write("bronze/n.yml", "from: {files: '${WHERE}/n-$${x}.csv'}")
    elsewhere = project.root.parent / "else where"
    elsewhere.mkdir()
    (elsewhere / "n-${x}.csv").write_text("n\n1\n")
    project.lake = elsewhere / "lake"
    result = project.run(rc=2)
    assert "WHERE" in result.err and "ingot.yml" in result.err
    project.env["WHERE"] = str(elsewhere)
    project.ok()
    assert project.rows("bronze.n", columns=["n"]) == [("1",)]
    assert "NOT_SET" in project.run("--target", "prod", rc=2).err


# ---- rules and checks ----

RULES = """\
/* ingot
columns:
  n: integer not null
rules:
  at_least_one: n >= 1
  not_seven: n <> 7 else drop
  small: n < 5 else warn
{more}*/
select n from bronze.n
"""


@pytest.fixture
def numbers(project):
    project.write("bronze/n.yml", "from: {files: data/*.csv, csv: {header: true}}")
    project.file("data/1.csv", "n\n1\n2\n0\n7\n7\n9\nx\n")
    project.file("silver/n.sql", RULES.format(more=""))
    project.file("silver/other.sql", "select 1 as one from bronze.n limit 1")
    project.file("gold/sums.sql", "select sum(n) as total from silver.n")
    return project


def test_rules_say_what_becomes_of_a_row(numbers):
    rows = reconciled(table_events(numbers.ok("--json")))["silver.n"]["rows"]
    assert (rows["inserted"], rows["quarantined"], rows["dropped"], rows["warned"]) == (3, 2, 2, 3)
    assert rows["quarantined_by_rule"] == {"at_least_one": 1, "n: integer": 1}
    assert rows["dropped_by_rule"] == {"not_seven": 2} and rows["warned_by_rule"] == {"small": 3}
    assert numbers.rows("silver.n") == [(1,), (2,), (9,)]
    assert numbers.rows("gold.sums") == [(12,)]


def test_a_rule_that_says_fail(numbers):
    numbers.ok()
    numbers.file("data/2.csv", "n\n3\n4\n100\n")
    numbers.file("silver/n.sql", RULES.format(more="  under_hundred: n < 100 else fail\n"))
    result = numbers.run("--json", rc=1)
    events = table_events(result)
    assert outcomes(events) == {"bronze.n": "published", "silver.n": "failed", "silver.other": "published", "gold.sums": "upstream_failed"} or (
        events["silver.n"]["outcome"] == "failed" and events["gold.sums"]["outcome"] not in ("published", "up_to_date"))
    assert "under_hundred" in events["silver.n"]["error"]["message"]
    assert numbers.rows("silver.n") == [(1,), (2,), (9,)] and numbers.rows("gold.sums") == [(12,)]
    assert len(numbers.rows("bronze.n")) == 10
    numbers.file("silver/n.sql", RULES.format(more=""))
    numbers.ok()
    assert numbers.rows("gold.sums") == [(119,)]


@pytest.mark.parametrize("check", ["max(n) < 100", "no_hundreds"])
def test_a_failing_check_publishes_nothing_of_its_table(numbers, check):
    numbers.file("checks/no_hundreds.sql", "select * from silver.n where n >= 100")
    numbers.file("silver/n.sql", RULES.format(more=f"checks:\n  - count(*) > 0\n  - {check}\n"))
    numbers.ok()
    versions = {t: numbers.version(t) for t in ("silver.n", "gold.sums", "quarantine.silver.n")}
    numbers.file("data/2.csv", "n\n3\n4\n100\nbad\n")
    for _ in range(2):
        result = numbers.run("--json", rc=1)
        assert check in table_events(result)["silver.n"]["error"]["message"]
        assert {t: numbers.version(t) for t in versions} == versions
    assert len(numbers.rows("bronze.n")) == 11
    assert numbers.ok("show", "gold.sums", "--format", "csv").out.split() == ["total", "12"]
    numbers.file("data/2.csv", "n\n3\n4\nbad\n")
    numbers.ok()
    assert numbers.rows("gold.sums") == [(19,)]


@pytest.mark.parametrize("tolerate, rc", [("0", 1), ("1", 1), ("2", 0), ("20%", 1), ("30%", 0)])
def test_tolerate(numbers, tolerate, rc):
    """Two of seven rows are refused."""
    numbers.file("silver/n.sql", RULES.format(more="").replace("/* ingot\n", f"/* ingot\ntolerate: {tolerate}\n"))
    result = numbers.run(rc=rc)
    assert numbers.exists("silver.n") == (rc == 0)
    if rc:
        assert "tolerate" in result.err + result.out


@pytest.mark.parametrize("tolerate, rc", [("0", 1), ("1", 0)])
def test_tolerate_of_a_source(project, tolerate, rc):
    project.write("bronze/n.yml", f"from: {{files: data/n.csv, csv: {{header: true}}}}\ntolerate: {tolerate}\n")
    project.file("data/n.csv", "a,b\n1,2\n3\n4,5\n")
    result = project.run(rc=rc)
    if rc:
        assert "tolerate" in result.err + result.out
        assert not project.exists("bronze.n")


def test_a_key_that_is_not_unique_fails_its_table(numbers):
    numbers.file("silver/n.sql", "/* ingot\nkey: n\n*/\nselect n from bronze.n\n")
    result = numbers.run("--json", rc=1)
    message = table_events(result)["silver.n"]["error"]["message"]
    assert "key" in message and "7" in message
    assert not numbers.exists("silver.n") and numbers.exists("silver.other")


def test_a_key_that_repeats_across_loads_fails_its_table(numbers):
    numbers.file("data/1.csv", "n\n1\n2\n")
    numbers.file("silver/n.sql", "/* ingot\nkey: n\ncolumns:\n  n: integer\n*/\nselect n from bronze.n\n")
    numbers.ok()
    numbers.file("data/2.csv", "n\n3\n")
    numbers.ok()
    numbers.file("data/3.csv", "n\n4\n1\n")
    numbers.run(rc=1)
    assert numbers.rows("silver.n") == [(1,), (2,), (3,)]


def test_a_null_key_is_quarantined_with_latest(project):
    project.write("bronze/n.yml", "from: {files: data/n.csv, csv: {header: true}}")
    project.file("data/n.csv", "k,v\n1,10\n,11\n2,\n1,9\n2,5\n")
    project.file("silver/n.sql", "/* ingot\nkey: k\nlatest: v\ncolumns:\n  v: integer\n*/\nselect k, v from bronze.n\n")
    rows = table_events(project.ok("--json"))["silver.n"]["rows"]
    assert project.rows("silver.n") == [("1", 10), ("2", 5)]  # NULL loses
    assert rows["quarantined"] == 1 and rows["deduplicated"] == 2


def test_a_cast_in_the_select_quarantines_its_row_only(project):
    project.write("bronze/n.yml", "from: {files: data/*.csv, csv: {header: true}}")
    project.file("data/1.csv", "id,v\na,1\nb,two\nc,3\nd,\n")
    project.file("silver/n.sql", "select id, v::integer * 2 as twice from bronze.n where id <> 'c'")
    rows = reconciled(table_events(project.ok("--json")))["silver.n"]["rows"]
    assert project.rows("silver.n") == [("a", 2), ("d", None)]
    assert rows["quarantined"] == 1 and rows["filtered"] == 1
    [entry] = read_everywhere(project, "quarantine.silver.n")
    assert "twice" in entry["reason"] and "two" in entry["row"] and entry["_row"] == 2
    project.file("data/2.csv", "id,v\ne,five\nf,6\n")
    project.ok()
    assert project.rows("silver.n") == [("a", 2), ("d", None), ("f", 12)]
    assert len(project.rows("quarantine.silver.n")) == 2


def test_replay_after_the_contract_was_corrected(numbers):
    numbers.ok()
    numbers.file("silver/n.sql", RULES.format(more="").replace("n >= 1", "n >= 0"))
    numbers.ok("quarantine", "replay", "silver.n")
    assert numbers.rows("silver.n") == [(0,), (1,), (2,), (9,)]
    assert [r["rule"] for r in read_everywhere(numbers, "quarantine.silver.n")] == ["n: integer"]
    assert numbers.rows("gold.sums") == [(12,)]


def test_quarantine_command(numbers):
    numbers.ok()
    said = json.loads(numbers.ok("quarantine", "silver.n", "--format", "json").out)
    assert {(r["rule"], r["_row"]) for r in said} == {("at_least_one", 3), ("n: integer", 7)}
    assert [r["_row"] for r in json.loads(numbers.ok("quarantine", "silver.n", "--rule", "integer", "--format", "json").out)] == [7]


# ---- formats and loads ----


def test_parquet_keeps_its_types(project):
    import pyarrow
    import pyarrow.parquet

    frame = pyarrow.table({
        "id": pyarrow.array([1, 2, None], pyarrow.int64()), "small": pyarrow.array([1, -1, 7], pyarrow.int16()),
        "price": pyarrow.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")], pyarrow.decimal128(9, 2)),
        "day": pyarrow.array([datetime.date(2026, 11, 1), None, datetime.date(1999, 12, 31)]),
        "at": pyarrow.array([datetime.datetime(2026, 11, 1, 10, 0, 0, 123456), None, datetime.datetime(1969, 1, 1)], pyarrow.timestamp("us")),
        "at_utc": pyarrow.array([datetime.datetime(2026, 11, 1, 10), None, datetime.datetime(1969, 1, 1)], pyarrow.timestamp("us", tz="UTC")),
        "ratio": pyarrow.array([0.1, None, -1e300], pyarrow.float64()), "yes": pyarrow.array([True, None, False]),
        "name": pyarrow.array(["ä", "", None]), "bytes": pyarrow.array([b"\x00\xff", None, b""], pyarrow.binary()),
    })
    path = project.root / "data" / "x.parquet"
    path.parent.mkdir()
    pyarrow.parquet.write_table(frame, path)
    project.write("bronze/x.yml", "from: {files: data/*.parquet}")
    project.file("silver/x.sql", "/* ingot\nkey: id\n*/\nselect * from bronze.x where id is not null")
    project.file("gold/x.sql", "select count(*) as n, sum(price) as price, max(x.at) as last from silver.x")
    project.ok()
    read = read_everywhere(project, "bronze.x")
    assert pick(read, *frame.column_names) == ordered(zip(*(frame.column(c).to_pylist() for c in frame.column_names)))
    assert sorted(r["_row"] for r in read) == [1, 2, 3]
    assert len(read_everywhere(project, "silver.x")) == 2
    assert pick(read_everywhere(project, "gold.x"), "n", "price", "last") == [(2, decimal.Decimal("1.5"), datetime.datetime(2026, 11, 1, 10, 0, 0, 123456))]
    assert project.commit("bronze.x", 0)  # the first commit is readable JSON


def test_json_values_keep_their_text(project):
    project.write("bronze/j.yml", "from: {files: data/*.json}")
    project.file("data/a.json", '[{"n": 1.50, "big": 12345678901234567890, "o": {"a": [1, 2]}, "s": "\\u00e4\\n"},\n {"n": null, "extra": true}]')
    project.file("data/b.json", '{"n": 1}\n{"n": "1"}')
    project.ok()
    read = read_everywhere(project, "bronze.j")
    rows = {(pathlib.Path(r["_file"]).name, r["_row"]): r for r in read}
    assert len(rows) == 4
    first = rows["a.json", 1]
    assert (first["n"], first["big"], first["s"]) == ("1.50", "12345678901234567890", "ä\n") and json.loads(first["o"]) == {"a": [1, 2]}
    assert (rows["a.json", 2]["n"], rows["a.json", 2]["extra"], rows["b.json", 1]["n"], rows["b.json", 2]["n"]) == (None, "true", "1", "1")


@pytest.mark.parametrize("ending", ["csv.gz", "csv.zst"])
def test_compressed_files(project, ending):
    import gzip

    import pyarrow

    text = ("id,v\n" + "".join(f"{i},x{i % 7}\n" for i in range(5000))).encode()
    project.write("bronze/z.yml", f"from: {{files: data/*.{ending}}}")
    project.file(f"data/z.{ending}", gzip.compress(text) if ending.endswith("gz") else pyarrow.Codec("zstd").compress(text).to_pybytes())
    project.ok()
    assert project.rows("bronze.z", columns=["_row", "id", "v"]) == [(i + 1, str(i), f"x{i % 7}") for i in range(5000)]


def test_load_replace_is_what_the_files_hold_now(project):
    project.write("bronze/p.yml", "from: {files: data/*.csv, csv: {header: true}}\nload: replace\n")
    project.file("silver/p.sql", "/* ingot\nkey: id\n*/\nselect id, v from bronze.p")
    project.file("data/a.csv", "id,v\n1,a\n2,b\n")
    project.file("data/b.csv", "id,v\n3,c\n")
    project.ok()
    project.file("data/a.csv", "id,v\n1,A\n4,d\n")
    project.ok()
    assert project.rows("silver.p") == [("1", "A"), ("3", "c"), ("4", "d")]
    project.remove("data/b.csv")
    project.ok()
    assert project.rows("silver.p") == [("1", "A"), ("4", "d")]
    assert project.rows("bronze.p", columns=["id", "_file", "_row"]) == [("1", "data/a.csv", 1), ("4", "data/a.csv", 2)]


def test_load_upsert(project):
    project.write("bronze/p.yml", "from: {files: data/*.csv, csv: {header: true}}\nload: upsert\nkey: id\nlatest: at\n")
    project.file("data/a.csv", "id,at,v\n1,2026-01-02,a\n2,2026-01-02,b\n")
    project.ok()
    project.file("data/b.csv", "id,at,v\n2,2026-01-03,B\n3,2026-01-01,c\n1,2026-01-01,old\n2,2026-01-01,older\n")
    rows = reconciled(table_events(project.ok("--json")))["bronze.p"]["rows"]
    assert (rows["inserted"], rows["replacing"], rows["deduplicated"]) == (1, 1, 2)
    assert project.rows("bronze.p", columns=["id", "v", "_file"]) == [("1", "a", "data/a.csv"), ("2", "B", "data/b.csv"), ("3", "c", "data/b.csv")]


@pytest.mark.parametrize("changed", ["id,v\n1,A\n", "id,v\n9,i\n", "id,v\n1,A\n9,i\n"])
def test_upsert_of_a_file_that_was_changed(project, changed):
    """Its rows are replaced: those that it does not hold any more leave, whichever other rows stand beside them."""
    project.write("bronze/p.yml", "from: {files: data/*.csv, csv: {header: true}}\nload: upsert\nkey: id\n")
    project.file("data/a.csv", "id,v\n1,a\n2,b\n")
    project.file("data/b.csv", "id,v\n3,c\n")
    project.ok()
    project.file("data/a.csv", changed)
    reconciled(table_events(project.ok("--json")))
    expected = [tuple(line.split(",")) for line in changed.split()[1:]] + [("3", "c")]
    assert project.rows("bronze.p", columns=["id", "v"]) == sorted(expected)


def test_a_file_that_vanished_keeps_its_rows(project):
    project.write("bronze/n.yml", "from: {files: data/*.csv, csv: {header: true}}")
    project.file("data/1.csv", "n\n1\n")
    project.file("data/2.csv", "n\n2\n")
    project.ok()
    project.remove("data/1.csv")
    project.file("data/3.csv", "n\n3\n")
    project.ok()
    assert project.rows("bronze.n", columns=["n"]) == [("1",), ("2",), ("3",)]


def test_the_same_content_under_another_path(project):
    project.write("bronze/n.yml", "from: {files: data/*.csv}")
    project.write("bronze/once.yml", "from: {files: data/*.csv, identity: content}")
    project.file("data/1.csv", "n\n1\n")
    project.ok()
    project.file("data/2.csv", "n\n1\n")
    result = project.ok()
    assert "data/2.csv" in result.err + result.out
    assert len(project.rows("bronze.n")) == 2 and len(project.rows("bronze.once")) == 1


def test_a_change_that_keeps_size_and_almost_the_time(project):
    project.write("bronze/n.yml", "from: {files: data/n.csv}")
    project.file("data/n.csv", "n\n1\n")
    project.ok()
    project.file("data/n.csv", "n\n2\n")
    project.ok()
    assert project.rows("bronze.n", columns=["n"]) == [("2",)]


def test_hive_folders_become_columns(project):
    project.write("bronze/d.yml", "from: {files: 'data/**/*.csv', csv: {header: true}}")
    project.file("data/day=2026-11-01/country=de/a.csv", "n\n1\n2\n")
    project.file("data/day=2026-11-02/country=a%20b/a.csv", "n\n3\n")
    project.file("data/day=2026-11-02/country=__HIVE_DEFAULT_PARTITION__/a.csv", "n\n4\n")
    project.ok()
    assert project.rows("bronze.d", columns=["n", "day", "country"]) == [
        ("1", "2026-11-01", "de"), ("2", "2026-11-01", "de"), ("3", "2026-11-02", "a b"), ("4", "2026-11-02", None)]
    read_everywhere(project, "bronze.d")


def test_partitioned_tables_read_the_same_everywhere(project):
    project.write("bronze/d.yml", "from: {files: 'data/*.csv', csv: {header: true}}")
    project.file("data/a.csv", "id,day,kind,version\n1,2026-11-01,a b/c,1\n2,2026-11-02,ä=%,1\n3,,,1\n4,2026-11-01,a b/c,1\n")
    project.file("silver/d.sql", "/* ingot\nkey: id\nlatest: version\npartition_by: [day, kind]\ncolumns:\n  id: bigint not null\n  day: date\n  version: integer\n*/\nselect id, day, kind, version from bronze.d")
    project.ok()
    expected = [(1, datetime.date(2026, 11, 1), "a b/c"), (2, datetime.date(2026, 11, 2), "ä=%"), (3, None, None), (4, datetime.date(2026, 11, 1), "a b/c")]
    assert pick(read_everywhere(project, "silver.d"), "id", "day", "kind") == ordered(expected)
    project.file("data/b.csv", "id,day,kind,version\n1,2026-11-03,z,2\n5,2026-11-01,a b/c,1\n")
    project.ok()
    expected = [(1, datetime.date(2026, 11, 3), "z"), *expected[1:], (5, datetime.date(2026, 11, 1), "a b/c")]
    assert pick(read_everywhere(project, "silver.d"), "id", "day", "kind") == ordered(expected)


# ---- drift ----


def test_drift_evolve_adds_columns(project):
    project.write("bronze/n.yml", "from: {files: data/*.csv, csv: {header: true}}")
    project.file("silver/n.sql", "select * exclude (_file, _row, _load, _loaded_at) from bronze.n")
    project.file("data/1.csv", "a,b\n1,2\n")
    project.ok()
    project.file("data/2.csv", "b,c\n3,4\n")
    project.ok()
    assert pick(read_everywhere(project, "silver.n"), "a", "b", "c") == ordered([("1", "2", None), (None, "3", "4")])


def test_drift_freeze_refuses_the_file(project):
    project.write("bronze/n.yml", "from: {files: data/*.csv, csv: {header: true}}\ndrift: freeze\n")
    project.file("data/1.csv", "a,b\n1,2\n")
    project.ok()
    project.file("data/2.csv", "a,b,c\n3,4,5\n")
    project.file("data/3.csv", "b,a\n7,6\n")
    result = project.run(rc=1)
    assert "data/2.csv" in result.err + result.out and "'c'" in result.err + result.out
    assert project.rows("bronze.n", columns=["a", "b"]) == [("1", "2"), ("6", "7")]


def test_drift_rescue_keeps_values_as_json(project):
    project.write("bronze/n.yml", "from: {files: data/*.csv, csv: {header: true}}\ndrift: rescue\n")
    project.file("data/1.csv", "a,b\n1,2\n")
    project.ok()
    project.file("data/2.csv", 'a,c,d\n3,"say ""hi""",\n')
    project.ok()
    rows = read_everywhere(project, "bronze.n")
    assert pick(rows, "a", "b") == ordered([("1", "2"), ("3", None)])
    rescued = [json.loads(r["_rescued"]) for r in rows if r["_rescued"]]
    assert [r["c"] for r in rescued] == ['say "hi"']
