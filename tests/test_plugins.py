"""The plugin host: what is found, what is refused, and with which words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from alphabot import hookimpl
from alphabot.builtin import PLUGINS, mul_point, percent_offset
from alphabot.core.values import PricingRequest
from alphabot.errors import PluginError
from alphabot.plugins import PluginHost, load_plugins
from tests.core.samples import instrument, quote

GOOD = """
from decimal import Decimal
from alphabot import Proposal, hookimpl

def at_last(request):
    return Proposal(request.quote.last, request.quote.last)

@hookimpl
def register_pricing_rules(register):
    register("at_last", at_last)

@hookimpl
def register_multipliers(register):
    register("twice", lambda volume, mul_point: volume * 2)
"""

Load = Callable[..., PluginHost]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Load a drop-in called ``mine`` with this source, and forget what was imported."""

    def load(source: str, name: str = "mine", file: str = "") -> PluginHost:
        path = tmp_path / (file or f"{name}.py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, "utf-8")
        return load_plugins(PLUGINS, [tmp_path], [name])

    before = set(sys.modules)
    yield load
    for module in set(sys.modules) - before:
        del sys.modules[module]


def hook(body: str) -> str:
    """Return a plugin whose one hook does this."""
    return (
        "from alphabot import hookimpl\n"
        f"@hookimpl\ndef register_pricing_rules(register):\n    {body}\n"
    )


# --- our own --------------------------------------------------------------------------------------


def test_our_own_plugins_are_always_there() -> None:
    host = load_plugins(PLUGINS)
    assert host.pricing_rule("percent_offset") is percent_offset.percent_offset
    assert host.multiplier("divide") is mul_point.divide
    assert host.multiplier("points") is mul_point.points
    assert host.multiplier("flat") is mul_point.flat


def test_a_name_that_nobody_registered_is_answered_with_the_nearest() -> None:
    host = load_plugins(PLUGINS)
    with pytest.raises(
        KeyError, match=r"no pricing rule 'percent_ofset'; did you mean percent_off"
    ):
        host.pricing_rule("percent_ofset")
    with pytest.raises(KeyError, match="no multiplier 'zzz'; there are divide, flat, points"):
        host.multiplier("zzz")
    with pytest.raises(KeyError, match="no multiplier 'percent_offset'"):
        host.multiplier("percent_offset")


# --- drop-ins -------------------------------------------------------------------------------------


def test_a_drop_in_is_loaded_when_it_is_enabled(load: Load) -> None:
    host = load(GOOD)
    request = PricingRequest(quote("7"), instrument(), Decimal(30), Decimal(10), Decimal(10))
    assert host.pricing_rule("at_last")(request).buy_price == 7
    assert host.multiplier("twice")(Decimal(2), 1) == 4


def test_a_drop_in_that_nobody_enabled_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("raise SystemExit('imported')")
    load_plugins(PLUGINS, [tmp_path], [])


def test_a_drop_in_may_be_a_folder(load: Load, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "rules.py").write_text(GOOD)
    source = "from .rules import register_pricing_rules, register_multipliers\n"
    host = load(source, file="mine/__init__.py")
    assert host.multiplier("twice")(Decimal(2), 1) == 4


def test_the_first_folder_that_has_it_wins(tmp_path: Path, load: Load) -> None:
    for folder, factor in (("one", 2), ("two", 3)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(GOOD.replace("volume * 2", f"volume * {factor}"))
    host = load_plugins(PLUGINS, [tmp_path / "none", tmp_path / "two", tmp_path / "one"], ["mine"])
    assert host.multiplier("twice")(Decimal(1), 1) == 3


def test_a_drop_in_called_json_does_not_stand_in_for_the_real_one(load: Load) -> None:
    host = load("import json\nassert json.loads('[1]') == [1]\n" + GOOD, name="json")
    assert host.pricing_rule("at_last").__name__ == "at_last"
    assert sys.modules["json"] is json


def test_a_plugin_that_is_nowhere_names_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"plugin mine: load: no mine\.py .* in .*") as refused:
        load_plugins(PLUGINS, [tmp_path], ["mine"])
    assert str(tmp_path) in refused.value.problem
    with pytest.raises(PluginError, match="in no folder"):
        load_plugins(PLUGINS, [], ["mine"])


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import a_module_that_is_not_there", "ModuleNotFoundError"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("import sys; sys.exit('bye')", "SystemExit: bye"),
        ("def broken(:", "SyntaxError"),
        ("x = '\\ud800'.encode()", "UnicodeEncodeError"),
        ("from .elsewhere import x", "ImportError|ModuleNotFoundError"),
    ],
)
def test_a_drop_in_that_cannot_be_imported_leaves_nothing_behind(
    load: Load, source: str, problem: str
) -> None:
    with pytest.raises(PluginError, match=rf"plugin mine: load: .*mine\.py: ({problem})"):
        load(source)
    assert "alphabot_drop_in.mine" not in sys.modules


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (hook("raise ValueError('no')"), "register_pricing_rules: ValueError: no"),
        (hook("raise SystemExit('bye')"), "register_pricing_rules: SystemExit: bye"),
        (hook("return 'at_last'"), "nothing was expected to be returned, was str"),
        (hook("yield register('at_last', print)"), "to be returned, was generator"),
        (hook("pass").replace("def", "async def"), "must be a plain function, was async"),
        (hook("yield").replace("def", "async def"), "to be returned, was async_generator"),
        (hook("pass").replace("(register)", "(registrar)"), "registrar"),
        (hook("pass").replace("(register)", "()"), "TypeError"),
        (hook("pass").replace("_rules", "_rule"), "unknown hook 'register_pricing_rule'"),
        (hook("register('at last', print)"), "a name like my_rule was expected, was 'at last'"),
        (hook("register('', print)"), "a name like my_rule was expected"),
        (hook("register(1, print)"), "a name like my_rule was expected, was 1"),
        (hook("register('at_last', None)"), "at_last: a plain function was expected"),
        (hook("register('at_last', 'print')"), "a plain function was expected"),
        (hook("register('percent_offset', print)"), "'percent_offset' is already percent_offset's"),
        (hook("register('a', print); register('a', max)"), "pricing rule 'a' is already mine's"),
    ],
)
def test_a_plugin_that_does_not_keep_the_contract_is_refused(
    load: Load, source: str, problem: str
) -> None:
    with pytest.raises(PluginError) as refused:
        load(source)
    assert refused.value.plugin == "mine"
    assert problem in str(refused.value)


