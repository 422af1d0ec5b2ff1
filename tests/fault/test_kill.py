"""Killed at any instant, the lake is whole; run again, nothing is missing and nothing is there twice.

KILLS=1000 kills more often, SEED=… repeats a sequence of files and instants."""

import os
import random
import signal
import time

from feed import Feed, assert_each_source_row_once, contents, deliver, write_project
from readers import ordered

KILLS = int(os.environ.get("KILLS", 200))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(2**32)))
FILES_A_ROUND = 25  # then the project starts anew, so that a run stays short


def test_killed_at_any_instant(make_project):
    print(f"SEED={SEED} KILLS={KILLS}")
    dice = random.Random(SEED)
    tally = {"killed": 0, "done": 0, "published": 0}
    rounds = 0
    while tally["killed"] + tally["done"] < KILLS:
        one_round(make_project, rounds, dice, tally)
        rounds += 1
    print(tally)
    assert tally["killed"] > 0.3 * KILLS, f"too few runs were hit in their midst: {tally}, SEED={SEED}"


def one_round(make_project, number, dice, tally):
    """Kills, with files arriving between; then a final run, compared with an undisturbed lake."""
    project = write_project(make_project(f"killed-{number}"))
    feed = Feed(dice)
    deliver(project, feed.next())
    started = time.monotonic()
    project.ok()
    usual = time.monotonic() - started
    last = versions(project)
    for _ in range(FILES_A_ROUND):
        if tally["killed"] + tally["done"] >= KILLS:
            break
        if dice.random() < 0.7:
            deliver(project, feed.next())
        usual = max(0.02, 0.7 * usual + 0.3 * kill_once(project, dice.uniform(0, 1.3 * usual), usual, tally))
        last = check_lake(project, last)
    undisturbed = write_project(make_project(f"undisturbed-{number}"))
    for path in sorted((project.root / "data").rglob("*.*")):
        undisturbed.file(path.relative_to(project.root), path.read_bytes())
    project.ok()
    undisturbed.ok()
    check_lake(project, last)
    assert_each_source_row_once(project)
    got, expected = contents(project), contents(undisturbed)
    for table, rows in expected.items():
        assert got[table] == rows, f"{table} differs from an undisturbed run, SEED={SEED}"
    # and there is nothing left to do
    newest = versions(project)
    project.ok()
    assert versions(project) == newest


def kill_once(project, after, usual, tally):
    """Starts a run and kills it after so many seconds; returns how long a run seems to take."""
    started = time.monotonic()
    run = project.popen("run")
    try:
        run.communicate(timeout=after)
        took = time.monotonic() - started
    except Exception:  # it is not done: now
        run.send_signal(signal.SIGKILL)
        out, err = run.communicate()
        took = usual
    if run.returncode == -signal.SIGKILL:
        tally["killed"] += 1
    else:
        assert run.returncode == 0, f"a run after a kill ended with {run.returncode}, SEED={SEED}"
        tally["done"] += 1
    return took


def logs(project):
    return sorted(p.parent for p in project.lake.glob("*/*/_delta_log"))


def versions(project):
    return {f"{p.parent.name}/{p.name}": max((int(f.stem) for f in (p / "_delta_log").glob("*.json") if f.stem.isdigit()), default=-1) for p in logs(project)}


def check_lake(project, last):
    """Every table that has a commit can be read by deltalake, never goes back, and its rows agree with its log."""
    from deltalake import DeltaTable

    now = versions(project)
    for name, version in now.items():
        assert version >= last.get(name, -1), f"{name} went back from {last.get(name)} to {version}"
        if version < 0:
            continue
        table = DeltaTable(str(project.lake / name))
        assert table.version() == version
        rows = table.to_pyarrow_table()
        records = sum(n for n in table.get_add_actions(flatten=True)["num_records"].to_pylist())
        assert rows.num_rows == records, f"{name} holds {rows.num_rows} rows, its log says {records}, SEED={SEED}"
        if name.startswith("bronze/"):
            places = list(zip(rows.column("_file").to_pylist(), rows.column("_row").to_pylist()))
            assert len(places) == len(set(places)), f"{name} holds a source row twice, SEED={SEED}"
        if name == "silver/orders":
            keys = rows.column("order_id").to_pylist()
            assert len(keys) == len(set(keys)), f"{name} holds a key twice, SEED={SEED}"
    shown(project)
    return now


def shown(project):
    """What ingot itself shows is one state of the whole lake: the sums of gold are those of silver."""
    query = ("select coalesce((select sum(orders) from gold.sales), 0) = (select count(*) from silver.orders) "
             "and coalesce((select sum(amount) from gold.sales), 0) = coalesce((select sum(amount) from silver.orders), 0) as agree")
    assert project.ok("show", "-q", query, "--format", "csv").out.split() == ["agree", "true"], f"SEED={SEED}"
