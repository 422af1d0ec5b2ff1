"""What every test of the program uses: the program itself, a project to run it in, and readers of its tables
that are not its own (deltalake, polars, DuckDB's delta extension).

    def test_something(project):
        project.write("bronze/orders.yml", "from: {files: data/orders.csv}")
        project.file("data/orders.csv", "id\\n1\\n")
        assert project.run().rc == 0
        assert project.rows("bronze.orders", columns=["id"]) == [("1",)]

The program is build/ingot, or the one that INGOT_BIN names. What each call printed is shown when a test fails.
"""

import glob
import json
import os
import pathlib
import shlex
import subprocess
import sys
import textwrap

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("INGOT_BIN", ROOT / "build" / "ingot")).absolute()
EXTENSIONS = ROOT / ".deps" / "duckdb" / "extensions"
TIMEOUT = 120  # seconds for one call of the program

DEFAULT_PROJECT = """\
name: test
target: dev
targets:
  dev: {lake: ./lake}
"""


class Result:
    """One call of the program: .rc, .out and .err (text), .args, .cwd."""

    def __init__(self, args, cwd, rc, out, err):
        self.args, self.cwd, self.rc, self.out, self.err = args, cwd, rc, out, err

    def json_events(self):
        """The events of a call with --json: each line of standard output is one object."""
        events = []
        for number, line in enumerate(self.out.splitlines(), 1):
            try:
                events.append(json.loads(line))
            except ValueError as error:
                raise AssertionError(f"line {number} of standard output is not JSON ({error}): {line!r}\n{self}") from None
        return events

    def json(self):
        """Standard output as one JSON document."""
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise AssertionError(f"standard output is not JSON ({error})\n{self}") from None

    def expect(self, rc):
        """Asserts the exit code; returns the result, so that calls can be chained."""
        assert self.rc == rc, f"exit code {self.rc}, expected {rc}\n{self}"
        return self

    def ok(self):
        return self.expect(0)

    def __str__(self):
        said = [f"$ {shlex.join(['ingot', *self.args])}    (in {self.cwd}; exit code {self.rc})"]
        for title, text in (("standard output", self.out), ("standard error", self.err)):
            if text.strip():
                said += [f"-- {title}", textwrap.indent(text.rstrip("\n"), "   ")]
        return "\n".join(said)

    __repr__ = __str__


@pytest.fixture(scope="session")
def program_environment(tmp_path_factory):
    """The environment of every call: nothing of the user's settings, a home folder that goes away."""
    home = tmp_path_factory.mktemp("home")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("INGOT_", "AWS_", "XDG_", "LC_"))}
    env.update(HOME=str(home), LANG="C.UTF-8", TZ="UTC", NO_COLOR="1")
    if "INGOT_DUCKDB" in os.environ:  # where an INGOT_BIN from elsewhere finds the engine
        env["INGOT_DUCKDB"] = os.environ["INGOT_DUCKDB"]
    return env


@pytest.fixture(scope="session")
def ingot(program_environment):
    """ingot(*args, cwd=…, env={…}, stdin=…, timeout=…) runs the program and returns a Result."""
    if not BINARY.exists():
        pytest.fail(f"there is no {BINARY}: ./do build makes it, INGOT_BIN names another one")

    def call(*args, cwd=None, env=None, stdin=None, timeout=TIMEOUT):
        args = [str(a) for a in args]
        cwd = str(cwd or os.getcwd())
        environment = dict(program_environment)
        for name, value in (env or {}).items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = str(value)
        if isinstance(stdin, str):
            stdin = stdin.encode()
        try:
            done = subprocess.run([str(BINARY), *args], cwd=cwd, env=environment, timeout=timeout, capture_output=True,
                                  **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}))
        except subprocess.TimeoutExpired as error:
            hung = Result(args, cwd, "none", _text(error.stdout), _text(error.stderr))
            raise AssertionError(f"not done after {timeout} s\n{hung}") from None
        result = Result(args, cwd, done.returncode, _text(done.stdout), _text(done.stderr))
        print(result, file=sys.stdout)
        return result

    return call


def _text(data):
    return (data or b"").decode("utf-8", "backslashreplace")


