"""The corpus of hostile replies: each a name, the question it answers, and what must come of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from alphabot.errors import (
    Challenged,
    ExchangeError,
    NotAuthorised,
    RateLimited,
    Refused,
    UnexpectedReply,
)
from alphabot.exchange.wire.envelope import Reply
from tests.hostile.questions import QUESTIONS, Place, Question
from tests.hostile.spoiled_text import HTML, SPOILERS
from tests.hostile.spoiled_values import HARMLESS, MISSING, replaced, wrong_values

__all__ = ["REPLIES", "HostileReply", "replies_to"]

_JSON: Final = {"content-type": "application/json"}


@dataclass(frozen=True)
class HostileReply:
    """What the exchange might say instead of a sound answer.

    ``spoil`` makes it of the sound one. ``error`` is what reading it must raise; where it is
    None, it must read as the sound one does.
    """

    name: str
    question: Question
    spoil: Callable[[bytes], bytes]
    error: type[ExchangeError] | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: _JSON)

    def __str__(self) -> str:
        return f"{self.question.name}: {self.name}"

    def of(self, sound: bytes) -> Reply:
        """Return the reply, made of a sound answer's body."""
        return Reply(self.status, self.headers, self.spoil(sound))

    @property
    def reply(self) -> Reply:
        """The reply, made of the recorded answer."""
        return self.of(self.question.text)


def replies_to(
    name: str, error: type[ExchangeError] | None = UnexpectedReply
) -> list[HostileReply]:
    """Return the hostile answers to a question that must raise this."""
    return [case for case in REPLIES if case.question.name == name and case.error is error]


def _all() -> Iterator[HostileReply]:
    for question in QUESTIONS.values():
        for name, spoil in SPOILERS.items():
            yield HostileReply(name, question, spoil, UnexpectedReply)
        yield from _values(question)
        yield from _harmless(question)
        yield from _documents(question)
        yield from _gateways(question)
        yield from _refusals(question)
    yield from _contradictions()


def _values(question: Question) -> Iterator[HostileReply]:
    for place, kind in question.needs.items():
        for value in wrong_values(kind):
            if (value == MISSING and place in question.optional) or _is_sound(
                question, place, value
            ):
                continue
            told = "missing" if value == MISSING else value[:40]
            name = f"{'.'.join(map(str, place)) or 'data'} is {told}"
            text = replaced(question.sample, place, value)
            yield _fixed(name, question, text)


def _is_sound(question: Question, place: Place, value: str) -> bool:
    """Tell of the few values that are wrong for their kind and yet have a meaning here."""
    free_text = place in ((0, "symbol"), ("symbols", 0, "status")) and question.name in (
        "token list",
        "exchange info",
    )
    if free_text:
        # A token's name and a symbol's status may be any text: one is shown, the other compared.
        return value.startswith('"')
    if (question.name, place) == ("token wallet", ("list", 0, "tokenId")):
        return False
    # A symbol that takes no order type is listed, and does not trade.
    return place[-1:] == ("orderTypes",) and value == '["row"]'


def _harmless(question: Question) -> Iterator[HostileReply]:
    for name, (key, value) in HARMLESS.items():

        def spoil(sound: bytes, key: str = key, value: str = value) -> bytes:
            tree = json.loads(sound)
            tree.pop(key, None)
            return json.dumps(tree).encode()[:-1] + f',"{key}":{value}}}'.encode()

        yield HostileReply(name, question, spoil, None)
    yield HostileReply("blanks around", question, lambda sound: b"\r\n " + sound + b" \n", None)


def _documents(question: Question) -> Iterator[HostileReply]:
    """Sound JSON that is no envelope, or one that says neither yes nor a known no."""
    sound = question.text
    for text in ("null", "true", "0", '"000000"', "[]", "{}", '{"data":{}}', '{"success":true}'):
        yield _fixed(f"the document {text}", question, text.encode())
    yield _fixed("the envelope in a list", question, b"[" + sound + b"]")
    yield _fixed("the envelope in an envelope", question, b'{"data":' + sound + b"}")
    changes: dict[str, dict[str, object]] = {
        "success is false": {"success": False},
        "success is 1": {"success": 1},
        "success is a text": {"success": "true"},
        "success is null": {"success": None},
        "code is a number": {"code": 0},
        "code is null": {"code": None},
        "code is empty": {"code": ""},
        "code is all zeros but longer": {"code": "0000000"},
        "code is in full-width digits": {"code": "００００００"},
        "an unknown code": {"code": "999999", "success": False},
        "a code read in a list alone": {"code": "481001", "success": False},
        "system error": {"code": "100001001", "success": False, "messageDetail": {"title": None}},
        "a refusal that calls itself a success": {"code": "481020"},
        "message is a list": {"message": ["x"]},
        "total is a text": {"total": "1"},
        "total is a fraction": {"total": 1.5},
    }
    for name, change in changes.items():
        yield _fixed(name, question, json.dumps(question.sample | change).encode())
    without = {key: value for key, value in question.sample.items() if key != "success"}
    yield _fixed("no success", question, json.dumps(without).encode())


