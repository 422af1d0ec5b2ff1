"""That incremental equals full: small random projects, random changes of their files and models, and after each run
every published table, and what it refused, compared as multisets

  - with a lake built in full from the same raw files in one run, and
  - with the same meaning computed by DuckDB in Python from the inputs as deltalake reads them (the model's SELECT,
    the contract, the rules, key, latest, deleted), and bronze computed in Python from the bytes of the files.

The row account of each table must add up, and of a table built in full it must be the one that was computed.

    SEQUENCES=500 SEED=1 pytest tests/property/test_incremental.py     a sequence has the seed SEED + its number
    SECONDS_LIMIT=1200 pytest …                                              as many as fit (default: 120)

A failure tells the seed, the project's files and the steps; SEQUENCES=1 SEED=<seed> repeats it.
"""

import collections
import csv
import datetime
import decimal
import gzip
import io
import json
import os
import random
import shutil
import signal
import time

import pytest

pytestmark = pytest.mark.timeout(0) if hasattr(pytest.mark, "timeout") else []

SETTINGS = "name: test\ntarget: dev\ntargets:\n  dev: {lake: ./lake}\nengine: {memory: 500MB, threads: 2}\n"
TERMS = ("inserted", "replacing", "unchanged", "quarantined", "dropped", "deduplicated", "deleted")


# ---- sources -----------------------------------------------------------------------------------------------------

class Source:
    """A folder of files and the load that the run should make of it."""

    def __init__(self, name, form, load, latest=None):
        self.name, self.form, self.load, self.latest = name, form, load, latest
        self.files = {}    # name -> (columns, records) as they are on disk; a record is a dict, or text that is malformed
        self.loaded = {}   # the same, as the lake should have them
        self.order = {}    # file -> number of the load that brought it
        self.loads = self.files_made = 0

    def text(self):
        out = f"from:\n  files: data/{self.name}/*.{self.form}\n"
        if self.form == "csv":
            out += '  csv: {delimiter: ",", header: true}\n'
        out += f"load: {self.load}\n"
        if self.load == "upsert":
            out += "key: id\n" + (f"latest: {self.latest}\n" if self.latest else "")
        return out

    def bytes(self, columns, records):
        if self.form == "ndjson":
            lines = [r if isinstance(r, str) else json.dumps({c: r.get(c) for c in columns}) for r in records]
            return "".join(line + "\n" for line in lines).encode()
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        for r in records:
            if isinstance(r, str):
                out.write(r + "\n")
            else:
                writer.writerow(["" if r.get(c) is None else r[c] for c in columns])
        return out.getvalue().encode()

    def settle(self):
        """A run that reads this source ends: what is on disk has been loaded."""
        self.loads += 1
        for file, content in self.files.items():
            if self.loaded.get(file) != content:
                self.order[file] = self.loads
        self.loaded = dict(self.files) if self.load == "replace" else {**self.loaded, **self.files}

    def rows(self):
        """The table's rows as dicts without the identity of the load, and (file, row) of malformed records."""
        good, bad = [], []
        columns = set()
        for file in sorted(self.loaded):
            names, records = self.loaded[file]
            columns.update(names)
            for i, r in enumerate(records, 1):
                path = f"data/{self.name}/{file}"
                if isinstance(r, str):
                    bad.append((path, i, "malformed"))
                else:
                    good.append({**{c: r.get(c) for c in names}, "_file": path, "_row": i})
        for r in good:
            for c in columns:
                r.setdefault(c, None)
        if self.load == "upsert":
            def place(r):
                latest = r[self.latest] if self.latest else ""
                return (latest is not None, latest or "", self.order[r["_file"].rsplit("/", 1)[1]], r["_file"], r["_row"])
            best = {}
            for r in good:
                if r["id"] not in best or place(r) > place(best[r["id"]]):
                    best[r["id"]] = r
            good = list(best.values())
        return good, bad


# ---- models ------------------------------------------------------------------------------------------------------

