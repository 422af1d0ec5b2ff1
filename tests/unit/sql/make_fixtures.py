#!/usr/bin/env python3
"""Records the engine's JSON of the statements in statements.sql. Needs the duckdb package of the version that ingot uses.

    tests/unit/sql/make_fixtures.py
"""
import json
import pathlib
import re

import duckdb

here = pathlib.Path(__file__).parent
con = duckdb.connect()
out = {}
for part in re.split(r"^-- name: ", (here / "statements.sql").read_text(), flags=re.M)[1:]:
    name, _, sql = part.partition("\n")
    sql = sql.strip()
    serialized = con.execute("select json_serialize_sql(?)", [sql]).fetchone()[0]
    out[name.strip()] = {"sql": sql, "serialized": serialized}
text = json.dumps(out, indent=0, ensure_ascii=False)
(here / "fixtures" / "statements.json").write_text(text + "\n")
