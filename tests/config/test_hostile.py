"""Whatever a file holds, what comes of it is settings or one complaint, and soon."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.config import SECTIONS, Settings, load, loads
from alphabot.config.document import FILE_BYTES_MAX
from alphabot.errors import ConfigError

STRATEGY: Mapping[str, str] = {
    "strategy_id": '"a"',
    "target_token": '"KOGE"',
    "target_chain": '"BSC"',
    "target_volume": "100",
    "user_ids": "[1]",
}

ATTACKS = {
    "dotted key of 64 KB": "a." * 32_000 + "a = 1",
    "dotted header of 64 KB": "[" + "a." * 32_000 + "a]",
    "dotted keys just below the parser's limit": "\n".join(
        "a." * 900 + f"b{number} = 1" for number in range(35)
    ),
    "array in array, unclosed": "a = " + "[" * 65_000,
    "array in array, a line each": "a = " + "[\n" * 32_000,
    "array in array, closed": "a = " + "[" * 32_000 + "]" * 32_000,
    "table in table": "a = " + "{a=" * 21_000,
    "integer of 5,000 digits": "[limits]\nmax_rounds = " + "9" * 5_000,
    "integer of 65,000 digits": "[limits]\nmax_rounds = " + "9" * 65_000,
    "hexadecimal of 65,000 digits": "[limits]\nmax_rounds = 0x" + "f" * 65_000,
    "fraction of 65,000 digits": "[limits]\nmax_dust_bp = 1." + "1" * 65_000,
    "exponent beyond Decimal": "[limits]\nmax_dust_bp = 1e999999999999999999999",
    "exponent that would fill memory": "[limits]\nmax_dust_bp = 1e200000000",
    "many quoted keys": "\n".join(f'"a{number}"=1' for number in range(6_500)),
    "many items": "a = [" + "1," * 32_000 + "]",
    "many tables": "[[strategies]]\n" * 4_000,
    "long name": "x" * 65_000 + " = 1",
    "long text": '[exchange]\nmode = "' + "x" * 65_000 + '"',
    "quotes": '"' * 65_000,
    "backslashes": 'a = "' + "\\" * 65_000,
    "quotes in long text": 'a = """' + '""x' * 21_000 + '"""',
    "blank": " " * 65_000,
    "comment": "#" * 65_000,
}


@pytest.mark.ceiling(5)
@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_attack(text: str, tmp_path: Path) -> None:
    assert len(text) <= FILE_BYTES_MAX
    file = tmp_path / "strategies.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.line is not None
    assert len(str(caught.value)) < 400 + len(str(file))


@pytest.mark.ceiling(5)
def test_array_100_000_deep(tmp_path: Path) -> None:
    file = tmp_path / "strategies.toml"
    file.write_text("a = " + "[" * 100_000 + "]" * 100_000)
    with pytest.raises(ConfigError, match="at most 64 KiB"):
        load(file)
    # Also for whoever parses a text that is already in memory.
    with pytest.raises(ConfigError, match="16 levels of nesting") as caught:
        loads(file.read_text())
    assert caught.value.line == 1


def settings_or_complaint(text: str) -> None:
    try:
        outcome: Settings | ConfigError = loads(text)
    except ConfigError as error:
        outcome = error
    if isinstance(outcome, ConfigError):
        assert str(outcome).isprintable()
        assert outcome.line is not None
        assert 1 <= outcome.line <= text.count("\n") + 1


@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value).isprintable()


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    settings_or_complaint(text)


NAMES = sorted({key.name for section in SECTIONS.values() for key in section.keys} | {"x"})
HEADERS = ["[limits]", "[exchange]", "[global_settings]", "[[strategies]]", "[plugins]", "[a.b]"]
MARKS = [
    *"[]{}=.,#\"'\\ \n",
    '"""',
    "'''",
    "\\u0000",
    "nan",
    "1e9",
    "0x1",
    "-",
    "true",
    "2026-01-01",
]
FRAGMENTS = st.lists(st.sampled_from([*NAMES, *HEADERS, *MARKS]), max_size=30).map("".join)


@given(FRAGMENTS)
def test_any_fragments(text: str) -> None:
    settings_or_complaint(text)


# A value as TOML writes it: right and wrong ones of every type.
SCALARS = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map("{:f}".format),
    st.floats().map(str),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20).map(json.dumps),
    st.sampled_from(["true", "false", "nan", "-inf", "1e400", "0x10", "07:32:00", "2026-01-01"]),
    st.sampled_from(['"BSC"', '"filled"', '"wait"', '"en"', '"http://127.0.0.1:1"', '"a"']),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(inner, max_size=3).map(
            lambda items: "{ " + ", ".join(f"k{n} = {item}" for n, item in enumerate(items)) + " }"
        ),
    ),
    max_leaves=6,
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file that is right but for a few keys with values of any kind."""
    tables: dict[str, dict[str, str]] = {name: {} for name in SECTIONS}
    tables["strategies"] |= STRATEGY
    for _ in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from(sorted(SECTIONS)))
        keys = [key.name for key in SECTIONS[name].keys]
        tables[name][draw(st.sampled_from([*keys, "x"]))] = draw(VALUES)
    return "".join(
        f"\n{SECTIONS[name].header}\n"
        + "".join(f"{key} = {value}\n" for key, value in table.items())
        for name, table in tables.items()
    )


@given(files())
def test_any_values(text: str) -> None:
    settings_or_complaint(text)
