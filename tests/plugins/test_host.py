"""The plugin host: what is found, what is refused, and with which words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

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


def used(host: PluginHost) -> PluginHost:
    """Return a host that refused nothing; raises the first refusal."""
    for error in host.refused.values():
        raise error
    return host


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Load a drop-in called ``mine`` with this source, and forget what was imported."""

    def load(source: str, name: str = "mine", file: str = "") -> PluginHost:
        path = tmp_path / (file or f"{name}.py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, "utf-8")
        return used(load_plugins(PLUGINS, [tmp_path], [name]))

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


def test_two_drop_ins_of_one_name_are_shown_both_and_neither_is_used(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(GOOD)
    host = load_plugins(PLUGINS, [tmp_path / "none", tmp_path / "two", tmp_path / "one"], ["mine"])
    for folder in ("one", "two"):
        assert str(tmp_path / folder / "mine.py") in host.refused["mine"].problem
    with pytest.raises(KeyError, match="refused: plugin mine"):
        host.multiplier("twice")


def test_one_folder_named_twice_is_one_plugin(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(GOOD)
    used(load_plugins(PLUGINS, [tmp_path, tmp_path / ".." / tmp_path.name], ["mine"]))


def test_a_drop_in_called_json_does_not_stand_in_for_the_real_one(load: Load) -> None:
    host = load("import json\nassert json.loads('[1]') == [1]\n" + GOOD, name="json")
    assert host.pricing_rule("at_last").__name__ == "at_last"
    assert sys.modules["json"] is json


def test_a_plugin_that_is_nowhere_names_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"plugin mine: load: no mine\.py .* in .*") as refused:
        used(load_plugins(PLUGINS, [tmp_path], ["mine"]))
    assert str(tmp_path) in refused.value.problem
    with pytest.raises(PluginError, match="in no folder"):
        used(load_plugins(PLUGINS, [], ["mine"]))


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
        (hook("yield register('at_last', print)"), "must be a plain function, was a generator"),
        (hook("return (n for n in ())"), "nothing was expected to be returned, was generator"),
        (hook("pass").replace("def", "async def"), "must be a plain function, was async"),
        (hook("yield").replace("def", "async def"), "must be a plain function, was async"),
        (
            hook("pass").replace("(register)", "(registrar)"),
            "/mine.py:2: (register, settings) was expected, takes registrar",
        ),
        (hook("pass").replace("(register)", "()"), "/mine.py:2: it must take register"),
        (
            hook("pass").replace("_rules", "_rule"),
            "/mine.py:2: there is no such hook (did you mean register_pricing_rules?)",
        ),
        (hook("pass").replace("register_pricing_rules", "on_fill"), "(there are settings, reg"),
        (hook("pass").replace("@hookimpl", ""), "/mine.py:3: @hookimpl was expected above it"),
        (hook("pass").replace("@hookimpl", "@hookimpl(wrapper=True)"), "wrappers are not for"),
        ("x = 1", "it implements none of the hooks settings, register_pricing_rules"),
        ("ALPHABOT_API = '2'\n" + GOOD, "it was written for 2, this alphabot has 1"),
        ("ALPHABOT_API = '2-4'\n" + GOOD, "it was written for 2-4, this alphabot has 1"),
        ("ALPHABOT_API = 1\n" + GOOD, 'a text such as "1" or "1-2" was expected, was 1'),
        ("ALPHABOT_API = '>=1'\n" + GOOD, "was expected, was '>=1'"),
        (hook("register('at last', print)"), "a name like my_rule was expected, was 'at last'"),
        (hook("register('', print)"), "a name like my_rule was expected"),
        (hook("register(1, print)"), "a name like my_rule was expected, was 1"),
        (hook("register('at_last', None)"), "at_last: a plain function was expected, was NoneType"),
        (
            hook("register('none', lambda: 1)"),
            "/mine.py:4: none: a function that takes a PricingRequest was expected, takes ()",
        ),
        (hook("register('two', lambda a, b: 1)"), "takes (a, b)"),
        (
            hook("register('one', lambda volume: 1)").replace("pricing_rules", "multipliers"),
            "takes a volume in USDT and a mulPoint was expected, takes (volume)",
        ),
        (
            hook("register('one', lambda a: 1)").replace("pricing_rules", "notifiers"),
            "a function that takes nothing was expected, takes (a)",
        ),
        (hook("register('at_last', 'print')"), "a plain function was expected"),
        (
            hook("register('percent_offset', print)"),
            "pricing rule 'percent_offset' is already percent_offset's, at /",
        ),
        (
            hook("register('a', print); register('a', max)"),
            "pricing rule 'a' is already mine's, at",
        ),
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
        with pytest.raises(PluginError, match="at_last: a plain function was expected, was async"):
            load("import functools\n" + rule + hook(f"register('at_last', {registered})"))


def test_two_plugins_cannot_register_one_name(tmp_path: Path, load: Load) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(GOOD)
    for order in (["one", "two"], ["two", "one"]):
        host = load_plugins(PLUGINS, [tmp_path], order)
        assert set(host.refused) == {"one", "two"}
        assert f"'at_last' is already two's, at {tmp_path}/two.py:5" in host.refused["one"].problem
        assert f"'at_last' is already one's, at {tmp_path}/one.py:5" in host.refused["two"].problem
        with pytest.raises(KeyError):
            host.pricing_rule("at_last")


def test_a_refused_plugin_leaves_nothing_and_touches_nobody(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    late = GOOD.replace('"at_last"', '"late"') + "    raise ValueError\n"
    (tmp_path / "late.py").write_text(late)
    host = load_plugins(PLUGINS, [tmp_path], ["late", "good", "nowhere"])
    assert set(host.refused) == {"late", "nowhere"}
    assert host.multiplier("twice")(Decimal(2), 1) == 4
    with pytest.raises(KeyError, match="there is no pricing rule 'late'; refused: plugin late, no"):
        host.pricing_rule("late")


@pytest.mark.parametrize("name", ["percent_offset", "mul_point"])
def test_a_drop_in_cannot_take_the_place_of_one_of_ours(load: Load, name: str) -> None:
    with pytest.raises(PluginError, match=f"plugin {name}: load: there are 2 .* and "):
        load(GOOD, name=name)


def test_one_name_may_be_a_rule_of_each_kind(load: Load) -> None:
    host = load(GOOD.replace("twice", "at_last"))
    assert host.pricing_rule("at_last").__name__ == "at_last"
    assert host.multiplier("at_last")(Decimal(2), 1) == 4


def test_plugins_are_off_without_a_look_at_them(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("raise SystemExit('imported')")
    host = load_plugins(PLUGINS, [tmp_path], ["mine"], off=True)
    assert "plugins are off (--no-plugins)" in host.refused["mine"].problem
    assert host.multiplier("divide") is mul_point.divide


def test_a_version_range_that_includes_ours_is_welcome(load: Load) -> None:
    for index, versions in enumerate(("1", "1-3", "0-1")):
        load(f"ALPHABOT_API = {versions!r}\n{GOOD}", name=f"mine{index}")
