"""[plugins.NAME]: what a plugin declares is what may stand there, and secrets stand elsewhere."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alphabot import Secret
from alphabot.config import Document
from alphabot.config.document import parse
from alphabot.errors import ConfigError
from alphabot.log import redact
from alphabot.plugins import load_plugins
from alphabot.plugins.settings import read_settings, settings_schema


class Chat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A nested table."""

    id: int
    name: str = ""


class Everything(msgspec.Struct, frozen=True, kw_only=True):
    """One field of each kind that a plugin is likely to have."""

    bot_token: Secret
    chats: tuple[int, ...] = ()
    rate: float = 1.0
    budget_usdt: Decimal = Decimal("2.5")
    quiet: bool = False
    named: tuple[Chat, ...] = ()
    proxy: Secret | None = None

    def __post_init__(self) -> None:
        if self.budget_usdt < 0:
            raise ValueError("budget_usdt must not be below 0")


TOKEN = 'bot_token = { env = "A_TOKEN_OF_A_TEST" }\n'


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the secret that the environment holds."""
    monkeypatch.setenv("A_TOKEN_OF_A_TEST", "made-up-token-4711")
    return "made-up-token-4711"


def document(table: str, folder: Path = Path()) -> Document:
    """Return a file with this table of settings, which begins on its second line."""
    return parse(f"[plugins.mine]\n{table}", folder / "strategies.toml")


def read(table: str, folder: Path = Path()) -> Any:
    """Return the settings that a table holds."""
    return read_settings(Everything, document(table, folder), "mine")


def refusal(table: str, folder: Path = Path()) -> str:
    """Return the one line that says what is wrong with a table."""
    with pytest.raises(ConfigError) as refused:
        read(table, folder)
    assert "\n" not in str(refused.value)
    return str(refused.value).removeprefix(str(folder) + "/")


def test_values_become_what_the_struct_says(token: str) -> None:
    found = read(
        TOKEN
        + "chats = [1, -100]\nrate = 0.5\nbudget_usdt = 0.10\nquiet = true\n[[plugins.mine.named]]"
        + '\nid = 3\nname = "desk"\n'
    )
    assert found.bot_token.reveal() == token
    assert (found.chats, found.rate, found.quiet) == ((1, -100), 0.5, True)
    assert str(found.budget_usdt) == "0.10"
    assert found.named == (Chat(3, "desk"),)
    assert read(TOKEN).budget_usdt == Decimal("2.5")


def test_a_secret_is_never_shown(token: str) -> None:
    found = read(TOKEN)
    assert token not in f"{found!r} {found.bot_token} {found.bot_token:>9}"
    assert redact(f"POST /bot{token}/send") == "POST /bot***/send"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file-4712\n")
    assert read('bot_token = { file = "token" }\n', tmp_path).bot_token.reveal() == (
        "from-a-file-4712"
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "strategies.toml:1: plugins.mine.bot_token: it was expected, was missing"),
        (
            TOKEN + "chat = [1]\n",
            "strategies.toml:3: plugins.mine.chat: unknown key (did you mean chats?)",
        ),
        (
            TOKEN + "chats = 1\n",
            "strategies.toml:3: plugins.mine.chats: a list was expected, was 1",
        ),
        (
            TOKEN + "chats = [\n 1,\n 'two',\n]\n",
            "strategies.toml:5: plugins.mine.chats: a whole number was expected, was 'two'",
        ),
        (
            TOKEN + "rate = 'fast'\n",
            "strategies.toml:3: plugins.mine.rate: a number was expected, was 'fast'",
        ),
        (
            TOKEN + "quiet = 'true'\n",
            "strategies.toml:3: plugins.mine.quiet: true or false was expected, was 'true'",
        ),
        (
            TOKEN + "budget_usdt = -1\n",
            "strategies.toml:1: plugins.mine: budget_usdt must not be below 0",
        ),
        (
            TOKEN + "named = [{ id = 1, nmae = 'x' }]\n",
            "strategies.toml:3: plugins.mine.named: Object contains unknown field `nmae`",
        ),
        (
            'bot_token = { env = "NOT_SET_ANYWHERE" }\n',
            "strategies.toml:2: plugins.mine.bot_token: "
            "the environment variable NOT_SET_ANYWHERE is not set",
        ),
        (
            'bot_token = { env = "A", file = "b" }\n',
            "strategies.toml:2: plugins.mine.bot_token: "
            '{ env = "NAME" } or { file = "PATH" } was expected',
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(table: str, said: str) -> None:
    assert refusal(table) == said


def test_a_secret_that_stands_in_the_file_is_refused_and_not_repeated() -> None:
    said = refusal('bot_token = "123456:made-up-secret"\n')
    assert "a secret does not stand in this file" in said
    assert "made-up-secret" not in said


def test_a_secret_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "many").write_text("one\ntwo\n")
    for name, said in (
        ("nowhere", "there is no file"),
        ("empty", "is empty"),
        ("binary", "is not UTF-8 text"),
        ("many", "many holds more than one line"),
        (".", "there is no file"),
    ):
        assert said in refusal(f'bot_token = {{ file = "{name}" }}\n', tmp_path)


def test_the_schema_says_the_same() -> None:
    schema = settings_schema(Everything, "mine")
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["bot_token"]
    assert {"env"} == set(schema["properties"]["bot_token"]["oneOf"][0]["properties"])
    assert schema["properties"]["budget_usdt"] == {"type": "number", "default": 2.5}


# --- through the hook -------------------------------------------------------------------------

PLUGIN = """
from decimal import Decimal

