#!/usr/bin/env python3
"""Raw files of a shop: orders (NDJSON) and items (CSV) by day, customers (NDJSON), products (CSV), with the dirt of real ones.

    generate.py DIR [SCALE] [DAYS]     SCALE 1: 1.5 M orders, 6 M items, about 0.6 GB

Dirt: dates that are none, negative quantities, prices 'N/A', blank keys, exact duplicates, later versions of known orders,
orphan products, items of refused orders. The same arguments give the same bytes.
"""
import os, sys
import duckdb

def pick(key, salt, n):
    return f"(hash({key} * 1000003 + {salt}) % {n})::BIGINT"


def orders(con, path, day, first, n):
    con.execute(f"""
    COPY (
      WITH new AS (SELECT {first} + range AS id, false AS late FROM range({n})),
      late AS (SELECT DISTINCT (hash(range * 7919 + {day}) % greatest({first}, 1))::BIGINT AS id, true AS late
               FROM range(CASE WHEN {day} = 0 THEN 0 ELSE {max(n // 100, 1)} END)),
      twice AS (SELECT id, late FROM new WHERE {pick('id', 1, 500)} = 0),
      r AS (SELECT * FROM new UNION ALL SELECT * FROM late UNION ALL SELECT * FROM twice)
      SELECT CASE WHEN NOT late AND {pick('id', 2, 1000)} = 0 THEN '' ELSE 'O' || id END AS order_id,
             'C' || {pick('id', 3, "getvariable('customers')")} AS customer_id,
             CASE WHEN NOT late AND {pick('id', 4, 400)} = 0 THEN 'not a date'
                  ELSE strftime(TIMESTAMP '2026-01-01' + to_days(id // {n}) + to_seconds({pick('id', 5, 86400)}), '%Y-%m-%d %H:%M:%S') END AS ordered_at,
             ['new', 'paid', 'shipped', 'returned'][1 + ({pick('id', 6, 4)} + late::INT) % 4] AS status,
             ['DE', 'FR', 'GB', 'PL', 'ES', 'IT', 'NL', 'SE'][1 + {pick('id', 7, 8)}] AS country,
             strftime(TIMESTAMP '2026-01-01' + to_days({day}) + to_seconds({pick('id', 8, 86400)}), '%Y-%m-%d %H:%M:%S') AS updated_at
      FROM r ORDER BY hash(id, late)
    ) TO '{path}' (FORMAT json)""")


def items(con, path, day, first, n, per_order=4):
    con.execute(f"""
    COPY (
      WITH i AS (SELECT {first * per_order} + range AS id FROM range({n * per_order})),
      r AS (SELECT id FROM i UNION ALL SELECT id FROM i WHERE {pick('id', 11, 1000)} = 0)
      SELECT 'I' || id AS item_id, 'O' || id // {per_order} AS order_id,
             'P' || CASE WHEN {pick('id', 12, 2000)} = 0 THEN 900000 ELSE {pick('id', 13, 20000)} END AS product_id,
             CASE WHEN {pick('id', 14, 1000)} = 0 THEN -1 ELSE 1 + {pick('id', 15, 9)} END AS quantity,
             CASE WHEN {pick('id', 16, 1000)} = 0 THEN 'N/A' ELSE ({pick('id', 17, 50000)} / 100.0)::DECIMAL(10,2)::VARCHAR END AS price,
             ({pick('id', 18, 30)} / 100.0)::DECIMAL(4,2) AS discount,
             strftime(DATE '2026-01-01' + {day} + {pick('id', 19, 9)}::INT, '%Y-%m-%d') AS shipped_on,
             strftime(TIMESTAMP '2026-01-01' + to_days({day}) + to_seconds({pick('id', 20, 86400)}), '%Y-%m-%d %H:%M:%S') AS updated_at
      FROM r ORDER BY hash(id)
    ) TO '{path}' (FORMAT csv, HEADER true)""")


def main():
    out, scale, days = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1.0, int(sys.argv[3]) if len(sys.argv) > 3 else 100
    for folder in ("orders", "items", "customers", "products"):
        os.makedirs(f"{out}/{folder}", exist_ok=True)
    con = duckdb.connect()
    customers = max(int(150_000 * scale), 100)
    con.execute(f"SET VARIABLE customers = {customers}")
    n = max(int(15_000 * scale * 100 / days), 10)
    con.execute(f"""COPY (SELECT 'C' || range AS customer_id, 'Customer ' || range AS name,
        ['DE','FR','GB','PL','ES','IT','NL','SE'][1 + {pick('range', 21, 8)}] AS country,
        CASE WHEN {pick('range', 22, 3000)} = 0 THEN '2026-13-01' ELSE strftime(DATE '2020-01-01' + {pick('range', 23, 2000)}::INT, '%Y-%m-%d') END AS signed_up,
        '2026-01-01 00:00:00' AS updated_at FROM range({customers})
        UNION ALL SELECT 'C' || range * 300, 'Customer renamed ' || range, 'DE', '2021-05-05', '2026-02-01 00:00:00' FROM range({customers // 300}))
        TO '{out}/customers/customers.ndjson' (FORMAT json)""")
    con.execute(f"""COPY (SELECT 'P' || range AS product_id, 'Product ' || range AS name, 'category ' || {pick('range', 24, 40)} AS category,
        ({pick('range', 25, 50000)} / 100.0)::DECIMAL(10,2) AS list_price FROM range(20000)) TO '{out}/products/products.csv' (FORMAT csv, HEADER true)""")
    for day in range(days):
        orders(con, f"{out}/orders/{day:04d}.ndjson", day, day * n, n)
        items(con, f"{out}/items/{day:04d}.csv", day, day * n, n)


if __name__ == "__main__":
    main()