class Model:
    """One SELECT with its front matter; `columns` are (name, type, not null, check, references)."""

    def __init__(self, table, sql, columns=(), rules=(), key=(), latest=None, deleted=None, partition_by=None, checks=(), guarded=None):
        self.table, self.sql, self.columns, self.rules, self.key = table, sql, list(columns), list(rules), list(key)
        self.latest, self.deleted, self.partition_by, self.checks = latest, deleted, partition_by, list(checks)
        self.guarded = guarded  # what the SELECT is for DuckDB where a plain one ends on a bad cast: with __error
        self.layer, self.stem = table.split(".")

    def text(self):
        front = []
        if self.key:
            front.append(f"key: [{', '.join(self.key)}]")
        if self.latest:
            front.append(f"latest: {self.latest}")
        if self.deleted:
            front.append(f"deleted: {self.deleted}")
        if self.partition_by:
            front.append(f"partition_by: {self.partition_by}")
        if self.columns:
            front.append("columns:")
        for name, kind, not_null, check, parent in self.columns:
            front.append(f"  {name}: {kind}" + (" not null" if not_null else "") + (f" check ({check})" if check else "")
                         + (f" references {parent}" if parent else ""))
        if self.rules:
            front.append("rules:")
        for name, rule, ending in self.rules:
            front.append(f"  {name}: {rule}" + (f" else {ending}" if ending else ""))
        if self.checks:
            front.append("checks:")
        front += [f"  - {check}" for check in self.checks]
        return ("/* ingot\n" + "\n".join(front) + "\n*/\n" if front else "") + self.sql + "\n"

    # ---- its meaning, in DuckDB ----

    CASTS = {
        "bigint": ("regexp_full_match({x}, '[+-]?[0-9]+')", "try_cast({x} as bigint)"),
        "decimal(10,2)": (r"regexp_full_match({x}, '[+-]?([0-9]+\.?[0-9]{{0,2}}0*|\.[0-9]{{1,2}}0*)')", "try_cast({x} as decimal(10,2))"),
        "varchar": ("true", "{x}"),
    }

    def judge(self, connection, parents):
        """Tables judged (accepted rows with all columns) and refused (rule); the counts by fate."""
        sql = self.guarded or self.sql
        names = [d[0] for d in connection.execute(f"select * from ({sql}) limit 0").description]
        types = dict(zip(names, [str(d[1]) for d in connection.description]))
        error = "__error" in names
        names = [n for n in names if n != "__error"]
        typed, tests = [], []
        if error:
            tests.append(("expression error", "__error is not null", "quarantine"))
        contracted = {c[0]: c for c in self.columns}
        for n in names:
            kind = contracted[n][1] if n in contracted else None
            if kind and types[n] in ("VARCHAR", "STRING"):
                plain, cast = (part.format(x=f'm."{n}"') for part in self.CASTS[kind])
                typed.append(f'case when {plain} then {cast} end as "{n}", m."{n}" as "__raw_{n}"')
            else:
                typed.append(f'm."{n}"' + (f', m."{n}" as "__raw_{n}"' if kind else ""))
        for name, kind, not_null, check, parent in self.columns:
            tests.append((f"{name}: {kind}", f'"__raw_{name}" is not null and "{name}" is null', "quarantine"))
            if not_null:
                tests.append((f"{name}: not null", f'"{name}" is null', "quarantine"))
            if check:
                tests.append((f"{name}: check", f"({check}) is false", "quarantine"))
            if parent:
                table, key = parents[parent]
                tests.append((f"{name}: references {parent}",
                              f'"{name}" is not null and not exists (select 1 from {table} p where p."{key}" = t."{name}")', "quarantine"))
        tests += [("key: not null", f'"{k}" is null', "quarantine") for k in self.key]
        tests += [(name, f"({rule}) is false", ending or "quarantine") for name, rule, ending in self.rules]
        fate = "".join(f" when {fails} then {i}" for i, (_, fails, action) in enumerate(tests) if action != "warn")
        fate = f"case{fate} end" if fate else "null"
        more = ", __error" if error else ""
        connection.execute(f"create or replace temp table judged as select t.*, cast({fate} as integer) as __fate from "
                           f"(select {', '.join(typed)}{more} from ({sql}) m) t")
        columns = ", ".join(f'"{n}"' for n in names)
        counts = collections.Counter(yielded=connection.execute("select count(*) from judged").fetchone()[0])
        refused = collections.Counter()
        for i, n in connection.execute("select __fate, count(*) from judged where __fate is not null group by 1").fetchall():
            rule, _, action = tests[i]
            counts["quarantined" if action == "quarantine" else "dropped"] += n
            if action == "quarantine":
                refused[rule] += n
        accepted = f"select {columns} from judged where __fate is null"
        if not self.latest:
            rows = connection.execute(accepted).fetchall()
            counts["inserted"] = len(rows)
            return names, rows, refused, counts
        order = ", ".join(f'"{n}" desc nulls last' for n in [self.latest, *names])
        keys = ", ".join(f'"{k}"' for k in self.key)
        winners = f"select * from ({accepted}) qualify row_number() over (partition by {keys} order by {order}) = 1"
        gone = f"coalesce(({self.deleted}), false)" if self.deleted else "false"
        n_accepted = connection.execute(f"select count(*) from ({accepted})").fetchone()[0]
        n_winners, n_gone = connection.execute(f"select count(*), count(*) filter ({gone}) from ({winners})").fetchone()
        rows = connection.execute(f"select * from ({winners}) where not {gone}").fetchall()
        counts.update(inserted=len(rows), deleted=n_gone, deduplicated=n_accepted - n_winners)
        return names, rows, refused, counts


WITH_OP = ("plain", "star", "keyed", "guarded", "latest", "gone", "guarded_latest", "reference", "both", "distinct_ones")
COLUMNS = ["id", "cust", "amount", "ver", "op", "note"]


def contract(rng, names, parent=None):
    kinds = {"id": "bigint", "cust": "bigint", "amount": "decimal(10,2)", "ver": "bigint", "op": "varchar", "note": "varchar"}
    out = []
    for n in names:
        if n not in kinds or (n not in ("id", "ver") and rng.random() < 0.3 and not (n == "cust" and parent)):
            continue
        check = {"amount": "amount >= 0", "id": "id < 8", "op": "op in ('U', 'D')"}.get(n) if rng.random() < 0.4 else None
        out.append((n, kinds[n], n == "id" or rng.random() < 0.2, check, parent if n == "cust" else None))
    return out


def some_rules(rng, typed):
    choices = [("no_x", "note <> 'x'", "drop"), ("no_y", "note <> 'y'", None), ("no_z", "note <> 'z'", "warn")]
    if typed:
        choices.append(("small", "amount < 50", None))
    return [r for r in choices if rng.random() < 0.35]


def where(rng):
    return rng.choice(["", "", " where op <> 'D'", " where note is not null", " where length(note) < 2 or op = 'U'"])