import msgspec

from alphabot import hookimpl

class Settings(msgspec.Struct, frozen=True):
    factor: Decimal = Decimal(2)

@hookimpl
def settings():
    return Settings

@hookimpl
def register_multipliers(register, settings):
    register("times", lambda volume, mul_point: volume * settings.factor)
"""


def load(folder: Path, source: str, table: str = "") -> Any:
    """Load ``mine`` with this source and these settings."""
    (folder / "mine.py").write_text(source)
    return load_plugins((), [folder], ["mine"], document(table, folder))


def test_the_hooks_get_the_settings(tmp_path: Path) -> None:
    for table, expected in (("factor = 3", 6), ("", 4)):
        host = load(tmp_path, PLUGIN, table)
        assert host.multiplier("times")(Decimal(2), 1) == expected


def test_an_implementation_may_leave_the_settings_out(tmp_path: Path) -> None:
    source = PLUGIN.replace("(register, settings)", "(register)").replace("settings.factor", "5")
    assert load(tmp_path, source).multiplier("times")(Decimal(2), 1) == 10


def test_a_wrong_table_refuses_the_plugin_by_name(tmp_path: Path) -> None:
    host = load(tmp_path, PLUGIN, "facto = 3")
    assert str(host.refused["mine"]) == (
        f"plugin mine: settings: {tmp_path}/strategies.toml:2: plugins.mine.facto: "
        "unknown key (did you mean factor?)"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("return Settings", "return Settings()", "a msgspec.Struct type was expected, was Setti"),
        ("return Settings", "return dict", "mine.py:11: a msgspec.Struct type was expected, was d"),
        ("return Settings", "raise SystemExit('no')", "settings: SystemExit: no"),
        ("frozen=True", "frozen=False", "Settings must be frozen"),
        ("def settings()", "async def settings()", "must be a plain function, was async"),
        ("def settings()", "def settings(register)", "(nothing) was expected, takes register"),
        ("Decimal = Decimal(2)", "'Nowhere' = 2", "name 'Nowhere' is not defined"),
    ],
)
def test_a_declaration_that_holds_no_settings_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    host = load(tmp_path, PLUGIN.replace(old, new), "")
    assert said in str(host.refused["mine"])


def test_a_table_for_a_plugin_that_takes_none_is_refused(tmp_path: Path) -> None:
    source = PLUGIN.replace("@hookimpl\ndef settings", "def _settings")
    host = load(tmp_path, source.replace("settings.factor", "1"), "factor = 3")
    assert "strategies.toml:1: plugins.mine: this plugin takes no settings" in str(
        host.refused["mine"]
    )
