"""A plugin to start from, with a test that passes as it stands."""

from __future__ import annotations

import keyword
import os
from collections.abc import Mapping
from pathlib import Path

from alphabot.cli.init import write_new as write_file
from alphabot.errors import ConfigError

__all__ = ["write_new"]

_PRICING = '''"""{name}: a pricing rule of my own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from alphabot import PricingRequest, Proposal, hookimpl

ALPHABOT_API = "1"


class Settings(msgspec.Struct, frozen=True):
    """What may stand in [plugins.{name}]."""

    percent: Decimal = Decimal("0.5")


@hookimpl
def settings() -> type[Settings]:
    return Settings


@hookimpl
def register_pricing_rules(register: Callable[..., None], settings: Settings) -> None:
    def {name}(request: PricingRequest) -> Proposal:
        """Buy a little above the best ask and sell a little below the best bid."""
        ask, bid = request.quote.ask, request.quote.bid
        return Proposal(
            buy_price=ask * (1 + settings.percent / 100),
            sell_price=bid * (1 - settings.percent / 100),
        )

    register("{name}", {name})
'''
_PRICING_TEST = '''"""{name}, tried as alphabot would use it."""

from pathlib import Path

PLUGIN = Path(__file__).parent.parent / "plugins" / "{name}.py"


def test_it_answers_whatever_it_is_asked(load_plugin, check_pricing_rule):
    assert check_pricing_rule(load_plugin(PLUGIN).pricing_rule("{name}"))


def test_it_reaches_a_target_on_the_simulated_exchange(simulated_world):
    run = simulated_world(PLUGIN, pricing="{name}", settings="percent = 1")
    assert run.ending == "reached", run.reason
'''
_MULTIPLIER = '''"""{name}: a multiplier rule of my own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from alphabot import hookimpl

ALPHABOT_API = "1"


def {name}(volume_usdt: Decimal, mul_point: int) -> Decimal:
    """Credit what was bought, as often as the token's mulPoint says."""
    return volume_usdt * mul_point


@hookimpl
def register_multipliers(register: Callable[..., None]) -> None:
    register("{name}", {name})
'''
_MULTIPLIER_TEST = '''"""{name}, tried as alphabot would use it."""

from pathlib import Path

PLUGIN = Path(__file__).parent.parent / "plugins" / "{name}.py"


def test_it_answers_whatever_it_is_asked(load_plugin, check_multiplier):
    assert check_multiplier(load_plugin(PLUGIN).multiplier("{name}"))


def test_it_reaches_a_target_on_the_simulated_exchange(simulated_world):
    run = simulated_world(PLUGIN, multiplier="{name}", token="AOP")
    assert run.ending == "reached", run.reason
'''
_NOTIFIER = '''"""{name}: a notifier of my own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import trio

from alphabot import Notice, NotDelivered, hookimpl

ALPHABOT_API = "1"


class Settings(msgspec.Struct, frozen=True):
    """What may stand in [plugins.{name}]; a token would be an alphabot.Secret."""

    file: str = "notices.txt"


class Notifier:
    """Writes every notice into a file."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def deliver(self, notice: Notice) -> None:
        try:
            async with await trio.open_file(self.settings.file, "a", encoding="utf-8") as file:
                await file.write(f"{{notice.title}}\\n")
        except OSError as error:
            raise NotDelivered(str(error)) from error


@hookimpl
def settings() -> type[Settings]:
    return Settings


@hookimpl
def register_notifiers(register: Callable[..., None], settings: Settings) -> None:
    @asynccontextmanager
    async def open_{name}() -> AsyncIterator[Notifier]:
        yield Notifier(settings)

    register("{name}", open_{name})
'''
_NOTIFIER_TEST = '''"""{name}, tried as alphabot would use it."""

from pathlib import Path

import trio

PLUGIN = Path(__file__).parent.parent / "plugins" / "{name}.py"


def test_it_delivers_every_kind_of_notice(load_plugin, check_notifier, tmp_path):
    file = tmp_path / "notices.txt"
    plugin = load_plugin(PLUGIN, f'file = "{{file}}"')
    delivered = trio.run(check_notifier, plugin.notifier("{name}"))
    assert len(file.read_text("utf-8").splitlines()) == delivered
'''
_TEMPLATES: Mapping[str, tuple[str, str]] = {
    "pricing": (_PRICING, _PRICING_TEST),
    "multiplier": (_MULTIPLIER, _MULTIPLIER_TEST),
    "notifier": (_NOTIFIER, _NOTIFIER_TEST),
}
_CHOOSE: Mapping[str, str] = {
    "pricing": 'pricing = "{name}" in [global_settings] or in a strategy',
    "multiplier": 'multiplier = "{name}" in [global_settings] or in a strategy',
    "notifier": "its name where [notices] says who is told",
}
_NEXT = """Wrote {plugin} and {test}.
Try it:      pytest {test}
Enable it:   enabled = ["{name}"] in [plugins] of strategies.toml
Choose it:   {choose}
See it:      alphabot plugins"""


def write_new(kind: str, name: str, folder: Path) -> str:
    """Write a plugin and its test; return what to do next.

    Raises ConfigError for a name that cannot be one, and for a file that is there already.
    """
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith(("_", "test_")):
        raise ConfigError(f"a name such as my_rule was expected, was {name!r}")
    plugin, test = folder / "plugins" / f"{name}.py", folder / "tests" / f"test_{name}.py"
    for path in (plugin, test):
        if os.path.lexists(path):
            raise ConfigError("is there already and was left as it is", path=path)
    for path, template in zip((plugin, test), _TEMPLATES[kind], strict=True):
        try:
            written = write_file(path, template.format(name=name).encode())
        except OSError as cause:
            raise ConfigError(f"cannot be written: {cause.strerror}", path=path) from cause
        if not written:  # somebody else was faster
            raise ConfigError("is there already and was left as it is", path=path)
    choose = _CHOOSE[kind].format(name=name)
    return _NEXT.format(plugin=plugin, test=test, name=name, choose=choose)
