"""Ctrl-C and SIGTERM end a run within a second, and nothing of it is published."""

import signal
import time

import pytest

LONG = "select count(*) as n, sum(hash(a.i + b.i) % 1000) as h from (select unnest(range(200000)) as i from bronze.n) a, range(200000) b(i)\n"


def written(project):
    """Everything on the lake that a reader of tables goes by."""
    return {p.relative_to(project.lake): p.read_bytes() for p in sorted(project.lake.rglob("*.json"))
            if "_delta_log" in p.parts or "log" in p.parts}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.4, 1.5])
@pytest.mark.parametrize("json", [False, True])
def test_signal_ends_a_long_run(project, number, after, json):
    project.write("bronze/n.yml", "from: {files: data/*.csv}")
    project.file("data/1.csv", "n\n1\n")
    project.file("silver/quick.sql", "select n from bronze.n\n")
    project.ok()
    project.file("silver/long.sql", LONG)
    project.file("gold/late.sql", "select * from silver.long\n")
    project.file("data/2.csv", "n\n2\n")
    before = written(project)
    run = project.popen("run", *(["--json"] if json else []))
    time.sleep(after)  # the instant is what is tested: early in the run, and in the midst of the long statement
    assert run.poll() is None, "the long run is not long enough"
    run.send_signal(number)
    sent = time.monotonic()
    out, err = run.communicate(timeout=20)
    took = time.monotonic() - sent
    assert run.returncode == 130, (out + err).decode()
    assert took < 1.0, f"it took {took:.2f} s to stop"
    assert "interrupted" in err.decode()
    assert written(project) == before
    project.remove("silver/long.sql")
    project.remove("gold/late.sql")
    project.ok()
    assert project.rows("silver.quick") == [("1",), ("2",)]


def test_a_long_load_stops_too(project):
    project.write("bronze/n.yml", "from: {files: data/*.csv, csv: {header: true}}")
    line = b"1,2,3,4,some text that is not short,more of it\n"
    block = line * 200_000
    path = project.file("data/big.csv", b"a,b,c,d,e,f\n")
    with path.open("ab") as f:
        for _ in range(60):
            f.write(block)
    run = project.popen("run")
    time.sleep(0.7)
    assert run.poll() is None, "the load is not long enough"
    run.send_signal(signal.SIGTERM)
    sent = time.monotonic()
    out, err = run.communicate(timeout=20)
    assert run.returncode == 130, (out + err).decode()
    assert time.monotonic() - sent < 1.0
    assert not project.exists("bronze.n")