class Case:
    """A project, what it should be, and how it changes."""

    def __init__(self, seed):
        self.seed = seed
        rng = self.rng = random.Random(seed)
        self.steps = []
        self.version = 0
        self.drifted = []
        form = lambda: rng.choice(["csv", "csv", "ndjson"])
        self.sources = {
            "orders": Source("orders", form(), rng.choice(["append", "append", "append", "replace"])),
            "more": Source("more", form(), rng.choice(["append", "replace"])),
            "dims": Source("dims", form(), "upsert", rng.choice([None, "ver"])),
        }
        self.models = {}
        self.make_models()
        for source in self.sources.values():
            for _ in range(rng.randint(1, 2)):
                self.add_file(source)

    def say(self, text):
        self.steps.append(text)

    # ---- what the models are ----

    def add(self, table, sql, **front):
        rng = self.rng
        checks = [c for c in ("count(*) >= 0", f"none_{table.split('.')[1]}") if rng.random() < 0.25]
        self.models[table] = Model(table, sql, checks=checks, **front)

    def make_models(self):
        rng = self.rng
        all_columns = ", ".join(COLUMNS)
        part = lambda: rng.choice([None, None, None, "op"])

        def plain():
            typed = contract(rng, COLUMNS)
            self.add("silver.plain", f"select {all_columns} from bronze.orders{where(rng)}", columns=typed,
                     rules=some_rules(rng, any(c[0] == "amount" for c in typed)), partition_by=part())

        def star():
            self.add("silver.star", "select * exclude (_file, _row, _load, _loaded_at) from bronze.orders" + where(rng), partition_by=part())

        def keyed():
            self.add("silver.keyed", f"select _file as f, _row as r, {all_columns} from bronze.orders{where(rng)}", key=["f", "r"],
                     columns=contract(rng, COLUMNS), partition_by=part())

        def guarded():
            sql = "select id, cast(amount as decimal(10,2)) as amount, upper(note) as note, op from bronze.orders"
            self.add("silver.guarded", sql, rules=[("small", "amount < 50", None)] if rng.random() < 0.5 else [("any", "true", None)],
                     guarded="select id, try_cast(amount as decimal(10,2)) as amount, upper(note) as note, op, "
                             "case when amount is not null and try_cast(amount as decimal(10,2)) is null then 'amount' end as __error from bronze.orders")

        def latest(name="latest", source="orders", deleted=False, parent=None):
            key = rng.choice([["id"], ["id"], ["id", "cust"]]) if name != "latest" else ["id"]
            typed = contract(rng, COLUMNS, parent)
            if len(key) > 1 and not any(c[0] == "cust" for c in typed):
                key = ["id"]
            self.add(f"silver.{name}", f"select {all_columns} from bronze.{source}{where(rng) if not deleted else ''}", key=key, latest="ver", columns=typed,
                     deleted="op = 'D'" if deleted else None, rules=some_rules(rng, any(c[0] == "amount" for c in typed)), partition_by=part())

        def guarded_latest():
            sql = ("select cast(id as bigint) as id, cast(cust as bigint) as cust, ver, op, note from bronze.orders", )[0]
            bad = " ".join(f"when {c} is not null and try_cast({c} as bigint) is null then '{c}'" for c in ("id", "cust"))
            deleted = rng.random() < 0.5
            self.add("silver.guarded_latest", sql, key=["id"], latest="ver", columns=[("ver", "bigint", False, None, None)], deleted="op = 'D'" if deleted else None,
                     guarded=f"select try_cast(id as bigint) as id, try_cast(cust as bigint) as cust, ver, op, note, case {bad} end as __error from bronze.orders")

        def reference():
            if "silver.latest" not in self.models:
                latest("latest", rng.choice(["orders", "more"]), rng.random() < 0.5)
            typed = [("cust", "bigint", False, None, "silver.latest"), ("id", "bigint", True, None, None), ("ver", "bigint", False, None, None)]
            keyed_by = rng.random() < 0.6
            self.add("silver.reference", f"select {all_columns} from bronze.{rng.choice(['orders', 'more'])}", columns=typed,
                     key=["id"] if keyed_by else [], latest="ver" if keyed_by else None, deleted="op = 'D'" if keyed_by and rng.random() < 0.5 else None)

        def joined():
            kind = rng.choice(["join", "left join"])
            self.add("silver.joined", f"select o.id, o.amount, o.note, d.name, d.ver as dver from bronze.orders o {kind} bronze.dims d on o.cust = d.id",
                     columns=[("amount", "decimal(10,2)", False, None, None)] if rng.random() < 0.6 else [])

        def union():
            some = ", ".join(COLUMNS)
            self.add("silver.both", f"select {some} from bronze.orders{where(rng)} union all select {some} from bronze.more{where(rng)}",
                     columns=contract(rng, COLUMNS) if rng.random() < 0.6 else [], partition_by=part())

        def twice():
            self.add("silver.twice", "select id, note from bronze.orders where op = 'U' union all select cust, note from bronze.orders where op = 'D'")

        def grouped():
            self.add("silver.grouped", "select cust, count(*) as n, max(note) as top, count(distinct op) as ops from bronze.orders group by cust",
                     key=["cust"] if rng.random() < 0.3 else [])

        def windowed():
            self.add("silver.windowed", "select id, note, ver, count(*) over (partition by id) as n, rank() over (partition by id order by ver, note) as place from bronze.orders")

        def distinct():
            self.add("silver.distinct_ones", "select distinct cust, op from bronze.orders" + where(rng))

        def semi():
            self.add("silver.semi", f"select id, note from bronze.orders where cust {rng.choice(['', 'not '])}in (select id from bronze.dims where id is not null)")

        kinds = [plain, star, keyed, guarded, lambda: latest(), lambda: latest("gone", "orders", True), guarded_latest, reference, joined, union, twice,
                 grouped, windowed, distinct, semi]
        for kind in rng.sample(kinds, rng.randint(2, 4)):
            kind()
        lower = [m for m in self.models.values()]
        for i, below in enumerate(rng.sample(lower, min(len(lower), rng.randint(1, 2)))):
            names = {"silver.joined": "id, amount, note", "silver.twice": "id, note", "silver.semi": "id, note", "silver.grouped": "cust as id, top as note",
                     "silver.windowed": "id, note", "silver.distinct_ones": "cust as id, op as note"}.get(below.table, "id, note")
            over = rng.choice(["plain", "group", "join", "union", "star"])
            if over == "plain":
                self.add(f"silver.over{i}", f"select {names} from {below.table}", rules=[("no_y", "note <> 'y'", None)])
            if over == "group":
                self.add(f"gold.top{i}", f"select note, count(*) as n, max(id) as top from (select {names} from {below.table}) group by all")
            if over == "star":
                self.add(f"gold.top{i}", f"select * from {below.table}")
            if over == "join":
                self.add(f"silver.over{i}", f"select t.id, t.note, d.name from (select {names} from {below.table}) t left join bronze.dims d on cast(t.id as varchar) = d.id")
            if over == "union":
                self.add(f"silver.over{i}", f"select cast(id as varchar) as id, note from (select {names} from {below.table}) union all select id, name from bronze.dims")
        if rng.random() < 0.5:
            below = rng.choice([m for m in self.models if m.startswith("silver.")])
            self.add("gold.size", f"select count(*) as n from {below}")

    def write_project(self, project):
        project.write("ingot.yml", SETTINGS)
        for s in self.sources.values():
            project.file(f"bronze/{s.name}.yml", s.text())
        for m in self.models.values():
            self.write_model(project, m)

    def write_model(self, project, m):
        project.file(f"{m.layer}/{m.stem}.sql", m.text())
        if f"none_{m.stem}" in m.checks:
            project.file(f"checks/none_{m.stem}.sql", f"select * from {m.table} where 1 = 0\n")

    # ---- files ----

    def record(self, source):
        rng = self.rng
        self.version += 1
        if source.name == "dims":
            ver = f"{self.version:06d}"
            return {"id": str(rng.randint(1, 6)), "name": rng.choice(["ann", "bob", "cy", None]), "ver": ver}
        bad = lambda good, *others: rng.choice(others) if rng.random() < 0.12 else good
        r = {
            "id": bad(str(rng.randint(1, 9)), None, "n/a", "1.5", "+07"),
            "cust": bad(str(rng.randint(1, 5)), None, "77", "x"),
            "amount": bad(f"{rng.randint(0, 60)}.{rng.choice(['', '5', '50', '00'])}", None, "-3", "n/a", "1.005", " 4 "),
            "ver": bad(str(rng.randint(1, 9)), None, "late"),
            "op": bad(rng.choice(["U", "U", "U", "D"]), None, "?"),
            "note": rng.choice(["a", "b", "x", "y", "z", "ä", "long note", None]),
        }
        for c in self.drifted:
            r[c] = rng.choice(["1", "2", None])
        return r

    def records(self, source, columns):
        rng = self.rng
        out = [self.record(source) for _ in range(max(rng.choice([0, 1, 2, 5, 10, 20]), source.form == "ndjson" or source.name == "dims"))]
        if out and rng.random() < 0.3 and source.name != "dims":
            out.append(dict(rng.choice(out)))
        if out and rng.random() < 0.25:
            out.insert(rng.randint(0, len(out)), "only" if source.form == "csv" else '{"id": oops')
        return out

    def put(self, source, file, columns, records, what):
        source.files[file] = (columns, records)
        self.say(f"{what} data/{source.name}/{file}:\n" + source.bytes(columns, records).decode())

    def add_file(self, source):
        source.files_made += 1
        columns = ["id", "name", "ver"] if source.name == "dims" else COLUMNS + (self.drifted if source.name == "orders" else [])
        self.put(source, f"{source.files_made:03d}.{source.form}", columns, self.records(source, columns), "new file")

    def change_file(self, source):
        if not source.files:
            return
        file = self.rng.choice(sorted(source.files))
        columns, old = source.files[file]
        rng = self.rng
        records = [r for r in old if rng.random() < 0.7] + self.records(source, columns)[:3]
        if not any(isinstance(r, dict) for r in records):
            records.append(self.record(source))  # an empty NDJSON file would be refused whole
        if source.load == "upsert" and source.latest is None:
            return  # which row came last is then a matter of order alone
        self.put(source, file, columns, records, "changed file")

    def remove_file(self, source):
        if source.load == "upsert" and source.latest:
            return  # what a file that is gone had lost to another one could not come back when that one changes
        if len(source.files) > 1:
            file = self.rng.choice(sorted(source.files))
            del source.files[file]
            self.say(f"removed data/{source.name}/{file}")

    def change_model(self, project):
        rng = self.rng
        m = rng.choice(sorted(self.models.values(), key=lambda m: m.table))
        if m.table.startswith("gold.") or m.latest is None and not m.rules:
            before, m.sql = m.sql, f"select * from ({m.sql}) where {rng.choice(['1 = 1', '2 > 1'])}"
            guarded, m.guarded = m.guarded, m.guarded and f"select * from ({m.guarded})"
            undo = lambda: (setattr(m, "sql", before), setattr(m, "guarded", guarded))
        elif rng.random() < 0.5:
            rules, m.rules = m.rules, m.rules + [(f"changed_{len(self.steps)}", "note <> 'b'", None)]
            if "note" not in m.sql:
                m.rules = rules
            undo = lambda: setattr(m, "rules", rules)
        else:
            part, m.partition_by = m.partition_by, "op" if m.stem in WITH_OP and not m.partition_by else None
            undo = lambda: setattr(m, "partition_by", part)
        self.write_model(project, m)
        self.say(f"changed {m.table}:\n{m.text()}")
        return m, undo

    def write_files(self, project, files):
        """Makes the folders of data hold exactly these files; returns what was told to be there."""
        for s in self.sources.values():
            folder = project.root / "data" / s.name
            folder.mkdir(parents=True, exist_ok=True)
            wanted = {name: s.bytes(*content) for name, content in files(s).items()}
            for path in folder.iterdir():
                if path.name not in wanted:
                    path.unlink()
            for name, data in wanted.items():
                path = folder / name
                if not path.exists() or path.read_bytes() != data:
                    path.write_bytes(data)


