"""A small project of several tables whose files keep arriving, and what its lake must hold in the end."""

import json

from readers import ordered

SOURCE = "from: {files: data/orders/*.csv, csv: {header: true}}\n"
CUSTOMERS_SOURCE = "from: {files: data/customers/*.ndjson}\n"

ORDERS = """\
/* ingot
key: order_id
latest: version
deleted: op = 'D'
columns:
  order_id:    bigint not null
  customer_id: bigint not null references silver.customers
  amount:      decimal(12,2) not null
  version:     bigint not null
rules:
  not_negative: amount >= 0
*/
select order_id, customer_id, amount, version, op from bronze.orders
"""

CUSTOMERS = """\
/* ingot
key: customer_id
latest: version
columns:
  customer_id: bigint not null
  version:     bigint not null
*/
select customer_id, name, version from bronze.customers
"""

EVENTS = "select order_id, version, _file, _row from bronze.orders where op <> 'D'\n"
SALES = "/* ingot\nkey: customer_id\n*/\nselect customer_id, count(*) as orders, sum(amount) as amount from silver.orders group by customer_id\n"

TABLES = ("bronze.orders", "bronze.customers", "silver.orders", "silver.customers", "silver.events", "gold.sales")
QUARANTINES = ("quarantine.bronze.orders", "quarantine.silver.orders")


def write_project(project):
    project.write("ingot.yml", "name: feed\nengine: {memory: 500MB, threads: 2}\n")
    project.file("bronze/orders.yml", SOURCE)
    project.file("bronze/customers.yml", CUSTOMERS_SOURCE)
    project.file("silver/orders.sql", ORDERS)
    project.file("silver/customers.sql", CUSTOMERS)
    project.file("silver/events.sql", EVENTS)
    project.file("gold/sales.sql", SALES)
    return project


class Feed:
    """Writes the n-th batch of files into a project; the same seed gives the same files."""

    def __init__(self, random):
        self.random = random
        self.batches = []

    def next(self):
        """A batch: {path: text}. Some rows are refused, some repeat, some delete, some files replace earlier ones."""
        n, r = len(self.batches), self.random
        lines = ["order_id,customer_id,amount,version,op"]
        for _ in range(r.randrange(1, 12)):
            amount = r.choice(["n/a", "-1"]) if r.random() < 0.1 else f"{r.randrange(100)}.{r.randrange(100):02d}"
            lines.append(f"{r.randrange(40)},{r.randrange(12)},{amount},{r.randrange(1000)},{r.choice('IUUD')}")
            if r.random() < 0.1:
                lines.append("torn,line")
        name = r.randrange(n) if n > 2 and r.random() < 0.15 else n  # now and then an earlier file is replaced
        batch = {f"data/orders/{name:05d}.csv": "\n".join(lines) + "\n"}
        if n % 4 == 0:
            rows = [{"customer_id": r.randrange(12), "name": f"c{n}", "version": n} for _ in range(3)]
            batch[f"data/customers/{n:05d}.ndjson"] = "".join(json.dumps(row) + "\n" for row in rows)
        self.batches.append(batch)
        return batch


def deliver(project, batch):
    """A file appears whole, as a careful sender does it."""
    for path, text in batch.items():
        part = project.file(path + ".tmp", text)
        part.rename(project.root / path)


def contents(project):
    """The rows of every table without what differs from run to run."""
    found = {}
    for table in (*TABLES, *QUARANTINES):
        if not project.exists(table):
            found[table] = []
            continue
        frame = project.delta_table(table).to_pyarrow_table()
        names = [n for n in frame.schema.names if n not in ("_load", "_loaded_at", "_run", "_refused_at")]
        found[table] = ordered(zip(*(frame.column(n).to_pylist() for n in names)))
    return found


def assert_each_source_row_once(project):
    """By our own reading of the files: each record of each file is in bronze or in its quarantine, exactly once."""
    expected, malformed = [], []
    for path in sorted((project.root / "data/orders").glob("*.csv")):
        for row, line in enumerate(path.read_text().splitlines()[1:], 1):
            place = (f"data/orders/{path.name}", row)
            (malformed if line == "torn,line" else expected).append(place)
    assert [r for r in project.rows("bronze.orders", columns=["_file", "_row"])] == sorted(expected)
    refused = project.rows("quarantine.bronze.orders", columns=["_file", "_row"]) if project.exists("quarantine.bronze.orders") else []
    assert refused == sorted(malformed)
    if project.exists("quarantine.silver.orders"):
        places = project.rows("quarantine.silver.orders", columns=["_file", "_row"])
        assert len(places) == len(set(places)), "a refused row is in quarantine twice"