def test_a_rule_must_not_be_a_coroutine_function(load: Load) -> None:
    rule = "async def rule(request): ...\n"
    for registered in ("rule", "functools.partial(rule, None)"):
        with pytest.raises(PluginError, match="at_last: a plain function was expected"):
            load("import functools\n" + rule + hook(f"register('at_last', {registered})"))


def test_two_plugins_cannot_register_one_name(tmp_path: Path, load: Load) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(GOOD)
    for first, second in (("one", "two"), ("two", "one")):
        with pytest.raises(PluginError, match=f"plugin {second}: .*'at_last' is already {first}'s"):
            load_plugins(PLUGINS, [tmp_path], [first, second])


@pytest.mark.parametrize("name", ["percent_offset", "mul_point"])
def test_a_drop_in_cannot_take_the_place_of_one_of_ours(load: Load, name: str) -> None:
    with pytest.raises(PluginError, match=f"plugin {name}: load: .*{name}"):
        load(GOOD, name=name)


def test_a_plugin_cannot_be_enabled_twice(tmp_path: Path, load: Load) -> None:
    (tmp_path / "mine.py").write_text(GOOD)
    with pytest.raises(PluginError, match="plugin mine"):
        load_plugins(PLUGINS, [tmp_path], ["mine", "mine"])


def test_one_name_may_be_a_rule_of_each_kind(load: Load) -> None:
    host = load(GOOD.replace("twice", "at_last"))
    assert host.pricing_rule("at_last").__name__ == "at_last"
    assert host.multiplier("at_last")(Decimal(2), 1) == 4


def test_a_plugin_may_have_no_hook_and_may_be_any_object() -> None:
    host = PluginHost()
    host.add("nothing", SimpleNamespace())

    class Plugin:
        @hookimpl
        def register_multipliers(self, register: Callable[[str, object], None]) -> None:
            register("none", lambda volume, mul_point: volume)

    host.add("mine", Plugin())
    assert host.multiplier("none")(Decimal(1), 4) == 1