# ---- comparing ---------------------------------------------------------------------------------------------------

def bag(names, rows, leave_out=()):
    places = sorted((n, i) for i, n in enumerate(names) if n not in leave_out)
    return collections.Counter(tuple((n, value(row[i])) for n, i in places) for row in rows), [n for n, _ in places]


def value(v):
    return v.normalize() + 0 if isinstance(v, decimal.Decimal) else v


def read(project, table):
    """Names, rows, and the Arrow table, as deltalake reads them."""
    frame = project.delta_table(table).to_pyarrow_table()
    columns = [frame.column(n).to_pylist() for n in frame.schema.names]
    return list(frame.schema.names), list(zip(*columns)), frame


def same(got, expected, what):
    (got, got_names), (expected, expected_names) = got, expected
    assert got_names == expected_names, f"{what}: columns {got_names} instead of {expected_names}"
    assert got == expected, (f"{what}: {sum(got.values())} rows instead of {sum(expected.values())}; missing: "
                             f"{list((expected - got).elements())[:6]}; too many: {list((got - expected).elements())[:6]}")


LOAD = ("_load", "_loaded_at")


def refused(project, table):
    if not project.exists(f"quarantine.{table}"):
        return collections.Counter()
    frame = project.delta_table(f"quarantine.{table}").to_pyarrow_table()
    return collections.Counter(zip(*(frame.column(n).to_pylist() for n in ("_file", "_row", "rule", "reason"))))