def _gateways(question: Question) -> Iterator[HostileReply]:
    """Answers of something that stands before the exchange."""
    html = {"content-type": "text/html"}
    for status in (201, 204, 206, 301, 302, 304, 400, 404, 405, 413, 500, 502, 503, 504, 520, 599):
        yield _fixed(f"HTML with {status}", question, HTML, status=status, headers=html)
        if status not in (204, 304):
            yield _fixed(f"a success with {status}", question, question.text, status=status)
    for status in (403, 418, 429):
        yield _fixed(f"HTML with {status}", question, HTML, RateLimited, status, html)
        for asked in ("5", "0", "-1", "1e9", "nan", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 400):
            wait = {"retry-after": asked}
            name = f"{status}, Retry-After {asked[:30]}"
            yield _fixed(name, question, b"", RateLimited, status, wait)
    login = {"location": "https://accounts.example/login?x=1"}
    yield _fixed("sent to a login page", question, b"", NotAuthorised, 302, login)
    yield _fixed("401", question, HTML, NotAuthorised, 401, html)
    yield _fixed("401 with a success", question, question.text, NotAuthorised, 401)


def _refusals(question: Question) -> Iterator[HostileReply]:
    """The exchange's own no: the code decides, whatever the text and the data say."""
    yield _no("481020", "余额不足，下单失败。", question, Refused)
    yield _no("481013", "Total must be greater than 0.1", question, Refused)
    yield _no("000002", "{0}{user.__class__}%s", question, Refused)
    yield _no("100002001", "登录状态已经失效，请重新登录！", question, NotAuthorised)
    yield _no("100001003", "extra verification", question, Challenged)
    yield _no("777777", "请检查是否已登录", question, NotAuthorised)
    yield _no("777777", "step flows have not finish", question, NotAuthorised)
    challenge = {"risk_challenge_biz_no": "0f", "risk_challenge_enable_flow": "true"}
    text = json.dumps(question.sample | {"success": False, "code": "481020"}).encode()
    yield _fixed("a refusal under a challenge", question, text, Challenged, headers=challenge)
    yield _fixed("an envelope with 403", question, question.text, NotAuthorised, 403)


def _no(code: str, message: str, asked: Question, error: type[ExchangeError]) -> HostileReply:
    text = json.dumps(asked.sample | {"success": False, "code": code, "message": message})
    return _fixed(f"no {code} {message[:20]}", asked, text.encode(), error)


def _contradictions() -> Iterator[HostileReply]:
    """Answers whose every value is sound, and which cannot be true."""
    pair, sale, fills = QUESTIONS["pair"], QUESTIONS["sale"], QUESTIONS["fills"]
    yield _said("one id for both legs", pair, {"workingOrderId": 7, "pendingOrderId": "7"})
    yield _said("ids in a list", pair, [1, 2])
    yield _said("only an id", pair, "10000001")
    yield _said("an id in an object", sale, {"orderId": "1"})
    yield _said("ids in a list", sale, ["1"])
    (fill,) = fills.sample["data"]
    yield _said("one fill twice", fills, [fill, fill])
    yield _said("another order's fill", fills, [fill | {"orderId": "10000009"}])
    opened = QUESTIONS["open orders"]
    yield _fixed("more announced", opened, json.dumps(opened.sample | {"total": 99}).encode())
    book = QUESTIONS["book"]
    yield _said("another symbol's", book, book.sample["data"] | {"symbol": "ALPHA_1USDT"})
    yield _said("no bids", book, book.sample["data"] | {"bids": []})
    yield _said("asks of nothing", book, book.sample["data"] | {"asks": [["1", "0"]]})
    ticker = QUESTIONS["last price"]
    yield _said("another symbol's", ticker, ticker.sample["data"] | {"symbol": "ALPHA_1USDT"})
    fees = QUESTIONS["fees"]
    yield _said("a fee of everything", fees, {"buyerCommission": 10**6, "sellerCommission": 0})
    tokens, info = QUESTIONS["token list"], QUESTIONS["exchange info"]
    yield _said("one token twice", tokens, [tokens.sample["data"][0]] * 2)
    yield _said("the token is not there", tokens, [])
    symbols = info.sample["data"]["symbols"]
    yield _said("one symbol twice", info, {"symbols": [symbols[0], *symbols]})
    filters = symbols[0]["filters"]
    for name, changed in {
        "two filters of a kind": [*filters, filters[0]],
        "no filters": [],
        "no price filter": filters[1:],
        "a filter too many": [*filters, {"filterType": "ICEBERG_PARTS", "limit": 10}],
    }.items():
        yield _said(name, info, {"symbols": [symbols[0] | {"filters": changed}]})
    wallets, alpha = QUESTIONS["wallets"], QUESTIONS["token wallet"]
    yield _said("one asset twice", wallets, [wallets.sample["data"][0]] * 2)
    yield _said("one token twice", alpha, {"list": [alpha.sample["data"]["list"][0]] * 2})


def _said(name: str, question: Question, data: object) -> HostileReply:
    return _fixed(name, question, json.dumps(question.sample | {"data": data}).encode())


def _fixed(
    name: str,
    question: Question,
    text: bytes,
    error: type[ExchangeError] | None = UnexpectedReply,
    status: int = 200,
    headers: Mapping[str, str] = _JSON,
) -> HostileReply:
    return HostileReply(name, question, lambda _sound: text, error, status, headers)


REPLIES: Final = tuple(_all())
