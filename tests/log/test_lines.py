"""What a line looks like, and that nothing in it is obeyed."""

import logging
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabot.log import configure, harmless, say, say_exception
from alphabot.messages import CATALOGUE

HOSTILE = (
    "{user.__class__}",
    "{} {x} %s %(x)s",
    "<red>markup</red> [bold]markup[/bold]",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b31m",
    "two\nlines\r\n2026-01-01 00:00:00.000 | INFO    | 卖单已成交, order_id=1",
    "right\u202eto\u2066left\u200b",
    "null\x00 and half a pair \ud800",
    "\u2028\u2029\u0085",
    "a, order_id=5",
)


class Unprintable:
    """A value that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.fixture
def lines() -> Iterator[list[str]]:
    found: list[str] = []
    configure("zh", sink=found.append)
    yield found
    configure("zh")


def text_of(line: str) -> str:
    """Return a line without its time, which must be one, and without its level."""
    match = re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \| [A-Z]+ * \| (.*)", line)
    assert match, line
    return match[1]


def test_a_line_has_time_level_text_and_fields(lines: list[str]) -> None:
    say("strategy.started", strategy_id="koge_volume_boost", user_id=1)
    assert text_of(lines[0]) == "策略开始执行, strategy_id=koge_volume_boost, user_id=1"
    assert " | INFO    | " in lines[0]


def test_the_language_is_chosen(lines: list[str]) -> None:
    configure("en", sink=lines.append)
    say("strategy.started", strategy_id="a")
    assert text_of(lines[0]) == "Strategy started, strategy_id=a"


def test_the_fields_of_the_catalogue_lead(lines: list[str]) -> None:
    say("pair.filled", user_id=1, real_trade_volume=4, filled=2, amount=1, mul_point=3)
    assert text_of(lines[0]).endswith(
        "amount=1, filled=2, mul_point=3, real_trade_volume=4, user_id=1"
    )


def test_the_percent_sign_follows_the_number(lines: list[str]) -> None:
    say("trade.succeeded", trade_volume=Decimal("27.2700"), progress=Decimal("0.18"), user_id=1)
    assert text_of(lines[0]) == "交易成功, trade_volume=27.27, progress=0.18%, user_id=1"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("0.000005619"), "0.000005619"),
        (Decimal("1E+3"), "1000"),
        (Decimal("30.00"), "30"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("NaN"), "NaN"),
        (Decimal("1E+999999"), "1E+999999"),
        (20.0, "20"),
        (0.25, "0.25"),
        (True, "True"),
        (None, "-"),
        ("", "-"),
        ("two words", "two words"),
        ("a, b=c", '"a, b=c"'),
        (" padded ", '" padded "'),
    ],
)
def test_values(lines: list[str], value: object, shown: str) -> None:
    say("round.failed", value=value)
    assert text_of(lines[0]) == f"{CATALOGUE['round.failed'].zh}, value={shown}"


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_is_one_harmless_field(lines: list[str], value: str) -> None:
    say("order.updated", status=value, order_id="1")
    (line,) = lines
    assert line.isprintable()
    assert len(re.findall(r'(?:^|, )order_id=(?=[^"]*$)', line)) <= 1


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_exception_stays_below_its_line(lines: list[str], value: str) -> None:
    say_exception("round.failed", ValueError(value), reason=value)
    first, *more = lines
    assert text_of(first)
    assert more
    assert all(line.startswith("    ") and line.isprintable() for line in more)


@given(st.text())
def test_nothing_steers_a_terminal(text: str) -> None:
    shown = harmless(text)
    assert shown.isprintable()
    assert harmless(shown) == shown


@given(
    st.text(),
    st.dictionaries(
        st.text(), st.text() | st.decimals() | st.floats() | st.builds(Unprintable) | st.binary()
    ),
)
def test_saying_never_raises(key: str, fields: dict[str, object]) -> None:
    found: list[str] = []
    configure("zh", sink=found.append)
    try:
        say(key, **fields)
        say_exception(key, RuntimeError(key), **fields)
    finally:
        configure("zh")
    assert found
    assert all(line.isprintable() for line in found)


def test_an_unknown_key_is_told(lines: list[str]) -> None:
    say("no.such_key", key=3, user_id=1)
    assert "WARNING" in lines[0]
    assert text_of(lines[0]).endswith(", key=no.such_key, key_=3, user_id=1")


def test_an_unprintable_value_is_told_and_the_line_still_stands(lines: list[str]) -> None:
    say("round.failed", reason=Unprintable(), user_id=1)
    told, line = lines
    assert text_of(told) == f"{CATALOGUE['log.unprintable'].zh}, key=round.failed, field=reason"
    assert text_of(line).endswith("reason=<Unprintable>, user_id=1")


def test_a_sink_that_fails_fails_nobody_else() -> None:
    def broken(line: str) -> None:
        raise OSError(line)

    configure("zh", sink=broken)
    try:
        say("round.failed")
        say_exception("round.failed", RuntimeError())
    finally:
        configure("zh")


def test_long_values_and_tracebacks_are_cut(lines: list[str]) -> None:
    say_exception("round.failed", ValueError("x\n" * 10_000), a="y" * 10_000, b="z")
    assert len(lines) < 250
    assert max(map(len, lines)) <= 1000
    assert "b=z" in lines[0]


def test_every_error_of_a_group_is_shown(lines: list[str]) -> None:
    say_exception("user.failed", ExceptionGroup("both", [ValueError("left"), KeyError("right")]))
    assert "ERROR" in lines[0]
    assert any("left" in line for line in lines)
    assert any("right" in line for line in lines)


def test_local_variables_are_not_shown(lines: list[str]) -> None:
    local = str(2**40)
    try:
        raise ValueError(len(local))
    except ValueError as error:
        say_exception("round.failed", error)
    assert not any(local in line for line in lines)


def test_warnings_of_other_libraries_come_out_here(lines: list[str]) -> None:
    logging.getLogger("some.library").warning("a %s\nb", "warning")
    assert text_of(lines[0]) == r"some.library: a warning\nb"


@pytest.mark.parametrize(
    "name", ["httpx", "httpcore.http11", "hypercorn.error", "trio-websocket", "h11"]
)
def test_chatty_libraries_are_quiet(lines: list[str], name: str) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def test_colour_is_around_the_level_alone(lines: list[str]) -> None:
    configure("zh", sink=lines.append, colour=True)
    say("round.failed", reason="\x1b[31m WARNING")
    assert re.sub(r"\x1b\[[0-9;]*m(WARNING)\x1b\[0m", r"\1", lines[0], count=1).isprintable()
