"""A small shop whose tables are computed twice: by ingot, and here in plain Python from the records that were written.

Everything that ingot decides about a row is decided here again, without SQL: literals by regular expressions, the first
test that fails, the winner of each key, orphans. A test changes the files, runs ingot and calls check()."""

import csv
import datetime
import decimal
import io
import json
import re

from readers import ordered, pick, read_everywhere, reconciled, same, table_events

ORDERS = """\
/* ingot
key: order_id
latest: updated_at
deleted: op = 'D'
columns:
  order_id:    bigint not null
  customer_id: bigint not null references silver.customers
  amount:      decimal(12,2) not null check (amount >= 0)
  quantity:    integer
  updated_at:  timestamp not null
rules:
  not_too_early: updated_at >= timestamp '2020-01-01'
  known_op: op in ('I', 'U', 'D') else drop
  cheap_enough: amount < 1000 else warn
checks:
  - count(*) > 0
*/
select order_id, customer_id, upper(trim(country)) as country, amount, quantity, updated_at, op
from bronze.orders
where coalesce(channel, '') <> 'test'
"""

CUSTOMERS = """\
/* ingot
key: customer_id
latest: version
columns:
  customer_id: bigint not null
  name:        text not null
  version:     integer not null
*/
select customer_id, name, version from bronze.customers
"""

PRODUCTS = """\
/* ingot
key: sku
columns:
  sku:   text not null
  price: decimal(10,2) not null
*/
select sku, price from bronze.products
"""

REVENUE = """\
/* ingot
key: country
*/
select country, count(*) as orders, sum(amount) as revenue, min(updated_at) as first_at
from silver.orders
group by country
"""

CUSTOMER_VALUE = """\
select c.customer_id, c.name, count(o.order_id) as orders, coalesce(sum(o.amount), 0)::decimal(18,2) as value
from silver.customers c left join silver.orders o on o.customer_id = c.customer_id
group by all
"""

COLUMNS = ("order_id", "customer_id", "country", "amount", "quantity", "updated_at", "op", "channel")
SILVER_ORDERS = ("order_id", "customer_id", "country", "amount", "quantity", "updated_at", "op")


class Malformed(str):
    """A record that is not one: its raw text."""


def order(order_id, customer_id=1, amount="10.00", updated_at="2026-11-01 10:00:00", op="I", country=" de ", quantity="1", channel=None):
    values = (order_id, customer_id, country, amount, quantity, updated_at, op, channel)
    return dict(zip(COLUMNS, (None if v is None else str(v) for v in values)))


def customer(customer_id, name="Ann", version=1):
    return {"customer_id": customer_id, "name": name, "version": version}


def as_csv(records):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in records:
        if isinstance(record, Malformed):
            out.write(record + "\n")
        else:
            writer.writerow(["" if record[c] is None else record[c] for c in COLUMNS])
    return out.getvalue()


# ---- what a value is, without an engine ----


def integer(text, bits):
    if text is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]+", text) or not -(2 ** (bits - 1)) <= int(text) < 2 ** (bits - 1):
        raise ValueError(text)
    return int(text)


def money(text, digits=12):
    if text is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]{1,2}0*)?", text) or abs(decimal.Decimal(text)) >= 10 ** (digits - 2):
        raise ValueError(text)
    return decimal.Decimal(text)


def timestamp(text):
    if text is None:
        return None
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?", text):
        raise ValueError(text)
    return datetime.datetime.fromisoformat(text)


class Row:
    """An order as silver sees it: its place, its values, and the first test that it fails."""

    def __init__(self, place, raw, customers):
        self.place, self.warned = place, False
        self.filtered = raw["channel"] == "test"
        self.values = dict(raw, country=raw["country"].strip().upper() if raw["country"] is not None else None)
        del self.values["channel"]
        self.failure = self.judge(customers)  # (rule, action) or None

    def typed(self, column, read, *more):
        try:
            self.values[column] = read(self.values[column], *more)
            return True
        except ValueError:
            self.values[column] = None
            return False

    def judge(self, customers):
        v, failures = self.values, []
        quarantine = lambda rule: failures.append((rule, "quarantine"))
        for column, type_name, required, read, more in (
            ("order_id", "bigint", True, integer, (64,)),
            ("customer_id", "bigint", True, integer, (64,)),
            ("amount", "decimal(12,2)", True, money, ()),
            ("quantity", "integer", False, integer, (32,)),
            ("updated_at", "timestamp", True, timestamp, ()),
        ):
            if not self.typed(column, read, *more):
                quarantine(f"{column}: {type_name}")
            elif v[column] is None and required:
                quarantine(f"{column}: not null")
            elif column == "customer_id" and v[column] not in customers:
                quarantine("customer_id: references silver.customers")
            elif column == "amount" and v[column] < 0:
                quarantine("amount: check")
        if v["updated_at"] is not None and v["updated_at"] < datetime.datetime(2020, 1, 1):
            quarantine("not_too_early")
        if v["op"] is not None and v["op"] not in ("I", "U", "D"):
            failures.append(("known_op", "drop"))
        self.warned = v["amount"] is not None and v["amount"] >= 1000
        return failures[0] if failures else None

    def output(self):
        return tuple(self.values[c] for c in SILVER_ORDERS)

    def rank(self):
        """latest first, then the whole output row; None is the least."""
        whole = [(x is not None, x if x is not None else 0) for x in self.output()]
        return [(True, self.values["updated_at"]), *whole]


