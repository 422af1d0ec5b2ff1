#!/usr/bin/env python3
"""The same work as bench/retail by hand: one DuckDB script, as a good engineer would write it.

    baseline.py RAW OUT [--tuned]

Bronze (all text, with file and row), silver (typed, refusals with a reason, newest version of each key, references), four
gold tables, twelve checks; Parquet with zstd throughout. --tuned: with the writer's settings that ingot uses.
"""
import os, shutil, sys
import duckdb

RAW, OUT = sys.argv[1], sys.argv[2]
CODEC = "FORMAT parquet, COMPRESSION zstd" + (", COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000" if "--tuned" in sys.argv else "")
shutil.rmtree(OUT, ignore_errors=True)
os.makedirs(OUT)
con = duckdb.connect(config={"threads": 2, "memory_limit": "4GB", "preserve_insertion_order": False})
con.execute(f"SET temp_directory='{OUT}/tmp'")


def copy(name, select):
    con.execute(f"COPY ({select}) TO '{OUT}/{name}.parquet' ({CODEC})")
    con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{OUT}/{name}.parquet')")


def bronze():
    for name, columns in (("orders", "order_id customer_id ordered_at status country updated_at"),
                          ("customers", "customer_id name country signed_up updated_at")):
        spec = ", ".join(f"{c}: 'VARCHAR'" for c in columns.split())
        copy(f"bronze_{name}", f"""SELECT *, row_number() OVER () AS _row, now() AS _loaded_at FROM read_json('{RAW}/{name}/*.ndjson',
            format='newline_delimited', columns={{{spec}}}, filename=true, ignore_errors=true)""")
    for name in ("items", "products"):
        copy(f"bronze_{name}", f"""SELECT *, row_number() OVER () AS _row, now() AS _loaded_at FROM read_csv('{RAW}/{name}/*.csv', header=true,
            delim=',', quote='"', all_varchar=true, filename=true, store_rejects=true)""")


def silver(name, key, latest, typed, tests, parents=""):
    """typed: SELECT list of typed columns; tests: (condition that refuses, reason)."""
    reason = "CASE " + " ".join(f"WHEN {c} THEN '{r}'" for c, r in tests) + " END"
    con.execute(f"CREATE OR REPLACE TEMP TABLE t AS SELECT {typed}, {reason} AS reason, b.filename, b._row FROM (SELECT * FROM bronze_{name}) b {parents}")
    copy(f"rejects_{name}", "SELECT * FROM t WHERE reason IS NOT NULL")
    order = f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {latest} DESC) = 1" if latest else ""
    copy(f"silver_{name}", f"SELECT * EXCLUDE (reason, filename, _row) FROM t WHERE reason IS NULL {order}")
    con.execute("DROP TABLE t")


def all_silver():
    silver("customers", "customer_id", "updated_at",
           "b.customer_id, b.name, b.country, TRY_CAST(b.signed_up AS DATE) AS signed_up, TRY_CAST(b.updated_at AS TIMESTAMP) AS updated_at",
           [("b.customer_id IS NULL", "no key"), ("b.country IS NULL", "no country"), ("TRY_CAST(b.signed_up AS DATE) IS NULL", "bad signed_up"),
            ("TRY_CAST(b.updated_at AS TIMESTAMP) IS NULL", "bad updated_at")])
    silver("products", "product_id", None,
           "b.product_id, b.name, b.category, TRY_CAST(b.list_price AS DECIMAL(10,2)) AS list_price",
           [("b.product_id IS NULL", "no key"), ("b.category IS NULL", "no category"),
            ("TRY_CAST(b.list_price AS DECIMAL(10,2)) IS NULL OR TRY_CAST(b.list_price AS DECIMAL(10,2)) < 0", "bad list_price")])
    silver("orders", "order_id", "updated_at",
           "b.order_id, b.customer_id, TRY_CAST(b.ordered_at AS TIMESTAMP) AS ordered_at, b.status, b.country, TRY_CAST(b.updated_at AS TIMESTAMP) AS updated_at",
           [("b.order_id IS NULL OR b.order_id = ''", "no key"), ("b.customer_id IS NULL", "no customer"),
            ("c.customer_id IS NULL", "no such customer"), ("TRY_CAST(b.ordered_at AS TIMESTAMP) IS NULL", "bad ordered_at"),
            ("b.status IS NULL OR b.country IS NULL", "no status or country"), ("TRY_CAST(b.updated_at AS TIMESTAMP) IS NULL", "bad updated_at")],
           "LEFT JOIN silver_customers c ON c.customer_id = b.customer_id")
    silver("items", "item_id", "updated_at",
           """b.item_id, b.order_id, b.product_id, TRY_CAST(b.quantity AS INTEGER) AS quantity, TRY_CAST(b.price AS DECIMAL(10,2)) AS price,
              TRY_CAST(b.discount AS DECIMAL(4,2)) AS discount, TRY_CAST(b.shipped_on AS DATE) AS shipped_on, TRY_CAST(b.updated_at AS TIMESTAMP) AS updated_at""",
           [("b.item_id IS NULL", "no key"), ("o.order_id IS NULL", "no such order"), ("p.product_id IS NULL", "no such product"),
            ("TRY_CAST(b.quantity AS INTEGER) IS NULL OR TRY_CAST(b.quantity AS INTEGER) <= 0", "bad quantity"),
            ("TRY_CAST(b.price AS DECIMAL(10,2)) IS NULL OR TRY_CAST(b.price AS DECIMAL(10,2)) < 0", "bad price"),
            ("TRY_CAST(b.discount AS DECIMAL(4,2)) IS NULL", "bad discount"),
            ("b.shipped_on IS NOT NULL AND TRY_CAST(b.shipped_on AS DATE) IS NULL", "bad shipped_on"),
            ("TRY_CAST(b.updated_at AS TIMESTAMP) IS NULL", "bad updated_at")],
           "LEFT JOIN silver_orders o ON o.order_id = b.order_id LEFT JOIN silver_products p ON p.product_id = b.product_id")


def gold():
    here = os.path.dirname(os.path.abspath(__file__))
    for name in ("daily_sales", "customer_ltv", "product_rank", "country_month"):
        with open(f"{here}/retail/gold/{name}.sql") as f:
            sql = f.read().split("*/", 1)[1].replace("silver.", "silver_")
        copy(f"gold_{name}", sql)


CHECKS = [("silver_orders", "count(*) > 0"), ("silver_orders", "count(*) = count(distinct order_id)"), ("silver_items", "count(*) > 0"),
          ("silver_items", "min(quantity) > 0"), ("silver_items", "max(discount) < 1"), ("gold_daily_sales", "count(*) > 0"),
          ("gold_daily_sales", "min(revenue) >= 0"), ("gold_customer_ltv", "count(*) = count(distinct customer_id)"),
          ("gold_customer_ltv", "min(lifetime_value) >= 0"), ("gold_product_rank", "min(rank) = 1"), ("gold_product_rank", "count(*) <= 20000"),
          ("gold_country_month", "count(*) > 0")]

bronze()
all_silver()
gold()
for table, check in CHECKS:
    assert con.execute(f"SELECT {check} FROM {table}").fetchone()[0], f"{table}: {check}"
