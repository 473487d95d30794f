"""The odd answers the exchange can give, each by its name; see safety.md for what they stand for.

Those of an answer to a user either do what was asked and say it badly, or do nothing and say
something. Those of market data change what is true in one place: a client that compares two
sources, or looks at a grid, a flag or a multiplier before it uses them, need not be fooled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from alphabot.simulator.misbehaviour import Oddity, Said, Visit

__all__ = ["ODDITIES", "Odd"]


@dataclass(frozen=True, slots=True)
class Odd:
    """A kind of oddity and the requests it can befall."""

    befalls: Callable[[Visit], bool]
    oddity: Oddity


def _private(visit: Visit) -> bool:
    return visit.is_private


def _money(visit: Visit) -> bool:
    return visit.is_placing or visit.is_cancelling


def _placing(visit: Visit) -> bool:
    return visit.is_placing


def _path(*ends: str) -> Callable[[Visit], bool]:
    return lambda visit: visit.path.endswith(ends)


def _any(_visit: Visit) -> bool:
    return True


_HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body>Gateway</body></html>"


def _page(status: int, said: Said) -> Said:
    return Said(status, (("content-type", "text/html"),), _HTML)


def _answer(status: int, body: Mapping[str, Any], said: Said, **headers: str) -> Said:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Said(status, named, json.dumps(body).encode())


def _failure(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "messageDetail": None, "data": None, "success": False}


def _empty(said: Said) -> Said:
    return Said(said.status, said.headers, b"")


def _truncated(said: Said) -> Said:
    return Said(said.status, said.headers, said.body[: len(said.body) // 2])


def _twice(said: Said) -> Said:
    # The second one is the lie: whoever takes the last of two keys believes it.
    return Said(said.status, said.headers, said.body.rstrip(b"}") + b',"success":false}')


def _challenged(said: Said) -> Said:
    headers = (("risk_challenge_biz_no", "0f"), ("risk_challenge_enable_flow", "true"))
    return Said(said.status, (*said.headers, *headers), said.body)


def _edited(edit: Callable[[Any], Any], said: Said) -> Said:
    """Return the answer with its data put through ``edit``; what is no success stays as it is."""
    envelope = json.loads(said.body or b"{}")
    if not envelope.get("success"):
        return said
    envelope |= edit(envelope)
    return Said(said.status, said.headers, json.dumps(envelope).encode())


def _without_ids(envelope: Any) -> Any:
    return {"data": {} if isinstance(envelope["data"], dict) else ""}


def _short_of_a_row(envelope: Any) -> Any:
    return {"data": envelope["data"][1:]}


def _shifted(envelope: Any) -> Any:
    """The pages moved while they were read: a row comes twice, and there is one more."""
    rows = envelope["data"]
    return {"data": [*rows[:1], *rows], "total": envelope.get("total", 0) + 1}


def _each_row(change: Mapping[str, Any], envelope: Any) -> Any:
    return {"data": [row | change for row in envelope["data"]]}


def _without(key: str, envelope: Any) -> Any:
    return {"data": [{k: v for k, v in row.items() if k != key} for row in envelope["data"]]}


def _field(change: Mapping[str, Any], envelope: Any) -> Any:
    return {"data": envelope["data"] | change}


def _times_ten(envelope: Any) -> Any:
    data = envelope["data"]
    whole, _, places = str(data["lastPrice"]).partition(".")
    return {"data": data | {"lastPrice": f"{whole}{places[:1]}.{places[1:]}0"}}


def _apart(envelope: Any) -> Any:
    """The book is a tenth above where it is."""
    sides = {
        side: [[_tenth_more(price), quantity] for price, quantity in envelope["data"][side]]
        for side in ("bids", "asks")
    }
    return {"data": envelope["data"] | sides}


def _tenth_more(price: str) -> str:
    whole, _, places = price.partition(".")
    digits = int(whole + places) * 11 // 10
    text = str(digits).rjust(len(places) + 1, "0")
    return f"{text[: len(text) - len(places)]}.{text[len(text) - len(places) :]}"


def _no_side(envelope: Any) -> Any:
    return {"data": envelope["data"] | {"asks": []}}


def _halted(envelope: Any) -> Any:
    rows = [row | {"status": "BREAK"} for row in envelope["data"]["symbols"]]
    return {"data": envelope["data"] | {"symbols": rows}}


def _unknown_filter(envelope: Any) -> Any:
    rows = [
        row | {"filters": [{"filterType": "LOT_SIZE", "stepSize": "0"}]}
        for row in envelope["data"]["symbols"]
    ]
    return {"data": envelope["data"] | {"symbols": rows}}


_LISTS = _path("get-order-history-merge")
_TICKER = _path("public/alpha-trade/ticker")
_DEPTH = _path("fullDepth")
_TOKENS = _path("token/list")
_RULES = _path("get-exchange-info")
_FEES = _path("get-fee-rate")

_KINDS: tuple[tuple[str, Callable[[Visit], bool], Callable[[Said], Said], bool, float], ...] = (
    ("html page, done", _private, partial(_page, 200), True, 0),
    ("gateway page, not done", _any, partial(_page, 502), False, 0),
    ("gateway page, done", _private, partial(_page, 504), True, 0),
    ("server error, done", _private, partial(_answer, 500, _failure("000001", "x")), True, 0),
    ("unavailable, not done", _any, partial(_answer, 503, _failure("000001", "x")), False, 0),
    (
        "send status unknown, done",
        _money,
        partial(_answer, 503, _failure("-1007", "Timeout waiting. Send status unknown.")),
        True,
        0,
    ),
    (
        "unexpected response, done",
        _money,
        partial(_answer, 200, _failure("-1006", "An unexpected response was received.")),
        True,
        0,
    ),
    ("empty body, done", _private, _empty, True, 0),
    ("truncated body, done", _private, _truncated, True, 0),
    ("duplicate keys, done", _private, _twice, True, 0),
    ("success without ids", _placing, partial(_edited, _without_ids), True, 0),
    ("unknown code, done", _money, partial(_answer, 200, _failure("481099", "x")), True, 0),
    ("unknown code, not done", _money, partial(_answer, 200, _failure("481098", "x")), False, 0),
    ("refused, not done", _placing, partial(_answer, 200, _failure("481020", "x")), False, 0),
    (
        "429 with Retry-After",
        _any,
        partial(_answer, 429, _failure("429", "x"), retry_after="7"),
        False,
        0,
    ),
    ("429 without Retry-After", _any, partial(_answer, 429, _failure("429", "x")), False, 0),
    ("418 ban", _any, partial(_answer, 418, _failure("418", "x"), retry_after="90"), False, 0),
    ("403 gateway block", _any, partial(_page, 403), False, 0),
    (
        "redirect to login",
        _private,
        partial(_answer, 302, {}, location="https://exchange.simulated/login"),
        False,
        0,
    ),
    ("401", _private, partial(_answer, 401, _failure("100002001", "x")), False, 0),
    ("challenge beside a success", _private, _challenged, True, 0),
    ("late answer", _any, lambda said: said, True, 20),
    ("partial page", _LISTS, partial(_edited, _short_of_a_row), True, 0),
    ("shifted pages", _LISTS, partial(_edited, _shifted), True, 0),
    ("ticker price zero", _TICKER, partial(_edited, partial(_field, {"lastPrice": "0"})), True, 0),
    (
        "ticker price negative",
        _TICKER,
        partial(_edited, partial(_field, {"lastPrice": "-0.002"})),
        True,
        0,
    ),
    ("ticker price NaN", _TICKER, partial(_edited, partial(_field, {"lastPrice": "NaN"})), True, 0),
    (
        "ticker price junk",
        _TICKER,
        partial(_edited, partial(_field, {"lastPrice": "0,00２"})),
        True,
        0,
    ),
    ("ticker ten times", _TICKER, partial(_edited, _times_ten), True, 0),
    ("book a tenth above", _DEPTH, partial(_edited, _apart), True, 0),
    ("one side of the book empty", _DEPTH, partial(_edited, _no_side), True, 0),
    ("symbol halted", _RULES, partial(_edited, _halted), True, 0),
    ("filters unreadable", _RULES, partial(_edited, _unknown_filter), True, 0),
    ("token offline", _TOKENS, partial(_edited, partial(_each_row, {"offline": True})), True, 0),
    ("token offsell", _TOKENS, partial(_edited, partial(_each_row, {"offsell": True})), True, 0),
    ("mulPoint zero", _TOKENS, partial(_edited, partial(_each_row, {"mulPoint": 0})), True, 0),
    (
        "mulPoint a fraction",
        _TOKENS,
        partial(_edited, partial(_each_row, {"mulPoint": 1.5})),
        True,
        0,
    ),
    ("mulPoint missing", _TOKENS, partial(_edited, partial(_without, "mulPoint")), True, 0),
    ("mulPoint changed", _TOKENS, partial(_edited, partial(_each_row, {"mulPoint": 3})), True, 0),
    (
        "fees ten times",
        _FEES,
        partial(_edited, partial(_field, {"buyerCommission": 1000, "sellerCommission": 1000})),
        True,
        0,
    ),
)

ODDITIES: Mapping[str, Odd] = MappingProxyType(
    {
        name: Odd(befalls, Oddity(name, say, acts, float(seconds)))
        for name, befalls, say, acts, seconds in _KINDS
    }
)
"""Every kind of odd answer by its name."""