def add_up(events):
    for event in events:
        rows, table = event.get("rows"), event["table"]
        if not rows:
            continue
        assert rows["yielded"] == sum(rows[t] for t in TERMS), f"{table}: {rows}"
        assert rows["quarantined"] == sum(rows["quarantined_by_rule"].values()), f"{table}: {rows}"
        assert rows["dropped"] == sum(rows["dropped_by_rule"].values()), f"{table}: {rows}"
        assert rows["rows_after"] == rows["rows_before"] + rows["rows_added"] - rows["rows_removed"], f"{table}: {rows}"
        if rows["driving"]:
            assert rows["filtered"] == rows["read"][rows["driving"]] - rows["yielded"] >= 0, f"{table}: {rows}"


class Check:
    def __init__(self, case, project, fresh):
        import duckdb

        self.case, self.project, self.fresh = case, project, fresh
        self.connection = duckdb.connect(config={"threads": 2})
        for layer in ("bronze", "silver", "gold"):
            self.connection.execute(f"create schema {layer}")

    def tables(self):
        return [f"bronze.{s}" for s in self.case.sources] + list(self.case.models)

    def view(self, table):
        names, rows, frame = read(self.project, table)
        self.connection.register("arrived", frame)
        self.connection.execute(f"create or replace table {table} as select * from arrived")
        self.connection.unregister("arrived")
        return names, rows

    def computed(self, only=None, accounts=None):
        """Against our own computation: bronze from the files, each model from the tables that it reads."""
        for s in self.case.sources.values():
            names, rows = self.view(f"bronze.{s.name}")
            if only and f"bronze.{s.name}" not in only:
                continue
            good, bad = s.rows()
            expected = sorted({n for r in good for n in r} | {n for n, _ in s.loaded.values() for n in n} | {"_file", "_row"})
            same(bag(names, rows, LOAD), bag(expected, [[r[n] for n in expected] for r in good]), f"bronze.{s.name}, from its files")
            got = collections.Counter(key[:3] for key in refused(self.project, f"bronze.{s.name}").elements())
            assert got == collections.Counter(bad), f"quarantine of bronze.{s.name}: {got} instead of {bad}"
        parents = {"silver.latest": ("silver.latest", "id")}
        order = sorted(self.case.models, key=lambda t: (t.startswith("gold."), "over" in t, list(self.case.models).index(t)))
        for table in order:
            if self.project.exists(table):
                self.view(table)
        for table in order:
            if only and table not in only:
                continue
            names, rows = self.view(table)
            model = self.case.models[table]
            expected_names, expected, rules, counts = model.judge(self.connection, parents)
            same(bag(names, rows), bag(expected_names, expected), f"{table}, computed from its inputs")
            got = collections.Counter(key[2] for key in refused(self.project, table).elements())
            assert got == rules, f"quarantine of {table}: {dict(got)} instead of {dict(rules)}"
            told = (accounts or {}).get(table)
            if told and told["strategy"] == "full" and told.get("rows"):
                for term in ("yielded", *TERMS):
                    assert told["rows"][term] == counts[term], f"{table}: {term} {told['rows'][term]} instead of {counts[term]}: {told['rows']}"

    def full(self):
        """Against a lake built in full in one run."""
        shutil.rmtree(self.fresh.lake, ignore_errors=True)
        self.case.write_project(self.fresh)
        self.case.write_files(self.fresh, lambda s: s.loaded)
        self.fresh.ok("--json")
        for table in self.tables():
            ours, theirs = (read(p, table)[:2] for p in (self.project, self.fresh))
            same(bag(*ours, LOAD), bag(*theirs, LOAD), f"{table}, against a lake built in full")
            got, expected = refused(self.project, table), refused(self.fresh, table)
            assert got == expected, f"quarantine of {table}: too many {got - expected}, missing {expected - got}"


