"""The command line: help, options, suggestions, exit codes, version, completion, generated documents."""

import json
import os
import pathlib
import subprocess
import time

import pytest

from conftest import BINARY, ROOT

COMMANDS = ["init", "run", "plan", "show", "check", "quarantine", "history", "drop", "optimize", "vacuum", "doctor",
            "schema", "completion", "help"]


def test_version_is_quick_and_needs_no_project(ingot, tmp_path):
    assert ingot("--version", cwd=tmp_path).ok().out.startswith("ingot ")
    times = []
    for _ in range(20):
        start = time.perf_counter()
        subprocess.run([str(BINARY), "--version"], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05  # the bench has the exact figure; loading the engine takes longer than this


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(ingot, command, tmp_path):
    by_option = ingot(command, "--help", cwd=tmp_path).ok().out
    by_command = ingot("help", command, cwd=tmp_path).ok().out
    assert by_option == by_command
    assert f"usage: ingot {command}" in by_option and "--verbose" in by_option


def test_overview_lists_all_commands(ingot, tmp_path):
    out = ingot("--help", cwd=tmp_path).ok().out
    assert out == ingot("help", cwd=tmp_path).ok().out == ingot(cwd=tmp_path).ok().out
    for command in COMMANDS:
        assert f"\n  {command} " in out


def test_commands_page_is_the_programs_own(ingot, tmp_path):
    page = (ROOT / "docs" / "commands.md").read_text()
    assert ingot("help", "--markdown", cwd=tmp_path).ok().out == page, "ingot help --markdown >docs/commands.md"


@pytest.mark.parametrize("args, said", [
    (["runn"], "did you mean 'run'?"),
    (["--josn"], "did you mean --json?"),
    (["run", "--ful"], "did you mean --full?"),
    (["help", "shwo"], "did you mean 'show'?"),
    (["show", "-n", "many", "x"], "whole number"),
    (["show", "--format", "xml", "x"], "table|csv|json|ndjson|parquet"),
    (["vacuum", "--older-than", "soon"], "7d"),
    (["run", "--target"], "needs a value"),
    (["run", "--full=yes"], "takes no value"),
    (["run", "-z"], "no option -z"),
    (["show", "a", "b"], "one word too many"),
    (["history"], "something is missing"),
    (["show"], "which table?"),
    (["-C", "/nonexistent", "run"], "no such folder"),
])
def test_wrong_command_lines(ingot, tmp_path, args, said):
    result = ingot(*args, cwd=tmp_path).expect(2)
    assert said in result.err and result.out == ""


def test_options_in_every_spelling(project):
    project.write("bronze/a.yml", "from: {files: data/a.csv}")
    project.file("data/a.csv", "id\n1\n2\n3\n")
    project.ok()
    for args in (["-n", "1"], ["-n1"], ["--limit", "1"], ["--limit=1"]):
        out = project.run("show", "bronze.a", *args, "--format=ndjson", rc=0).out
        assert len(out.splitlines()) == 1
    elsewhere = project.root.parent
    assert project.ingot("-C", str(project.root), "show", "bronze.a", "-fndjson").ok().out.count("\n") == 3
    assert project.ingot("show", "-fndjson", "-C", str(project.root), "--", "bronze.a").ok().out.count("\n") == 3
    assert elsewhere.exists()


def test_no_project(ingot, tmp_path):
    result = ingot("run", cwd=tmp_path).expect(2)
    assert "ingot.yml" in result.err


def test_unknown_tables_are_suggested(project):
    project.write("bronze/orders.yml", "from: {files: data/*.csv}")
    project.file("data/a.csv", "id\n1\n")
    project.ok()
    assert "did you mean bronze.orders" in project.run("bronze.order", rc=2).err.replace("'", "")
    for command in ("show", "history", "drop", "quarantine"):
        assert "did you mean 'bronze.orders'" in project.run(command, "bronze.order", rc=2).err
    assert "no target prod" in project.run("--target", "prod", rc=2).err


def test_a_unique_name_needs_no_layer(project):
    project.write("bronze/orders.yml", "from: {files: data/*.csv}")
    project.write("silver/sales.sql", "select * from bronze.orders")
    project.write("silver/orders.sql", "select * from bronze.orders")
    project.file("data/a.csv", "id\n1\n")
    project.ok()
    assert project.run("show", "sales", rc=0).out
    assert "bronze.orders, silver.orders" in project.run("show", "orders", rc=2).err


def test_closed_output_ends_quietly(project):
    project.write("bronze/a.yml", "from: {files: data/a.csv}")
    project.file("data/a.csv", "id\n" + "\n".join(map(str, range(200000))) + "\n")
    project.ok()
    shell = f"'{BINARY}' show bronze.a --format csv | head -n 2; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=project.root, env=project.program_environment, capture_output=True, text=True)
    assert done.stdout.splitlines()[0].startswith("id,") and done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


def test_full_disk_on_standard_output(ingot, tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    done = subprocess.run([str(BINARY), "--help"], stdout=open("/dev/full", "w"), stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "standard output" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(ingot, shell, tmp_path):
    script = ingot("completion", shell, cwd=tmp_path).ok().out
    for command in COMMANDS:
        assert command in script
    for option in ("full", "older-than", "as-of"):
        assert option in script
    path = tmp_path / "script"
    path.write_text(script)
    if subprocess.run(["which", shell], capture_output=True).returncode == 0:
        subprocess.run([shell, "-n", str(path)], check=True)


def test_bash_completes_commands_options_and_tables(project):
    project.write("bronze/orders.yml", "from: {files: data/*.csv}")
    project.write("silver/orders.sql", "select * from bronze.orders")
    script = project.ingot("completion", "bash").ok().out
    (project.root / "script").write_text(script)

    def complete(*words):
        text = " ".join(f"'{w}'" for w in words)
        lines = (f"PATH='{BINARY.parent}':$PATH; source ./script; COMP_WORDS=({text}); COMP_CWORD={len(words) - 1}; _ingot; "
                 'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", lines], cwd=project.root, env=project.program_environment, capture_output=True, text=True)
        return done.stdout.split()

    assert complete("ingot", "sh") == ["show"]
    assert complete("ingot", "run", "--re") == ["--rebuild"]
    assert complete("ingot", "show", "silver.") == ["silver.orders"]
    assert complete("ingot", "show", "--format", "nd") == ["ndjson"]
    assert complete("ingot", "-C", ".", "show", "bro") == ["bronze.orders"]


def test_schema_and_reference(ingot, tmp_path):
    schema = json.loads(ingot("schema", cwd=tmp_path).ok().out)
    assert "$schema" in schema
    assert ingot("schema", "--reference", cwd=tmp_path).ok().out.startswith("# ")


def test_doctor(project):
    project.write("bronze/a.yml", "from: {files: data/a.csv}")
    project.file("data/a.csv", "id\n1\n")
    before = project.run("doctor", rc=0)
    assert "nothing is published yet" in before.out
    project.ok()
    checks = project.run("doctor", "--json", rc=0).json_events()
    assert {c["check"] for c in checks} >= {"project", "engine", "lake", "temp", "memory", "tables"}
    assert all(c["verdict"] == "ok" for c in checks)
    assert not list((project.lake / "_ingot").glob("doctor/*"))


def test_doctor_sees_what_does_not_agree(project):
    project.write("bronze/a.yml", "from: {files: data/a.csv}")
    project.file("data/a.csv", "id\n1\n")
    project.ok()
    log = project.path("bronze.a") / "_delta_log" / "00000000000000000000.json"
    kept = log.read_bytes()
    log.unlink()
    result = project.run("doctor", rc=1)
    assert "bronze.a" in result.out
    log.write_bytes(kept)
    project.remove("bronze/a.yml")
    assert "no longer in the project" in project.run("doctor", rc=0).out


def test_doctor_without_a_project(ingot, tmp_path):
    result = ingot("doctor", cwd=tmp_path).expect(2)
    assert "ingot.yml" in result.out and "DuckDB" in result.out


def test_secrets_are_not_printed(project):
    project.write("bronze/a.yml", 'from: {files: "${SECRET_PLACE}/a.csv"}')
    result = project.run("--json", env={"SECRET_PLACE": "/very/secret/place"})
    assert result.rc != 0
    assert "/very/secret/place" not in result.out + result.err and "***" in result.out + result.err


def test_tools_embed_lists_every_file_of_the_sample(ingot):
    listed = subprocess.run(["git", "ls-files", "examples/shop"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0 or not listed.stdout:
        pytest.skip("not a git repository")
    build = (ROOT / "src" / "cmd" / "meson.build").read_text()
    for name in listed.stdout.split():
        assert f"'{pathlib.PurePath(name).relative_to('examples/shop')}'" in build, f"src/cmd/meson.build lacks {name}"
