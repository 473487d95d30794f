"""The shipped notifiers, as a configuration names them: found, read, and refused with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphabot.builtin import PLUGINS
from alphabot.config.document import parse
from alphabot.log import redact
from alphabot.plugins import PluginHost, load_plugins
from alphabot.ports import ChatListener
from tests.notifiers.samples import TOKEN, WEBHOOK_PATH

ROOT = Path(__file__).parents[2]
SLACK = "https://hooks.slack.com" + WEBHOOK_PATH
GOOD = {
    "telegram": 'bot_token = { env = "CANARY_TOKEN" }\nchat_ids = [42, -100]',
    "slack": 'webhook_url = { file = "slack.secret" }',
    "via_apprise": 'urls = [{ env = "CANARY_URL" }]',
}

# As in test_via_apprise.py.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a secret in a file; others are in the environment."""
    monkeypatch.setenv("CANARY_TOKEN", TOKEN)
    monkeypatch.setenv("CANARY_URL", "json://ann:canary-password@127.0.0.1/")
    (tmp_path / "slack.secret").write_text(SLACK + "\n")
    (tmp_path / "slack.secret").chmod(0o600)
    return tmp_path


def load(name: str, table: str, folder: Path) -> PluginHost:
    """Return a host with this plugin, whose table begins on the second line of the file."""
    document = parse(f"[plugins.{name}]\n{table}\n", folder / "strategies.toml")
    return load_plugins(PLUGINS, [ROOT / "plugins"], [name], document)


@pytest.mark.parametrize("name", GOOD)
async def test_it_is_loaded_opened_and_closed(name: str, folder: Path) -> None:
    async with load(name, GOOD[name], folder).notifier(name)() as notifier:
        assert isinstance(notifier, ChatListener) is (name == "telegram")
        for canary in (TOKEN, WEBHOOK_PATH, "canary-password"):
            assert canary not in repr(notifier) + repr(vars(notifier))


@pytest.mark.parametrize("name", GOOD)
def test_its_secrets_are_masked_from_then_on(name: str, folder: Path) -> None:
    load(name, GOOD[name], folder)
    secrets = {
        "telegram": TOKEN,
        "slack": SLACK,
        "via_apprise": "json://ann:canary-password@127.0.0.1/",
    }
    assert "anary" not in redact(f"it said {secrets[name]}!")


@pytest.mark.parametrize(
    ("name", "table", "complaint"),
    [
        ("telegram", "chat_ids = [42]", "plugins.telegram.bot_token: it was expected"),
        (
            "telegram",
            'bot_token = { env = "CANARY_URL" }\nchat_ids = [42]',
            "plugins.telegram: bot_token: a token as @BotFather gives it was expected",
        ),
        ("telegram", GOOD["telegram"].replace("[42, -100]", "[]"), "chat_ids: at least one chat"),
        ("telegram", GOOD["telegram"].replace("-100", "42"), "each once"),
        ("telegram", GOOD["telegram"].replace("-100", '"@me"'), "a whole number was expected"),
        ("telegram", GOOD["telegram"] + '\napi_url = "http://evil.com"', "api_url: an address"),
        ("telegram", GOOD["telegram"] + '\napi_url = "https://a.com/x?y"', "api_url: an address"),
        ("telegram", GOOD["telegram"] + "\nlissten = true", "did you mean listen?"),
        ("slack", 'webhook_url = { env = "CANARY_URL" }', "webhook_url: an address"),
        ("slack", 'webhook_url = "https://hooks.slack.com/canary"', "webhook_url"),
        ("via_apprise", "urls = []", "urls: addresses like those"),
        ("via_apprise", 'urls = [{ env = "CANARY_TOKEN" }]', "urls: addresses like those"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_without_its_secret(
    name: str, table: str, complaint: str, folder: Path
) -> None:
    said = str(load(name, table, folder).refused[name])
    assert complaint in said
    assert "strategies.toml:" in said
    assert TOKEN not in said
    assert "canary" not in said
