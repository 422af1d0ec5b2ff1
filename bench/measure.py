#!/usr/bin/env python3
"""Runs the benchmarks of bench/run and prints one table. Times are of whole processes; peak memory is ru_maxrss, which a
child inherits from its parent until exec: so this process stays small, and DuckDB is only used in children of its own."""
import os, resource, shutil, statistics, subprocess, sys, time

WHAT, SCALE, WORK = sys.argv[1], float(sys.argv[2]), os.path.abspath(sys.argv[3])
HERE = os.path.dirname(os.path.abspath(__file__))
INGOT = os.environ.get("INGOT_BIN", os.path.join(HERE, "..", "build", "ingot"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def measure(command, env=None, cwd=None):
    """(wall seconds, cpu seconds, peak MB) of one process."""
    start = time.monotonic()
    p = subprocess.Popen(command, env={**os.environ, **(env or {})}, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - start
    if status != 0:
        sys.exit(f"{command} failed:\n{out.decode(errors='replace')[-4000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def best(runs):
    return tuple(statistics.median(r[i] for r in runs) for i in range(3))


def line(name, m, base=None):
    ratio = f"   {m[0] / base[0]:5.2f} x wall   {m[1] / base[1]:5.2f} x cpu   {m[2] / base[2]:5.2f} x memory" if base else ""
    print(f"  {name:<44} {m[0]:9.3f} s wall {m[1]:8.3f} s cpu {m[2]:8.0f} MB{ratio}", flush=True)


def full():
    raw = f"{WORK}/raw-{SCALE:g}"
    if not os.path.exists(f"{raw}/done"):
        shutil.rmtree(raw, ignore_errors=True)
        subprocess.check_call([sys.executable, f"{HERE}/generate.py", raw, str(SCALE)])
        open(f"{raw}/done", "w").close()
    size = sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(raw) for f in fs)
    print(f"full: {size / 1e6:.0f} MB of raw CSV and JSON, {ROUNDS} rounds in turn, medians")
    lake, out = f"{WORK}/lake", f"{WORK}/baseline"
    env = {"BENCH_RAW": raw, "BENCH_LAKE": lake}
    mine, plain, tuned = [], [], []
    for _ in range(ROUNDS):
        shutil.rmtree(lake, ignore_errors=True)
        mine.append(measure([INGOT, "-C", f"{HERE}/retail", "run"], env))
        plain.append(measure([sys.executable, f"{HERE}/baseline.py", raw, out]))
        tuned.append(measure([sys.executable, f"{HERE}/baseline.py", raw, out, "--tuned"]))
    line("DuckDB script, zstd", best(plain))
    line("DuckDB script, ingot's writer settings", best(tuned), best(plain))
    line("ingot run", best(mine), best(plain))
    again = best([measure([INGOT, "-C", f"{HERE}/retail", "run"], env) for _ in range(ROUNDS)])
    line("ingot run, nothing to do", again, best(plain))
    compare(lake, out)


COMPARE = """
import sys, duckdb
from deltalake import DeltaTable
lake, out = sys.argv[1:]
for table in ("daily_sales", "customer_ltv", "country_month"):
    ours = DeltaTable(f"{lake}/gold/{table}").to_pyarrow_table()
    con = duckdb.connect()
    con.register("ours", ours)
    theirs = f"'{out}/gold_{table}.parquet'"
    differ = con.execute(f"SELECT (SELECT count(*) FROM (SELECT * FROM ours EXCEPT ALL SELECT * FROM {theirs})) + "
                         f"(SELECT count(*) FROM (SELECT * FROM {theirs} EXCEPT ALL SELECT * FROM ours))").fetchone()[0]
    print(f"  gold.{table}: {ours.num_rows} rows, {differ} differ")
"""


def compare(lake, out):
    """The same gold on both sides, read by another program than ours."""
    sys.stdout.flush()
    subprocess.check_call([sys.executable, "-c", COMPARE, lake, out])


def chain_project(folder, sources, models, files):
    """`sources` bronze tables with `files` files each, `models` models of 15 columns in layers."""
    shutil.rmtree(folder, ignore_errors=True)
    for d in ("bronze", "silver", "gold", "raw"):
        os.makedirs(f"{folder}/{d}")
    with open(f"{folder}/ingot.yml", "w") as f:
        f.write("name: many\ntarget: dev\ntargets:\n  dev: {lake: ./lake}\n")
    columns = [f"c{i}" for i in range(15)]
    for s in range(sources):
        with open(f"{folder}/bronze/s{s}.yml", "w") as f:
            f.write(f"from: {{files: raw/s{s}/*.csv}}\n")
        os.makedirs(f"{folder}/raw/s{s}")
        for n in range(files):
            with open(f"{folder}/raw/s{s}/{n:03d}.csv", "w") as f:
                f.write(",".join(columns) + "\n" + "".join(",".join(str(n * 10 + r) for _ in columns) + "\n" for r in range(5)))
    for m in range(models):
        source = f"bronze.s{m % sources}" if m < models // 2 else f"silver.m{m - models // 2}"
        layer = "silver" if m < models * 3 // 4 else "gold"
        contract = "".join(f"  c{i}: bigint\n" for i in range(5))
        select = ", ".join(f"c{i} + {m} as c{i}" if i == 7 and m >= models // 2 else f"c{i}" for i in range(15)) if m < models // 2 else \
            ", ".join(f"c{i}" for i in range(15))
        with open(f"{folder}/{layer}/m{m}.sql", "w") as f:
            f.write(f"/* ingot\ncolumns:\n{contract}*/\nselect {select}\nfrom {source}\nwhere c3 is not null\n")


def noop():
    print(f"noop: nothing to do, {5 * ROUNDS} rounds, medians")
    version = best([measure([INGOT, "--version"]) for _ in range(5 * ROUNDS)])
    line("ingot --version", version)
    for tables, sources, files in ((20, 4, 50), (100, 20, 10)):
        folder = f"{WORK}/noop-{tables}"
        chain_project(folder, sources, tables - sources, files)
        measure([INGOT, "-C", folder, "run"])
        m = best([measure([INGOT, "-C", folder, "run"]) for _ in range(5 * ROUNDS)])
        line(f"ingot run, {tables} tables, {sources * files} files", m, version)


def models():
    print(f"models: load and plan, {ROUNDS} rounds, medians")
    base = {}
    for n in (1000, 10000):
        folder = f"{WORK}/models-{n}"
        chain_project(folder, 10, n, 1)
        cold = []
        for _ in range(ROUNDS):
            shutil.rmtree(f"{folder}/.ingot", ignore_errors=True)
            cold.append(measure([INGOT, "-C", folder, "plan"]))
        warm = [measure([INGOT, "-C", folder, "plan"]) for _ in range(ROUNDS)]
        line(f"ingot plan, {n} models, cold", best(cold), base.get("cold"))
        line(f"ingot plan, {n} models, nothing changed", best(warm), base.get("warm"))
        base = {"cold": best(cold), "warm": best(warm)}


def memory():
    limit = 200
    folder, raw = f"{WORK}/memory", f"{WORK}/memory/raw/big"
    shutil.rmtree(folder, ignore_errors=True)
    for d in ("bronze", "silver", "gold"):
        os.makedirs(f"{folder}/{d}")
    os.makedirs(raw)
    rows = int(28_000_000 * SCALE)
    make = f"""COPY (SELECT range AS id, hash(range) % 1000 AS grp, hash(range + 1) AS a, hash(range + 2) AS b, '2026-01-01 00:00:00' AS updated_at
        FROM range({rows})) TO '{raw}/1.csv' (FORMAT csv, HEADER true)"""
    subprocess.check_call([sys.executable, "-c", "import duckdb, sys; duckdb.execute(sys.argv[1])", make])
    with open(f"{folder}/ingot.yml", "w") as f:
        f.write(f"name: big\ntarget: dev\ntargets:\n  dev: {{lake: ./lake}}\nengine: {{memory: {limit}MiB, threads: 2}}\n")
    with open(f"{folder}/bronze/big.yml", "w") as f:
        f.write("from: {files: raw/big/*.csv}\n")
    with open(f"{folder}/silver/big.sql", "w") as f:
        f.write("/* ingot\nkey: id\nlatest: updated_at\ncolumns:\n  id: bigint not null\n  updated_at: timestamp not null\n*/\nselect id, grp, a, b, updated_at from bronze.big\n")
    with open(f"{folder}/gold/groups.sql", "w") as f:
        f.write("select grp, count(*) as n from silver.big group by all\n")
    size = os.path.getsize(f"{raw}/1.csv") / 1e6
    print(f"memory: {size:.0f} MB of CSV, limit {limit} MiB")
    m = measure([INGOT, "-C", folder, "run"])
    line("ingot run", m)
    print(f"  peak over the limit: {m[2] - limit:.0f} MB")


for name, bench in (("full", full), ("noop", noop), ("models", models), ("memory", memory)):
    if WHAT in (name, "all"):
        bench()
