"""Several runs over one lake at the same time: as if one had done it all."""

import random
import threading
import time

import pytest

from feed import Feed, assert_each_source_row_once, contents, deliver, write_project
from readers import same, table_events

SEED = random.SystemRandom().randrange(2**32)


@pytest.mark.parametrize("runs, rounds", [(2, 12), (8, 4)])
def test_runs_at_the_same_time(make_project, runs, rounds):
    print(f"SEED={SEED}")
    project = write_project(make_project("shared"))
    feed = Feed(random.Random(SEED))
    for _ in range(rounds):
        for _ in range(3):
            deliver(project, feed.next())
        started = [project.popen("run") for _ in range(runs)]
        deliver(project, feed.next())  # while they run
        for run in started:
            out, err = run.communicate(timeout=120)
            text = (out + err).decode()
            assert run.returncode in (0, 4), f"exit code {run.returncode}, SEED={SEED}\n{text}"
            if run.returncode == 4:
                assert "other writers were faster" in text and "run again" in text, text
            else:
                assert "up to date" in text, text
    project.ok()
    alone = write_project(make_project("alone"))
    for path in sorted((project.root / "data").rglob("*.*")):
        alone.file(path.relative_to(project.root), path.read_bytes())
    alone.ok()
    assert_each_source_row_once(project)
    got, expected = contents(project), contents(alone)
    for table, rows in expected.items():
        same(got[table], rows, f"{table}, SEED={SEED}")


def test_the_first_run_twice(make_project):
    """Two runs make the same tables: nobody has claimed anything yet."""
    for attempt in range(5):
        project = write_project(make_project(f"new-{attempt}"))
        feed = Feed(random.Random(attempt))
        for _ in range(4):
            deliver(project, feed.next())
        started = [project.popen("run", "--json") for _ in range(2)]
        for run in started:
            out, err = run.communicate(timeout=60)
            assert run.returncode in (0, 4), (out + err).decode()
        project.ok()
        assert_each_source_row_once(project)


def test_readers_while_runs_go_on(make_project):
    """A reader that asks again and again never sees half of a run."""
    project = write_project(make_project("read"))
    feed = Feed(random.Random(SEED))
    deliver(project, feed.next())
    project.ok()
    stop = threading.Event()
    problems = []

    def read():
        query = "select (select coalesce(sum(orders), 0) from gold.sales) - (select count(*) from silver.orders) as difference"
        while not stop.is_set():
            result = project.ingot("show", "-q", query, "--format", "csv")
            if result.rc != 0 or result.out.split() != ["difference", "0"]:
                problems.append(result)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(15):
            deliver(project, feed.next())
            project.ok()
    finally:
        stop.set()
        reader.join()
    assert not problems, f"SEED={SEED}\n{problems[0]}"
