"""The rules of the house that no linter knows, and for each the proof that it bites.

A rule reads one module of ours and yields complaints. Beside it stand a snippet that breaks it, one
that keeps it, and who may break it for which reason; a reason no longer needed fails as well.
"""

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import pytest
import tomli

import alphabot

ROOT = Path(__file__).parent.parent
MODULE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


def long_modules(source: str) -> Iterator[str]:
    """A room one can see at a glance."""
    lines = source.count("\n")
    if lines > MODULE_LINES_MAX:
        yield f"{lines} lines"


def long_functions(source: str) -> Iterator[str]:
    """A function one can read without turning the page."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"{node.name} has {lines} lines"


def undocumented(source: str) -> Iterator[str]:
    """Every public module, class and function says what it is, in a sentence with an end."""
    nodes: list[ast.Module | ast.ClassDef | Function] = [ast.parse(source)]
    while nodes:
        node = nodes.pop()
        name = getattr(node, "name", "the module")
        first_paragraph = (ast.get_docstring(node) or "").split("\n\n")[0]
        if not re.search(r"[.:?](\s|$)", first_paragraph):
            yield f"{name}: no docstring, or its first sentence has no end"
        if isinstance(node, ast.Module | ast.ClassDef):
            nodes += _public(node.body)


def _public(body: list[ast.stmt]) -> Iterator[ast.ClassDef | Function]:
    for node in body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            # An override, an overload and a setter have their sentence elsewhere.
            words = {word for mark in node.decorator_list for word in ast.unparse(mark).split(".")}
            if not words & {"override", "overload", "setter"}:
                yield node


def unfinished(source: str) -> Iterator[str]:
    """What is left to do is an issue, not a comment."""
    for number, line in enumerate(source.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError", line):
            yield f"line {number}: {line.strip()}"


def silent_exceptions(source: str) -> Iterator[str]:
    """Who silences a checker says why, on the same line."""
    for number, line in enumerate(source.splitlines(), 1):
        silenced = re.search(r"# (noqa|type: ignore)(.*)", line)
        if silenced and not re.match(r"(: [A-Z]+\d+|\[[a-z-]+\])[^#(-]*[#(-]+ *\w+", silenced[2]):
            yield f"line {number}: {line.strip()}"


def insecure(source: str) -> Iterator[str]:
    """Certificates are always looked at."""
    for number, line in enumerate(source.splitlines(), 1):
        if re.search(r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False", line):
            yield f"line {number}: {line.strip()}"


# What differs from run to run. A rehearsal of one seed must give one trace, so there is one seam
# for each, and everything else is handed the time, the chance or the setting that it needs.
OUTSIDE = re.compile(
    r"time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns|sleep|localtime)"
    r"|datetime\.datetime\.(now|utcnow|today)|datetime\.date\.today"
    r"|random\.(?!Random$)\w+|secrets\.\w+|uuid\.uuid[14]"  # random.Random(seed) is one's own
    r"|os\.(environ|environb|getenv|urandom)"
)


def unrepeatable(source: str) -> Iterator[str]:
    """Clocks, chance and the environment are asked in the seams alone."""
    tree = ast.parse(source)
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {name.asname or name.name: name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            known |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            head, dot, rest = ast.unparse(node).partition(".")
            name = known.get(head, "") + dot + rest
            if OUTSIDE.fullmatch(name):
                yield f"line {node.lineno}: {name}"


@dataclass(frozen=True)
class Rule:
    """A rule, the proof that it bites, and who may break it."""

    check: Callable[[str], Iterator[str]]
    broken: tuple[str, ...] = field(repr=False)
    kept: str = field(repr=False)
    exceptions: Mapping[str, str] = field(default_factory=dict)


RULES = [
    Rule(
        long_modules,
        broken=("x = 1\n" * 301,),
        kept="x = 1\n" * 300,
    ),
    Rule(
        long_functions,
        broken=("def f():\n" + "    x = 1\n" * 60, "async def f():\n" + "    x = 1\n" * 60),
        kept="def f():\n" + "    x = 1\n" * 59,
    ),
    Rule(
        undocumented,
        broken=(
            "x = 1",
            '"""A module."""\ndef f(): ...',
            '"""A module."""\nclass C:\n    """A class."""\n    def f(self): ...',
            '"""A module"""',
        ),
        kept='"""A module.\n\nMore"""\ndef _f(): ...\nclass C:\n    """A class: it is."""\n'
        "    def __init__(self): ...\n    @override\n    def f(self): ...",
        exceptions={
            "alphabot/core/limit_rules.py": "the answer of a rule is its sentence",
        },
    ),
    Rule(
        unfinished,
        broken=("x = 1  # TODO: two", "# FIXME", "raise NotImplementedError"),
        kept="todo = 1",
    ),
    Rule(
        silent_exceptions,
        broken=(
            "x = 1  # noqa",
            "x = 1  # noqa: F401",
            "x = 1  # type: ignore",
            "x = 1  # type: ignore[misc]",
        ),
        kept="x = 1  # noqa: F401, E501 - a reason\ny = 1  # type: ignore[arg-type]  # a reason\n",
    ),
    Rule(
        insecure,
        broken=("Client(verify=False)", "context.check_hostname = False", "ssl.CERT_NONE"),
        kept="Client(verify=context)",
    ),
    Rule(
        unrepeatable,
        broken=(
            "import time\ntime.time()",
            "import time as clock\nclock.monotonic()",
            "from time import time\ntime()",
            "import datetime\ndatetime.datetime.now(datetime.UTC)",
            "from datetime import datetime\ndatetime.now()",
            "import random\nrandom.random()",
            "from random import choice\nchoice([1])",
            "import uuid\nuuid.uuid4()",
            "import os\nos.environ['A']",
            "from os import getenv\ngetenv('A')",
            "def f():\n    from secrets import token_hex\n    return token_hex()",
        ),
        kept="import random, time\nfrom datetime import datetime\nrandom.Random(1).random()\n"
        "datetime.fromtimestamp(0, UTC)\nself.clock.time()\ntime.struct_time",
        exceptions={
            "alphabot/clocks.py": "the machine's clock, behind the WallClock port",
            "alphabot/log/__init__.py": "a line in the log says when it was written",
            "alphabot/wiring/telling.py": "a confirmation in a chat must not be guessed",
            "alphabot/plugins/secrets.py": "a plugin's token may stand in the environment",
            "alphabot/wiring/environment.py": "paths alone, in live mode",
            "alphabot/store/reading.py": "a reader waits for an owner in another process",
            "alphabot/store/master_key.py": "a key that could be repeated would be none",
        },
    ),
]

rules = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.check.__name__)


def our_modules() -> dict[str, str]:
    """Every module that we ship, by its path."""
    files = [*ROOT.glob("alphabot/**/*.py"), *ROOT.glob("plugins/**/*.py")]
    return {file.relative_to(ROOT).as_posix(): file.read_text("utf-8") for file in sorted(files)}


@rules
def test_rule_is_kept(rule: Rule) -> None:
    found = {path: list(rule.check(source)) for path, source in our_modules().items()}
    broken = [
        f"{path}: {complaint}"
        for path, complaints in found.items()
        for complaint in complaints
        if path not in rule.exceptions
    ]
    assert not broken, "\n".join(broken)
    needless = [path for path in rule.exceptions if not found.get(path)]
    assert not needless, f"no exception needed any more: {needless}"


@rules
def test_rule_bites(rule: Rule) -> None:
    assert [source for source in rule.broken if not list(rule.check(source))] == []
    assert list(rule.check(rule.kept)) == []


# What follows is about the repository, not about one module.


def repository() -> dict[str, str]:
    """Every text that a commit may hold, by its path. Without git, which a container may lack."""
    lines = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    ignored = [".git", *(line.strip("/") for line in lines if line and line[0] != "#")]

    def stays(name: str) -> bool:
        return not any(fnmatch(name, pattern) for pattern in ignored)

    texts = {}
    for folder, folders, names in os.walk(ROOT):
        folders[:] = filter(stays, folders)
        for file in (Path(folder, name) for name in names if stays(name)):
            texts[file.relative_to(ROOT).as_posix()] = file.read_text("utf-8", errors="replace")
    return texts


# In pieces, so that this file does not break its own rule.
REGISTRIES = [
    ".".join(host) for host in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))
]
HOMES = [r"/home/\w+/", r"/Users/\w+/", "/ro" + "ot/"]


def foreign_places(path: str, text: str) -> Iterator[str]:
    """What belongs to one machine: where its packages come from, and where things lie on it."""
    places = [*map(re.escape, [*REGISTRIES, f"{ROOT}/"]), *HOMES]
    if path.endswith(".lock"):
        places.append("://")
    if path.endswith((".toml", ".lock", ".txt", ".cfg", ".ini", ".conf")):
        places.append("index-url|extra-index|find-links")
    for found in re.finditer("|".join(places), text):
        yield f"{path}: {found[0]}"


def test_repository_names_no_machine() -> None:
    found = [place for path, text in repository().items() for place in foreign_places(path, text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.lock", "httpx @ https://example.com/httpx.whl"),
        ("docs/guide.md", f"get it from {REGISTRIES[0]}"),
        ("docs/guide.md", "cd /ho" + "me/ann/alphabot"),
        ("alphabot/cli/run.py", f"open('{ROOT}/strategies.toml')"),
        ("pyproject.toml", "[tool.uv]\nindex-url = 'x'"),
    ],
)
def test_a_machine_would_be_noticed(path: str, text: str) -> None:
    assert list(foreign_places(path, text))


def test_repository_is_what_git_sees() -> None:
    texts = repository()
    assert {"just", "justfile", "requirements.lock", "tests/test_house.py"} <= texts.keys()
    assert not [path for path in texts if ".venv" in path or "__pycache__" in path]


def imported_packages(source: str) -> set[str]:
    """Packages that are neither of the standard library nor ours."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    packages = {name.partition(".")[0] for name in names}
    return packages - sys.stdlib_module_names - {"alphabot", "plugins", "tests"}


