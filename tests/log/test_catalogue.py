"""The catalogue: the original lines to the letter, and no key without words or without use."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from alphabot.messages import CATALOGUE, UNITS

PACKAGE = Path(__file__).parent.parent.parent / "alphabot"

ORIGINAL = {
    "strategy.started": "策略开始执行, strategy_id=…",
    "stream.connected": "WebSocket连接已建立, user_id=…",
    "token.mul_point": "代币交易量倍数, token=…, mul_point=…",
    "pair.placed": "OTO订单下单成功, working_order_id=…",
    "buy.waiting": "等待买单成交, order_id=…",
    "order.updated": "订单状态更新, order_id=…, status=…",
    "buy.filled": "买单已成交, order_id=…",
    "sell.waiting": "等待卖单成交, order_id=…",
    "sell.filled": "卖单已成交, order_id=…",
    "pair.filled": "OTO订单完全成交, amount=…, filled=…, mul_point=…, real_trade_volume=…",
    "trade.succeeded": "交易成功, trade_volume=…, progress=…%",
}

SAYING = ("say", "say_exception", "_compose")


@dataclass(frozen=True)
class Said:
    """One call that writes a line."""

    where: str
    keys: tuple[str, ...]
    fields: tuple[str, ...]
    more: bool
    """Whether it passes further fields that cannot be seen here."""


def said_in(source: str, where: str) -> Iterator[Said]:
    """Find the calls of a module and the keys they may say."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in SAYING:
            yield Said(
                where=f"{where}:{node.lineno}",
                keys=tuple(keys_in(node.args[0], tree)),
                fields=tuple(k.arg for k in node.keywords if k.arg),
                more=any(k.arg is None for k in node.keywords),
            )


def keys_in(expression: ast.expr, tree: ast.Module) -> Iterator[str]:
    """Find the keys an expression may be, looking up a name among the module's assignments."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    if isinstance(expression, ast.Name):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and expression.id in map(ast.unparse, node.targets):
                yield from keys_in(node.value, tree)


@pytest.fixture(scope="module")
def everything_said() -> list[Said]:
    return [
        said
        for file in sorted(PACKAGE.rglob("*.py"))
        for said in said_in(file.read_text("utf-8"), file.relative_to(PACKAGE).as_posix())
    ]


@pytest.mark.parametrize("key", ORIGINAL)
def test_the_original_lines_are_kept(key: str) -> None:
    message = CATALOGUE[key]
    fields = [f"{name}=…{UNITS.get(name, '')}" for name in message.first]
    assert ", ".join([message.zh, *fields]) == ORIGINAL[key]
    assert message.level == "INFO"


@pytest.mark.parametrize("key", CATALOGUE)
def test_every_key_has_words_in_both_languages(key: str) -> None:
    message = CATALOGUE[key]
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", key)
    assert re.search(r"[\u4e00-\u9fff]", message.zh)
    assert message.en.isascii()
    for text in (message.zh, message.en):
        assert text.isprintable()
        assert ", " not in text, "that is where the fields begin"
        assert text == text.strip().rstrip(".。")


def test_what_is_said_is_in_the_catalogue(everything_said: list[Said]) -> None:
    missing = [
        f"{s.where}: {key}" for s in everything_said for key in s.keys if key not in CATALOGUE
    ]
    assert missing == []


def test_keys_are_written_out_where_they_are_said(everything_said: list[Said]) -> None:
    assert [
        s.where for s in everything_said if not s.keys and "log/__init__.py" not in s.where
    ] == []


def test_who_says_a_line_gives_its_fields(everything_said: list[Said]) -> None:
    lacking = [
        f"{s.where}: {key} without {name}"
        for s in everything_said
        if not s.more and "log/__init__.py" not in s.where
        for key in CATALOGUE.keys() & s.keys
        for name in CATALOGUE[key].first
        if name not in s.fields
    ]
    assert lacking == []


def test_what_is_in_the_catalogue_is_said(everything_said: list[Said]) -> None:
    said = {key for s in everything_said for key in s.keys}
    said |= {key for key in CATALOGUE if key in (PACKAGE / "log/__init__.py").read_text("utf-8")}
    assert sorted(set(CATALOGUE) - said) == []


def test_the_finder_finds() -> None:
    source = 'say("a.b", x=1)\nlog.say("c.d" if x else "e.f", **fields)\nsay(key)\nprint("g.h")'
    first, second, third = said_in(source, "x")
    (fourth,) = said_in('key = "a.b" if x else "c.d"\nsay(key)', "x")
    assert (first.keys, first.fields, first.more) == (("a.b",), ("x",), False)
    assert (second.keys, second.more) == (("c.d", "e.f"), True)
    assert third.keys == ()
    assert fourth.keys == ("a.b", "c.d")
