"""The table of keys, and the shipped strategies.toml, which documents every one of them."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from alphabot.config import (
    CHAINS,
    REQUIRED,
    SECTIONS,
    SHARED,
    TOP,
    Key,
    Section,
    Settings,
    StrategySettings,
    load,
    loads,
)
from alphabot.core.limit_values import Limits

SHIPPED = Path(__file__).parent.parent.parent / "strategies.toml"
ALL = {"": TOP, **SECTIONS}
KEYS = [(section, key) for section in ALL.values() for key in section.keys]
UNBUILT = {key.name for _, key in KEYS if key.unbuilt is not None} - {
    key.name for _, key in KEYS if key.unbuilt is None
}
each_key = pytest.mark.parametrize(
    ("section", "key"), KEYS, ids=[f"{section.header}{key.name}" for section, key in KEYS]
)


@pytest.fixture
def shipped() -> Settings:
    return load(SHIPPED)


@each_key
def test_key(section: Section, key: Key) -> None:
    assert key.meaning
    assert key.kind.expected
    assert section.key(key.name) is key, "two keys of one name"
    if key.default is not None and key.default is not REQUIRED:
        assert key.kind.read(key.default) is not None


def test_every_key_has_a_field() -> None:
    def built(name: str) -> set[str]:
        return {key.name for key in SECTIONS[name].keys if key.unbuilt is None}

    assert built("limits") == {field.name for field in fields(Limits)}
    assert built("strategies") == {field.name for field in fields(StrategySettings)}
    assert {key.name for key in SHARED} < built("strategies")


def shown_keys(text: str) -> Iterator[tuple[str, str, bool]]:
    """Section, name and whether it is in force, of every key that a file sets or shows."""
    section = ""
    for line in text.splitlines():
        bare = line.removeprefix("# ")
        if header := re.match(r"\[+(\w+)(\.?)", bare):
            # [plugins.NAME] is the plugin's own affair.
            section = header[1] if not header[2] or header[1] == "users" else "of one"
            if header[1] not in SECTIONS:
                yield "", header[1], line == bare
        elif (found := re.match(r"(\w+) = ", bare)) and section in ALL:
            yield section, found[1], line == bare


def test_every_key_shown_is_known_and_every_known_key_is_shown() -> None:
    shown = {(section, name) for section, name, _ in shown_keys(SHIPPED.read_text("utf-8"))}
    known = {(name, key.name) for name, section in ALL.items() for key in section.keys}
    # What a strategy may repeat of [global_settings] is shown there; a few examples are enough.
    general = {key.name for key in SECTIONS["global_settings"].keys}
    general |= {key.name for key in SHARED}
    repeated = {("strategies", name) for name in general}
    # Beside target_volume it would be refused, so it is shown in a sentence.
    elsewhere = {("strategies", "target_points"), ("users", "target_points")}
    assert shown <= known
    assert known - repeated - elsewhere <= shown


def test_unbuilt_keys_are_shown_as_such() -> None:
    lines = SHIPPED.read_text("utf-8").splitlines()
    for name in UNBUILT:
        (number,) = (n for n, line in enumerate(lines) if re.match(rf"# \[?{name}\b", line))
        assert "ot built yet" in lines[number - 1] + lines[number]


def test_figures_shown_are_the_defaults(shipped: Settings) -> None:
    strategies = shipped.path.read_text("utf-8").split("[[strategies]]", 1)[1]
    bare = loads("[[strategies]]" + strategies, SHIPPED)
    assert bare == shipped


def test_shown_settings_can_be_switched_on() -> None:
    text = SHIPPED.read_text("utf-8")
    on = re.sub(
        r"^# ((\w+) = .*)",
        lambda found: found[0] if found[2] in UNBUILT else found[1],
        text,
        flags=re.MULTILINE,
    )
    settings = loads(on)
    assert settings.exchange.rest_url == "http://127.0.0.1:8600"
    assert settings.settle_seconds == 600


def test_chains_are_named_in_the_file() -> None:
    text = SHIPPED.read_text("utf-8")
    assert all(chain in text for chain in CHAINS)


def test_shipped_is_the_demonstration(shipped: Settings) -> None:
    assert shipped.language == "zh"
    assert shipped.exchange.mode == "simulated"
    assert [
        f"{s.target_volume} of {s.target_token} on {s.target_chain} for {s.user_ids}"
        for s in shipped.strategies
    ] == [
        "320 of KOGE on BSC for (1,)",
        "80 of AOP on BSC for (1,)",
        "160 of PIPE on Solana for (2,)",
    ]
    assert shipped.plugins.paths == (SHIPPED.parent / "plugins",)