def test_what_we_import_is_what_we_declare() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras: dict[str, list[str]] = project["project"]["optional-dependencies"]
    declared = {
        re.split(r"[^\w-]", line)[0].replace("-", "_")
        for line in [
            *project["project"]["dependencies"],
            *(line for extra in extras.values() for line in extra),
        ]
    }
    modules = our_modules()
    shipped = {path: text for path, text in modules.items() if "test_" not in path}
    assert set().union(*map(imported_packages, shipped.values())) == declared
    assert imported_packages(
        "import trio.abc\nfrom httpx import Client\nimport os\nfrom .bot import Bot"
    ) == {
        "trio",
        "httpx",
    }


def test_version_is_one() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## \[?v?(\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert newest
    assert newest[1] == project["version"] == alphabot.__version__


def test_commands_in_the_docs_are_recipes() -> None:
    justfile = (ROOT / "justfile").read_text("utf-8")
    recipes = set(re.findall(r"^(\w+)[^:\n]*:(?!=)", justfile, re.MULTILINE))
    named = {
        path: set(re.findall(r"(?:\./|`)just (\w+)", text))
        for path, text in repository().items()
        if path.endswith(".md")
    }
    assert {"run", "test"} <= named["README.md"]
    assert {path: names - recipes for path, names in named.items() if names - recipes} == {}
