"""The JSON Schema says what the reader does, wherever a schema can say it.

It is read here by a small validator of our own, which knows exactly the keywords that are used
and stumbles over any other.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from alphabot.config import SECTIONS, TOP, Key
from alphabot.config.kinds import Misfit
from alphabot.config.schema import DIALECT, as_text, schema

ROOT = Path(__file__).parent.parent.parent
CORPUS = Path(__file__).parent / "corpus"
SCHEMA = schema()
ALL = {"": TOP, **SECTIONS}
BUILT = [(name, key) for name, section in ALL.items() for key in section.keys if not key.unbuilt]

# Refused by the reader for what a schema cannot say.
BEYOND_A_SCHEMA = {
    "limits_failures_point_zero": "5.0 is an integer to JSON Schema",
    "limits_orders_per_minute_exponent": "so is 3e1",
    "number_41_digits": "how exact a number is",
    "number_nan_in_plugin": "what a plugin may be told",
    "number_nan_in_plugin_list": "the same",
    "deep_dotted_header": "depth",
    "deep_in_plugin": "depth",
    "plugins_paths_nul": "control characters",
    "strategy_id_right_to_left": "the same",
    "strategy_token_control": "the same",
    "rest_url_newline": "the same",
    "rest_url_octet_too_big": "numbers within text",
    "rest_url_port_0": "the same",
    "rest_url_port_too_big": "the same",
    "rest_url_real_host": "what the mode of another key allows",
    "order_stream_url_real_host": "the same",
    "market_stream_url_real_host": "the same",
}
# More than one key at a time.
TOGETHER = re.compile(r"(rule|addresses|notices_together)_\w+")


def is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": is_number,
    "integer": lambda value: is_number(value) and value == int(value),
}
IGNORED = {"$schema", "title", "description", "default", "properties"}


def is_valid(value: Any, rules: Mapping[str, Any]) -> bool:
    """Return whether a value keeps all rules of a schema."""
    return all(
        _keeps(value, keyword, rule, rules)
        for keyword, rule in rules.items()
        if keyword not in IGNORED
    ) and all(
        is_valid(value[name], inner)
        for name, inner in rules.get("properties", {}).items()
        if name in value
    )


def _alike(bound: Any, value: Any) -> Any:
    """Return a bound as a schema writes it, in the kind of number that the value is."""
    return Decimal(str(bound)) if isinstance(value, Decimal) and value.is_finite() else bound


def _keeps(value: Any, keyword: str, rule: Any, rules: Mapping[str, Any]) -> bool:
    if "type" in rules and not TYPES[rules["type"]](value):
        return False
    match keyword:
        case "type":
            return True
        case "const":
            return value is rule
        case "enum":
            return bool(value in rule)
        case "minimum":
            return bool(value >= _alike(rule, value))
        case "maximum":
            return bool(value <= _alike(rule, value))
        case "pattern":
            return re.search(rule, value) is not None
        case "minItems":
            return bool(len(value) >= rule)
        case "uniqueItems":
            return all(value[:n].count(item) == 0 for n, item in enumerate(value))
        case "items":
            return all(is_valid(item, rule) for item in value)
        case "required":
            return all(name in value for name in rule)
        case "propertyNames":
            return all(re.search(rule["pattern"], name) for name in value)
        case "additionalProperties":
            known = rules.get("properties", {})
            others = [item for name, item in value.items() if name not in known]
            return not others if rule is False else all(is_valid(item, rule) for item in others)
    raise AssertionError(f"a keyword that this validator does not know: {keyword}")


def read(path: Path) -> Any:
    """Return what a file of the corpus says, to any TOML parser."""
    raw = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    return tomli.loads(raw.decode("utf-8").replace("\r\n", "\n"))


def readable(paths: Iterator[Path]) -> list[Path]:
    found = []
    for path in sorted(paths):
        try:
            read(path)
        except (tomli.TOMLDecodeError, UnicodeDecodeError, ValueError, RecursionError):
            continue
        found.append(path)
    return found


PASSES = readable((CORPUS / "passes").glob("*.toml"))
REFUSED = readable((CORPUS / "refused").glob("*.toml"))


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = (ROOT / "docs" / "strategies.schema.json").read_text("utf-8")
    assert committed == as_text(), "alphabot schema > docs/strategies.schema.json"
    assert json.loads(committed) == SCHEMA
    assert SCHEMA["$schema"] == DIALECT


def test_the_shipped_file_names_its_schema_and_keeps_it() -> None:
    shipped = ROOT / "strategies.toml"
    named = re.match(r"#:schema (\./\S+)\n", shipped.read_text("utf-8"))
    assert named is not None
    assert (ROOT / named[1]).resolve() == ROOT / "docs" / "strategies.schema.json"
    assert is_valid(read(shipped), SCHEMA)


@pytest.mark.parametrize("path", PASSES, ids=lambda path: path.stem)
def test_what_passes_is_valid(path: Path) -> None:
    assert is_valid(read(path), SCHEMA)


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_what_is_refused_is_not(path: Path) -> None:
    beyond = path.stem in BEYOND_A_SCHEMA or TOGETHER.fullmatch(path.stem) is not None
    assert is_valid(read(path), SCHEMA) is beyond


def test_the_corpus_is_there() -> None:
    assert len(PASSES) > 25
    assert len(REFUSED) > 200
    assert {path.stem for path in REFUSED} >= BEYOND_A_SCHEMA.keys()


def rules_of(section: str, key: Key) -> dict[str, Any]:
    table: dict[str, Any] = SCHEMA if section == "" else SCHEMA["properties"][section]
    table = table["items"] if section == "strategies" else table
    table = table["additionalProperties"] if section == "users" else table
    found: dict[str, Any] = table["properties"][key.name]
    return found


@pytest.mark.parametrize(("section", "key"), BUILT, ids=[f"{s}.{k.name}" for s, k in BUILT])
def test_every_key_is_described_with_its_default(section: str, key: Key) -> None:
    rules = rules_of(section, key)
    assert key.meaning in rules["description"]
    assert key.kind.expected in rules["description"]
    if "default" in rules:
        assert rules["default"] == key.default
        assert is_valid(rules["default"], rules)


def test_what_is_not_built_is_not_offered() -> None:
    mode = SCHEMA["properties"]["exchange"]["properties"]["mode"]
    assert mode["enum"] == ["simulated", "dry-run", "live"]


ANYTHING = st.one_of(
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.decimals(-1000, 1000, places=3),
    st.text(st.characters(max_codepoint=0x7F), max_size=8),
    st.lists(st.integers(-1, 3), max_size=3),
    st.lists(st.text("ab.- ", max_size=3), max_size=3),
    st.sampled_from(["zh", "live", "filled", "BSC", "http://127.0.0.1:1", "ws://[::1]:80/a"]),
)


@given(st.sampled_from(BUILT), ANYTHING)
def test_the_reader_and_the_schema_agree(where: tuple[str, Key], value: Any) -> None:
    section, key = where
    rules = rules_of(section, key)
    try:
        key.kind.read(value)
    except Misfit:
        # Beyond a schema: an integer written with a point, and what cannot be printed.
        written = isinstance(value, Decimal) and value == value.to_integral_value()
        printable = not isinstance(value, str) or value.isprintable()
        assert written or not printable or not is_valid(value, rules)
    else:
        assert is_valid(value, rules)