def play(case, project, fresh):
    rng = case.rng
    check = Check(case, project, fresh)
    case.write_project(project)
    undo = refusals = None  # of each table, as the last run left it; None: not known

    def run(*select, thoroughly=True):
        case.write_files(project, lambda s: s.files)
        case.say("run " + " ".join(select))
        events = [e for e in project.ok("--json", *select).json_events() if e["event"] == "table"]
        for e in events:
            case.say(f"   {e['table']}: {e['outcome']}, {e['strategy']} ({e['reason']})")
        add_up(events)
        accounts = {e["table"]: e for e in events}
        nonlocal refusals
        before, refusals = refusals, {t: sum(refused(project, t).values()) for t in check.tables()}
        for table, e in accounts.items():
            known = before is not None and e["strategy"] in ("append", "merge") and table in case.models
            if e.get("rows") and known:
                assert e["rows"]["quarantined"] == refusals[table] - before[table], f"{table}: {before[table]} entries, now {refusals[table]}: {e['rows']}"
            source = case.sources.get(table.partition(".")[2]) if table.startswith("bronze.") else None
            if e.get("rows") and source and before is not None and source.load == "append":
                new = sum(len(content[1]) for name, content in source.files.items() if source.loaded.get(name) != content)
                assert e["rows"]["yielded"] == e["rows"]["read"]["files"] == new, f"{table}: {new} records in new files: {e['rows']}"
        for s in case.sources.values():
            if f"bronze.{s.name}" in accounts:
                s.settle()
        for table, e in accounts.items():
            if e.get("rows"):
                assert e["rows"]["rows_after"] == len(read(project, table)[1]), f"{table}: {e['rows']}"
        if not thoroughly:
            return
        check.computed(only=accounts, accounts=accounts)
        if not select:
            check.full()

    run()
    long = rng.random() < 0.08  # side entries are folded after 24, and every tenth version gets a checkpoint
    for step in range(32 if long else rng.randint(3, 7)):
        for _ in range(rng.choice([1, 1, 2, 3])):
            source = rng.choice([case.sources[n] for n in ("orders", "orders", "orders", "more", "dims")])
            what = rng.choice(["add"] * 6 + ["change", "remove", "model", "drift"])
            if what == "add":
                case.add_file(source)
            elif what == "change":
                case.change_file(source)
            elif what == "remove":
                case.remove_file(source)
            elif what == "drift" and len(case.drifted) < 2:
                case.drifted = case.drifted + [f"extra{len(case.drifted)}"]
            elif what == "model" and not undo:
                changed, undo = case.change_model(project)
            elif what == "model":
                undo()
                undo = None
                case.write_model(project, changed)
                case.say(f"changed back {changed.table}")
        how = rng.random()
        if how < 0.12:
            run(f"{'+' if rng.random() < 0.7 else ''}{rng.choice(sorted(case.models))}")
        elif how < 0.18:
            run("layer:bronze")
        elif how < 0.3:
            case.write_files(project, lambda s: s.files)
            after = rng.choice([0.02, 0.05, 0.1, 0.2, 0.4]) * (0.5 + rng.random())
            case.say(f"run, killed after {after:.3f} s")
            killed = project.popen("run")
            time.sleep(after)
            killed.send_signal(signal.SIGKILL)
            killed.communicate()
            refusals = None
            for table in check.tables():
                if project.exists(table):
                    read(project, table)
        elif how < 0.38:
            case.say("optimize")
            project.ok("optimize")
        elif how < 0.44:
            case.write_files(project, lambda s: s.files)
            case.say("two runs at the same time")
            for one in [project.popen("run") for _ in range(2)]:
                out, error = one.communicate()
                assert one.returncode in (0, 4), (one.returncode, out, error)
            refusals = None
        elif how < 0.47:
            case.say("vacuum")
            project.ok("vacuum", "--older-than", "0s")
        run(thoroughly=not long or step % 8 == 7)


def sequence(seed, make_project, number):
    case = Case(seed)
    project, fresh = make_project(f"{number}/lake"), make_project(f"{number}/full")
    try:
        play(case, project, fresh)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        files = "".join(f"---- {m.layer}/{m.stem}.sql\n{m.text()}" for m in case.models.values())
        files += "".join(f"---- bronze/{s.name}.yml\n{s.text()}" for s in case.sources.values())
        raise AssertionError(f"SEQUENCES=1 SEED={seed}\n{files}\n---- steps\n" + "\n".join(case.steps) + f"\n---- {type(error).__name__}: {error}") from error
    shutil.rmtree(project.root.parent)


def test_incremental_equals_full(make_project):
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1, 1_000_000_000))
    limit = int(os.environ.get("SEQUENCES") or 0)
    seconds = float(os.environ.get("SECONDS_LIMIT") or 120)
    print(f"SEED={seed}")
    start, done = time.monotonic(), 0
    while done < limit if limit else time.monotonic() - start < seconds:
        sequence(seed + done, make_project, done)
        done += 1
    print(f"{done} sequences, {done * 60 / (time.monotonic() - start):.0f} a minute")


# ---- what the sequences found ------------------------------------------------------------------------------------

UPSERT = "from: {files: data/dims/*.ndjson}\nload: upsert\nkey: id\n"


def lines(*records):
    return "".join(json.dumps(r) + "\n" for r in records)


def published(project, table, *columns):
    return project.rows(table, columns=list(columns))


