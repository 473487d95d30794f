"""Lines as JSON: one object a line, money as text, and no secret in any of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from alphabot.log import configure, dropped_line, keep, register_secret, say, say_exception


@pytest.fixture
def lines() -> Iterator[list[str]]:
    found: list[str] = []
    configure("en", sink=lambda line: None)
    keep(found.append, json=True)
    yield found
    keep()
    configure("zh")


def only(lines: list[str]) -> dict[str, Any]:
    (line,) = lines
    assert line.isascii()
    assert line.isprintable()
    assert len(line) <= 4000
    entry: dict[str, Any] = json.loads(line)
    return entry


def test_a_line_is_one_object(lines: list[str]) -> None:
    say("trade.succeeded", trade_volume=Decimal("27.2700"), progress=0.1234, user_id=1, note=None)
    entry = only(lines)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop("time"))
    assert entry == {
        "level": "INFO",
        "key": "trade.succeeded",
        "message": "Trade succeeded",
        "fields": {"trade_volume": "27.2700", "progress": 0.123, "user_id": 1, "note": None},
    }


def test_an_exception_is_a_list_of_its_lines(lines: list[str]) -> None:
    say_exception("user.failed", ValueError("two\nlines"), user_id=1)
    entry = only(lines)
    assert entry["level"] == "ERROR"
    assert entry["exception"][-2:] == ["ValueError: two", "lines"]


@pytest.mark.parametrize("value", ["\x1b[31mred", "a\nb", 'quo"te', "买单", "\u202e", "\ud800"])
def test_what_is_hostile_is_data(lines: list[str], value: str) -> None:
    say("round.failed", reason=value)
    assert only(lines)["fields"]["reason"] == value


def test_no_form_of_a_secret_comes_through(lines: list[str]) -> None:
    secret = "canary-of-json-0123456789"
    register_secret(secret)
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    say("round.failed", reason=f"Cookie: p20t={secret}; x", other=jwt, csrftoken="abcdef0123456789")
    say_exception("round.failed", RuntimeError(f"failed with {secret}"), reason=secret)
    text = "\n".join(lines)
    for shown in (secret, jwt, "abcdef0123456789"):
        assert shown not in text
    assert all(json.loads(line) for line in lines)


def test_what_is_too_long_is_cut_and_still_an_object(lines: list[str]) -> None:
    fields = {f"field_{number}": "值" * 10_000 for number in range(50)}
    say_exception("round.failed", ValueError("x\n" * 10_000), **fields)
    assert only(lines)["cut"] is True


def test_without_json_the_same_lines_are_kept_as_text() -> None:
    shown: list[str] = []
    found: list[str] = []
    configure("en", sink=shown.append, colour=True)
    keep(found.append)
    try:
        say("round.failed", reason="x")
    finally:
        keep()
        configure("zh")
    assert found == [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown]
    assert "\x1b" not in found[0]


def test_a_sink_that_fails_costs_the_file_no_line(lines: list[str]) -> None:
    def broken(line: str) -> None:
        raise OSError(line)

    configure("en", sink=broken)
    say("round.failed")
    assert json.loads(lines[0])["key"] == "round.failed"


def test_the_line_about_missing_lines_is_an_object_too(lines: list[str]) -> None:
    entry = json.loads(dropped_line(3))
    assert (entry["key"], entry["fields"]) == ("log.lines_dropped", {"lines": 3})