def winners(rows):
    """The greatest row of each key, whatever it says."""
    best = {}
    for row in rows:
        key = row.values["order_id"]
        if key not in best or row.rank() > best[key].rank():
            best[key] = row
    return best


class Shop:
    def __init__(self, project):
        self.project = project
        self.orders, self.customers = {}, {}  # by file: records
        self.products = []
        project.write("bronze/orders.yml", "from: {files: data/orders/*.csv, csv: {header: true}}")
        project.write("bronze/customers.yml", "from: {files: data/customers/*.ndjson}")
        project.write("bronze/products.yml", "from: {files: data/products.json, records: $.items}\nload: replace\n")
        project.file("silver/orders.sql", ORDERS)
        project.file("silver/customers.sql", CUSTOMERS)
        project.file("silver/products.sql", PRODUCTS)
        project.file("gold/revenue.sql", REVENUE)
        project.file("gold/customer_value.sql", CUSTOMER_VALUE)
        self.seen = {}  # what the last run left, for the account of the next one

    # ---- its files ----

    def put_orders(self, name, *records):
        path = f"data/orders/{name}.csv"
        self.orders[path] = list(records)
        self.project.file(path, as_csv(records))

    def put_customers(self, name, *records):
        path = f"data/customers/{name}.ndjson"
        self.customers[path] = list(records)
        self.project.file(path, "".join((r if isinstance(r, Malformed) else json.dumps(r)) + "\n" for r in records))

    def put_products(self, *records):
        self.products = list(records)
        self.project.file("data/products.json", json.dumps({"items": self.products}))

    # ---- what must come out ----

    def places(self, files):
        """(file, row number) of each good record."""
        return [((path, n), r) for path, records in sorted(files.items()) for n, r in enumerate(records, 1) if not isinstance(r, Malformed)]

    def malformed(self, files):
        return [(path, n, str(r)) for path, records in sorted(files.items()) for n, r in enumerate(records, 1) if isinstance(r, Malformed)]

    def silver_customers(self):
        best = {}
        for _, r in self.places(self.customers):
            key = r["customer_id"]
            if key not in best or (r["version"], r["name"]) > (best[key]["version"], best[key]["name"]):
                best[key] = r
        return best

    def judged(self):
        customers = self.silver_customers()
        return [Row(place, r, customers) for place, r in self.places(self.orders)]

    def silver_orders(self):
        accepted = [r for r in self.judged() if not r.filtered and not r.failure]
        return {k: r for k, r in winners(accepted).items() if r.values["op"] != "D"}

    def revenue(self):
        groups = {}
        for row in self.silver_orders().values():
            groups.setdefault(row.values["country"], []).append(row.values)
        return ordered((c, len(g), sum(v["amount"] for v in g), min(v["updated_at"] for v in g)) for c, g in groups.items())

    def customer_value(self):
        orders = [r.values for r in self.silver_orders().values()]
        mine = lambda c: [o["amount"] for o in orders if o["customer_id"] == c]
        return ordered((c, r["name"], len(mine(c)), sum(mine(c), decimal.Decimal(0))) for c, r in self.silver_customers().items())

    # ---- comparing ----

    def run(self, *args, rc=0):
        """Runs ingot, compares every table and every account with what must come out; returns the events by table."""
        events = reconciled(table_events(self.project.run("--json", *args, rc=rc)))
        self.check_tables()
        self.check_accounts(events)
        self.seen = {"orders": {row.place: row for row in self.judged()}, "files": dict(self.orders)}
        return events

    def check_tables(self):
        def check(table, columns, expected):
            same(pick(read_everywhere(self.project, table), *columns), expected, table)

        text = lambda place, r: tuple(r[c] for c in COLUMNS) + place
        check("bronze.orders", (*COLUMNS, "_file", "_row"), [text(*x) for x in self.places(self.orders)])
        check("bronze.customers", ("customer_id", "name", "version", "_file", "_row"),
              [(str(r["customer_id"]), r["name"], str(r["version"]), *place) for place, r in self.places(self.customers)])
        check("bronze.products", ("sku", "price"), [(r["sku"], r["price"]) for r in self.products])
        check("silver.orders", SILVER_ORDERS, [r.output() for r in self.silver_orders().values()])
        check("silver.customers", ("customer_id", "name", "version"),
              [(r["customer_id"], r["name"], r["version"]) for r in self.silver_customers().values()])
        check("silver.products", ("sku", "price"), [(r["sku"], money(r["price"], 10)) for r in self.products])
        check("gold.revenue", ("country", "orders", "revenue", "first_at"), self.revenue())
        check("gold.customer_value", ("customer_id", "name", "orders", "value"), self.customer_value())
        self.check_quarantine()

    def quarantined(self, table):
        return read_everywhere(self.project, f"quarantine.{table}") if self.project.exists(f"quarantine.{table}") else []

    def check_quarantine(self):
        """One entry for each refused row, at its place, with its first failing test."""
        refused = [(*row.place, row.failure[0]) for row in self.judged() if row.failure and row.failure[1] == "quarantine" and not row.filtered]
        same(pick(self.quarantined("silver.orders"), "_file", "_row", "rule"), refused, "quarantine.silver.orders")
        for entry in self.quarantined("silver.orders"):
            place = (entry["_file"], entry["_row"])
            assert json.loads(entry["row"])["order_id"] == dict(self.places(self.orders))[place]["order_id"], entry
            assert entry["reason"] and entry["_run"], entry
        for table, files in (("bronze.orders", self.orders), ("bronze.customers", self.customers)):
            entries = self.quarantined(table)
            same(pick(entries, "_file", "_row", "raw"), self.malformed(files), f"quarantine.{table}")
            assert {e["rule"] for e in entries} <= {"malformed"}
            # the header is a line of the CSV files, and no record here has a line break
            header = 1 if table == "bronze.orders" else 0
            assert all(e["_line"] == e["_row"] + header for e in entries), entries

    def check_accounts(self, events):
        self.check_bronze_account(events)
        event = events["silver.orders"]
        if event["outcome"] == "published":
            expected = self.expected_account(event)
            got = {k: event["rows"][k] for k in expected}
            assert got == expected, f"silver.orders: {({k: (v, expected[k]) for k, v in got.items() if v != expected[k]})} (got, expected)"

    def check_bronze_account(self, events):
        event = events["bronze.orders"]
        if event["outcome"] != "published":
            assert self.seen.get("files") == self.orders, "bronze.orders has nothing to do although files changed"
            return
        old = self.seen.get("files", {}) if event["strategy"] != "full" else {}
        loaded = {path: records for path, records in self.orders.items() if old.get(path) != records}
        records, bad = sum(map(len, loaded.values())), len(self.malformed(loaded))
        rows = event["rows"]
        got = {k: rows[k] for k in ("read", "yielded", "inserted", "quarantined", "files_loaded", "files_refused", "files_changed")}
        assert got == {"read": {"files": records}, "yielded": records, "inserted": records - bad, "quarantined": bad, "files_loaded": len(loaded),
                       "files_refused": 0, "files_changed": len(set(loaded) & set(old))}, event

    def expected_account(self, event):
        """Every term of silver.orders: over all rows of its input when it was built in full, else over the rows that are new."""
        rows = self.judged()
        before = {}
        if event["strategy"] != "full":
            before = winners(r for r in self.seen["orders"].values() if not r.filtered and not r.failure)
            rows = [r for r in rows if r.place not in self.seen["orders"]]
        live = [r for r in rows if not r.filtered]
        by = lambda action: [r for r in live if r.failure and r.failure[1] == action]
        accepted = [r for r in live if not r.failure]
        terms = dict(inserted=0, replacing=0, unchanged=0, deleted=0)
        for key, new in winners(accepted).items():
            old = before.get(key)
            if old is not None and old.rank() >= new.rank():
                terms["unchanged"] += old.rank() == new.rank()
            elif new.values["op"] == "D":
                terms["deleted"] += 1
            elif old is not None and old.values["op"] != "D":
                terms["replacing"] += 1
            else:
                terms["inserted"] += 1
        rules = {}
        for r in by("quarantine"):
            rules[r.failure[0]] = rules.get(r.failure[0], 0) + 1
        warned = sum(r.warned for r in live)
        return dict(read={"bronze.orders": len(rows)}, driving="bronze.orders", filtered=len(rows) - len(live), yielded=len(live),
                    quarantined=len(by("quarantine")), quarantined_by_rule=rules, dropped=len(by("drop")),
                    dropped_by_rule={"known_op": len(by("drop"))} if by("drop") else {}, warned=warned,
                    warned_by_rule={"cheap_enough": warned} if warned else {},
                    deduplicated=len(accepted) - sum(terms.values()), **terms)