@pytest.mark.parametrize("latest", ["", "latest: ver\n"])
def test_upsert_when_a_changed_file_gives_up_a_key(project, latest):
    """Its old rows go, also out of files that were rewritten in the same step, and what they had beaten comes back."""
    project.file("bronze/dims.yml", UPSERT + latest)
    project.file("data/dims/1.ndjson", lines({"id": 1, "ver": 1}, {"id": 2, "ver": 2}, {"id": 5, "ver": 1}))
    first = project.ok("--json")
    project.file("data/dims/2.ndjson", lines({"id": 2, "ver": 3}, {"id": 3, "ver": 1}, {"id": 4, "ver": 1}))
    project.ok("--json")
    loads = project.rows("bronze.dims", columns=["id", "_load"])
    project.file("data/dims/2.ndjson", lines({"id": 3, "ver": 7}))
    project.ok("--json")
    assert published(project, "bronze.dims", "id", "ver") == [("1", "1"), ("2", "2"), ("3", "7"), ("5", "1")]
    assert project.rows("bronze.dims", columns=["id", "_load"])[0] == loads[0], first
    assert "up_to_date" in project.ok("--json").out


def test_upsert_keeps_the_order_of_loads_when_another_file_changes(project):
    project.file("bronze/dims.yml", UPSERT)
    project.file("data/dims/b.ndjson", lines({"id": 1, "name": "first"}))
    project.ok()
    project.file("data/dims/a.ndjson", lines({"id": 1, "name": "second"}))
    project.file("data/dims/c.ndjson", lines({"id": 2, "name": "other"}))
    project.ok()
    for name in ("changed", "again"):
        project.file("data/dims/c.ndjson", lines({"id": 2, "name": name}))
        project.ok()
        assert published(project, "bronze.dims", "id", "name") == [("1", "second"), ("2", name)]


@pytest.mark.parametrize("load", ["append", "upsert\nkey: id"])
def test_a_file_that_became_unreadable_keeps_its_rows_until_it_can_be_read(project, load):
    def put(name, text, cut=None):
        project.file(f"data/o/{name}.ndjson.gz", gzip.compress(text.encode())[:cut])

    project.file("bronze/o.yml", f"from: {{files: data/o/*.gz}}\nload: {load}\n")
    put(1, lines({"id": 1}, {"id": 2}) + "{oops\n")
    project.ok()
    for more in (2, 3, 4):
        put(1, lines({"id": 7}), -more)
        put(more, lines({"id": 10 * more}))
        assert project.run().rc == 1
        assert [r for r in published(project, "bronze.o", "id") if len(r[0]) == 1] == [("1",), ("2",)]
        assert "malformed" in {r[0] for r in project.rows("quarantine.bronze.o", columns=["rule"])}
    put(1, lines({"id": 1}))
    project.ok()
    assert published(project, "bronze.o", "id") == [("1",), ("20",), ("30",), ("40",)]
    assert project.rows("quarantine.bronze.o") == []


def test_replace_when_all_files_vanished(project):
    project.file("bronze/o.yml", "from: {files: data/o/*.ndjson}\nload: replace\n")
    project.file("data/o/1.ndjson", lines({"id": 1}))
    project.ok()
    project.remove("data/o/1.ndjson")
    project.ok()
    assert published(project, "bronze.o", "id") == []
    project.file("data/o/2.ndjson", "")
    project.file("data/o/3.ndjson", lines({"id": 3}))
    assert project.run().rc == 1
    project.remove("data/o/3.ndjson")  # what is left is refused as before
    assert project.run().rc == 1
    assert published(project, "bronze.o", "id") == []


@pytest.mark.parametrize("load", ["append", "upsert\nkey: id"])
def test_a_full_load_keeps_rows_of_files_that_vanished(project, load):
    project.file("bronze/o.yml", f"from: {{files: data/o/*.ndjson}}\nload: {load}\n")
    project.file("data/o/1.ndjson", lines({"id": 1, "a": "x"}) + "{oops\n")
    project.ok()
    project.file("data/o/2.ndjson", lines({"id": 2, "a": "y"}) + "{oops\n")
    project.ok()
    project.remove("data/o/1.ndjson")
    for _ in range(2):
        project.ok("run", "--full")
        assert published(project, "bronze.o", "id", "a") == [("1", "x"), ("2", "y")]
        assert len(project.rows("quarantine.bronze.o")) == 2
    project.remove("data/o/2.ndjson")
    project.ok("run", "--full")
    assert published(project, "bronze.o", "id", "a") == [("1", "x"), ("2", "y")]


def test_a_full_load_does_not_lose_rows_of_a_file_that_cannot_be_read_now(project):
    project.file("bronze/o.yml", "from: {files: data/o/*.ndjson}\n")
    project.file("data/o/1.ndjson", lines({"id": 1}))
    project.file("data/o/2.ndjson", lines({"id": 2}))
    project.ok()
    project.file("data/o/1.ndjson", "")
    assert "cannot be read now" in project.run("run", "--full", rc=1).out
    assert published(project, "bronze.o", "id") == [("1",), ("2",)]


def test_quarantine_is_completed_when_a_run_died_before_it_and_the_next_refuses_nothing(project):
    """The commit of a table stands, its quarantine's own log does not: what a kill between the two leaves behind."""
    project.file("bronze/o.yml", "from: {files: data/o/*.ndjson}\n")
    project.file("silver/s.sql", "/* ingot\ncolumns:\n  id: bigint\n*/\nselect id from bronze.o\n")
    project.file("data/o/1.ndjson", lines({"id": "one"}))
    project.ok()
    kept = project.root / "kept"
    for folder in ("quarantine", "_ingot"):
        shutil.copytree(project.lake / folder, kept / folder)
    project.file("data/o/2.ndjson", lines({"id": "two"}))
    project.ok()
    for folder in ("quarantine/silver.s/_delta_log", "_ingot"):
        shutil.rmtree(project.lake / folder)
        shutil.copytree(kept / folder, project.lake / folder)
    project.file("data/o/3.ndjson", lines({"id": 3}))
    project.ok()
    assert project.rows("quarantine.silver.s", columns=["value"]) == [("one",), ("two",)]