class Project:
    """A project in a folder of its own, with its lake in ./lake unless ingot.yml says otherwise."""

    def __init__(self, root, ingot, binary_environment):
        self.root = pathlib.Path(root)
        self.lake = self.root / "lake"
        self.env = {}
        self.program_environment = binary_environment
        self._ingot = ingot
        self.root.mkdir(parents=True, exist_ok=True)
        self.write("ingot.yml", DEFAULT_PROJECT)

    # ---- its files ----

    def write(self, name, text):
        """Writes a file of the project (a source, a model, ingot.yml); the text may be indented as a block."""
        return self.file(name, textwrap.dedent(text.removeprefix("\n")))

    def file(self, name, data):
        """Writes a file exactly as it is given, text or bytes."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def remove(self, name):
        (self.root / name).unlink()

    # ---- the program ----

    def ingot(self, *args, **options):
        """Runs the program in the project: project.ingot("show", "gold.sales")."""
        options["env"] = {**self.env, **(options.get("env") or {})}
        return self._ingot(*args, cwd=self.root, **options)

    def run(self, *args, rc=None, **options):
        """`ingot run` with these arguments, or another command if the first one is a plain word:
        run(), run("--json"), run("+gold.sales"), run("plan"). With rc= the exit code is asserted."""
        if not args or not str(args[0]).replace("-", "x").isalnum() or str(args[0]).startswith("-"):
            args = ("run", *args)
        result = self.ingot(*args, **options)
        return result if rc is None else result.expect(rc)

    def ok(self, *args, **options):
        """run(), and it must exit with 0."""
        return self.run(*args, rc=0, **options)

    def popen(self, *args, **options):
        """Starts the program and returns at once, for tests that interrupt or kill it."""
        env = {**self.program_environment, **self.env, **options.pop("env", {})}
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen([str(BINARY), *map(str, args)], cwd=self.root, env=env, **options)

    # ---- its tables, seen by others ----

    def path(self, table):
        """The folder of a table: silver.orders, quarantine.silver.orders."""
        layer, _, stem = table.partition(".")
        return self.lake / layer / stem

    def delta_table(self, table, version=None):
        from deltalake import DeltaTable

        return DeltaTable(str(self.path(table)), version=version)

    def exists(self, table):
        return any((self.path(table) / "_delta_log").glob("*.json"))

    def version(self, table):
        """The number of the newest commit, by the file names in the log."""
        return max(int(p.stem) for p in (self.path(table) / "_delta_log").glob("*.json") if p.stem.isdigit())

    def commit(self, table, version=None):
        """The actions of a commit, the newest by default, as a list of objects."""
        if version is None:
            version = self.version(table)
        text = (self.path(table) / "_delta_log" / f"{version:020d}.json").read_text()
        return [json.loads(line) for line in text.splitlines() if line.strip()]

    def deltalake(self, table, version=None):
        """The table as a pandas frame, read by deltalake."""
        return self.delta_table(table, version).to_pandas()

    def polars(self, table, version=None):
        """The table as a polars frame, read by polars."""
        import polars

        return polars.read_delta(str(self.path(table)), version=version)

    def query(self, sql):
        """Rows of a DuckDB query over the lake's tables, each reachable as layer.stem: a list of tuples."""
        import duckdb

        with _duckdb(duckdb) as connection:
            for log in sorted(glob.glob(str(self.lake / "*" / "*" / "_delta_log"))):
                folder = pathlib.Path(log).parent
                if folder.parent.name.startswith("_"):
                    continue
                connection.execute(f'create schema if not exists "{folder.parent.name}"')
                connection.execute(f'create view "{folder.parent.name}"."{folder.name}" as '
                                   f"select * from delta_scan({_literal(folder)})")
            return connection.execute(sql).fetchall()

    def duckdb(self, table):
        """The table as a pandas frame, read by DuckDB's delta extension."""
        import duckdb

        with _duckdb(duckdb) as connection:
            return connection.execute(f"select * from delta_scan({_literal(self.path(table))})").df()

    def rows(self, table, columns=None, version=None):
        """The table's rows as a sorted list of tuples, read by deltalake; NULL (None) sorts first."""
        frame = self.delta_table(table, version).to_pyarrow_table(columns=columns)
        names = columns or frame.schema.names
        values = [frame.column(name).to_pylist() for name in names]
        return sorted(zip(*values), key=_sortable)


def _literal(path):
    return "'" + str(path).replace("'", "''") + "'"


def _duckdb(module):
    """A connection that has the delta extension and never asks the network for one."""
    if not any(EXTENSIONS.glob("*/*/delta.duckdb_extension")):
        pytest.fail("DuckDB's delta extension is not in .deps: ./do deps fetches it")
    connection = module.connect(config={
        "extension_directory": str(EXTENSIONS),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    })
    connection.execute("load delta")
    return connection


def _sortable(row):
    return [(value is not None, str(type(value)) if isinstance(value, (dict, list)) else "", _plain(value)) for value in row]


def _plain(value):
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True, default=str)
    return 0 if value is None else value


@pytest.fixture
def project(tmp_path, ingot, program_environment):
    """An empty project in a temporary folder."""
    return Project(tmp_path / "project", ingot, program_environment)


@pytest.fixture
def make_project(tmp_path, ingot, program_environment):
    """make_project("name") for tests that need more than one."""
    return lambda name: Project(tmp_path / name, ingot, program_environment)
