"""The sample project that `ingot init` writes."""


def test_the_sample_runs_at_once(ingot, make_project, tmp_path):
    root = tmp_path / "shop"
    said = ingot("init", root, cwd=tmp_path).ok().out
    assert f"ingot -C {root} run" in said
    project = make_project("unused")
    project.root, project.lake = root, root / "lake"
    run = project.ok()
    assert "8 tables brought up to date" in run.out
    assert "up to date" in project.ok().out
    # every record of the files is accounted for: rows and malformed ones
    assert len(project.rows("bronze.orders")) + 2 == 71
    assert len(project.rows("bronze.customers")) + 1 == 12
    orders = project.rows("silver.orders", columns=["order_id", "status"])
    assert len({o for o, _ in orders}) == len(orders) == 46
    assert {s for _, s in orders} <= {"new", "paid", "shipped"}
    refused = project.run("quarantine", "--json", rc=0).json()
    assert sum(r["rows"] for r in refused if r["table"] == "silver.orders") == 9
    # the same sum by another reader
    assert project.query("select sum(revenue) = (select sum(amount) from silver.orders) from gold.daily_sales") == [(True,)]
    assert "0 errors" in project.run("check", rc=0).out


def test_init_in_the_present_folder(ingot, tmp_path):
    said = ingot("init", cwd=tmp_path).ok().out
    assert "  ingot run\n" in said and (tmp_path / "README.md").exists() and (tmp_path / ".gitignore").exists()


def test_init_overwrites_nothing(ingot, tmp_path):
    ingot("init", "shop", cwd=tmp_path).ok()
    before = (tmp_path / "shop" / "ingot.yml").read_bytes()
    assert "is a project already" in ingot("init", "shop", cwd=tmp_path).expect(2).err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "README.md").write_text("mine")
    assert "is there already" in ingot("init", "other", cwd=tmp_path).expect(2).err
    assert (tmp_path / "other" / "README.md").read_text() == "mine"
    assert sorted(p.name for p in (tmp_path / "other").iterdir()) == ["README.md"]
    assert (tmp_path / "shop" / "ingot.yml").read_bytes() == before


def test_what_the_samples_readme_suggests(ingot, make_project, tmp_path):
    root = tmp_path / "shop"
    ingot("init", root, cwd=tmp_path).ok()
    project = make_project("unused")
    project.root, project.lake = root, root / "lake"
    project.ok()
    file = root / "data/orders/orders-2026-11-01.csv"
    assert file.read_text().count(",n/a,") == 1
    file.write_text(file.read_text().replace(",n/a,", ",49.00,"))
    project.ok()
    assert (1101,) in project.rows("silver.orders", columns=["order_id"])
    refused = project.run("quarantine", "silver.orders", "--json", rc=0).json()
    assert len(refused) == 8
    (root / "data/orders/orders-2026-11-04.csv").write_text(
        "order_id,ordered_at,customer_id,product_id,quantity,amount,status,updated_at\n"
        "2001,2026-11-04 09:00:00,1,MUG-1,1,12.50,new,2026-11-04 09:00:00\n")
    plan = project.run("plan", rc=0).out
    assert "new file" in plan and "at most" in plan
    project.ok()
    assert (2001,) in project.rows("silver.orders", columns=["order_id"])
    model = root / "silver/orders.sql"
    model.write_text(model.read_text().replace("'cancelled')\n  changed", "'cancelled', 'lost in space')\n  changed"))
    project.ok()
    assert (1105,) in project.rows("silver.orders", columns=["order_id"])
    first = project.run("show", "-q", "select count(*) as n from silver.orders", "--as-of", "0", "--json", rc=0).json()
    assert first == [{"n": 46}]