def test_rules_with_a_clock_are_judged_again_where_rows_do_not_tell_when_they_were_loaded(project):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    project.file("bronze/o.yml", "from: {files: data/o/*.ndjson}\n")
    project.file("data/o/1.ndjson", lines({"t": soon.strftime("%Y-%m-%d %H:%M:%S.%f")}))
    project.file("silver/a.sql", "/* ingot\ncolumns:\n  t: timestamp\n*/\nselect t from bronze.o\n")
    rule = "/* ingot\ncolumns:\n  t: timestamp\nrules:\n  past: t <= now()\n*/\n"
    project.file("silver/b.sql", rule + "select t from silver.a\n")
    project.file("silver/c.sql", rule + "select t from bronze.o\n")
    project.ok()
    assert [len(project.rows(t)) for t in ("silver.b", "silver.c")] == [0, 0]
    while datetime.datetime.now(datetime.timezone.utc) <= soon:
        time.sleep(0.1)
    events = {e["table"]: e for e in project.ok("--json").json_events() if e["event"] == "table"}
    assert [len(project.rows(t)) for t in ("silver.b", "silver.c")] == [1, 0]
    assert "now()" in events["silver.b"]["reason"] and events["silver.c"]["outcome"] == "up_to_date"
    assert project.rows("quarantine.silver.b") == []


def test_a_column_that_gets_another_type_in_an_input_that_was_empty(project):
    """The input only grew, so the result would be appended to, but its old rows are of the old type."""
    project.file("bronze/o.yml", "from: {files: data/o/*.ndjson}\n")
    project.file("data/o/1.ndjson", lines({"id": "1", "kind": "a"}))
    project.file("silver/a.sql", "/* ingot\ncolumns:\n  id: integer\n*/\nselect id from bronze.o where kind = 'a'\n")
    project.file("silver/b.sql", "/* ingot\ncolumns:\n  id: integer\n*/\nselect id from bronze.o where kind = 'b'\n")
    project.file("gold/all.sql", "select id from silver.a union all select id from silver.b\n")
    project.ok()
    project.file("silver/b.sql", "/* ingot\ncolumns:\n  id: decimal(12,2)\n*/\nselect id from bronze.o where kind = 'b'\n")
    project.file("data/o/2.ndjson", lines({"id": "2.5", "kind": "b"}))
    project.ok()
    assert published(project, "gold.all", "id") == [(decimal.Decimal("1.00"),), (decimal.Decimal("2.50"),)]
    assert any("remove" in a for a in project.commit("gold.all"))


def test_a_failed_step_leaves_no_files_behind(project):
    project.file("bronze/o.yml", "from: {files: data/o/*.ndjson}\n")
    project.file("data/o/1.ndjson", lines({"id": 1}, {"id": 1}))
    project.file("silver/s.sql", "/* ingot\nkey: id\n*/\nselect id from bronze.o\n")
    assert project.run().rc == 1
    assert not list(project.path("silver.s").rglob("*.parquet"))


def test_a_failed_load_leaves_no_files_behind(project):
    project.file("bronze/o.yml", "from: {files: data/o/*.ndjson}\ntolerate: 0\n")
    project.file("bronze/u.yml", "from: {files: data/o/*.ndjson}\nload: upsert\nkey: id\n")
    project.file("data/o/1.ndjson", lines({"id": 1}, {"id": None}) + "{oops\n")
    assert project.run().rc == 1
    assert not list(project.lake.rglob("*.parquet"))


def test_a_key_that_the_published_table_does_not_have_yet_proves_nothing(project):
    """A join gives at most one row for each if the other table is unique: by the model that it was built with."""
    project.file("bronze/o.yml", "from: {files: data/o/*.ndjson}\n")
    project.file("data/o/1.ndjson", lines({"id": 1, "name": "a"}, {"id": 1, "name": "b"}))
    project.file("silver/d.sql", "select id, name from bronze.o\n")
    project.file("silver/j.sql", "select o.id, d.name from bronze.o o left join silver.d d on o.id = d.id\n")
    project.ok()
    project.file("silver/d.sql", "/* ingot\nkey: id\nlatest: name\ncolumns:\n  name: varchar\n*/\nselect id, name from bronze.o\n")
    project.ok("run", "--full", "silver.j")
    assert len(project.rows("silver.j")) == 4
    project.ok()
    assert len(project.rows("silver.j")) == 2


def test_a_file_that_a_restore_took_out_is_loaded_when_it_is_there_again(project):
    project.file("bronze/o.yml", "from: {files: data/o/*.ndjson}\n")
    for name in (1, 2):
        project.file(f"data/o/{name}.ndjson", lines({"id": name}))
        project.ok()
    project.delta_table("bronze.o").restore(0)
    (project.root / "data/o/2.ndjson").rename(project.root / "data/aside")
    project.file("data/o/3.ndjson", lines({"id": 3}))
    project.ok()
    assert published(project, "bronze.o", "id") == [("1",), ("3",)]
    (project.root / "data/aside").rename(project.root / "data/o/2.ndjson")
    project.ok()
    assert published(project, "bronze.o", "id") == [("1",), ("2",), ("3",)]
