"""The envelope of every REST answer, and what an answer other than success means.

``{code, message, messageDetail, data, success}`` (protocol section 1). Business errors come with
HTTP 200; gateways answer with HTML. :func:`unwrap` is the one place where codes, texts, headers
and statuses become the tree of :mod:`alphabot.errors`:

=====================================================  ==========================================
answer                                                 raises
=====================================================  ==========================================
HTTP 401, session or challenge code, text or header,   NotAuthorised
redirect to a login page, 403 that is an envelope
HTTP 429, 418, or a 403 that is no envelope            RateLimited (a gateway speaks to all of us)
``success`` false and a code of :data:`REFUSED_CODES`  Refused
anything else that is not a success                    UnexpectedReply
=====================================================  ==========================================

Only Refused says that nothing was done. For a request that moves money its sender turns the
others into OutcomeUnknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from alphabot.errors import (
    Challenged,
    ExchangeError,
    NotAuthorised,
    RateLimited,
    Refused,
    UnexpectedReply,
)
from alphabot.exchange.wire.pieces import Bounds, long_json
from alphabot.exchange.wire.steps import Steps
from alphabot.exchange.wire.strict import BODY_BYTES_MAX, shaped, strict_json

__all__ = [
    "BODY_BYTES_MAX",
    "NOT_AUTHORISED_CODES",
    "REFUSED_CODES",
    "Envelope",
    "Reply",
    "challenge",
    "open_envelope",
    "open_long",
    "shaped",
    "strict_json",
    "unwrap",
]

SUCCESS_CODE: Final = "000000"

_VERIFICATION_CODE: Final = "100001003"

NOT_AUTHORISED_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "100002001": "the login has expired",
        _VERIFICATION_CODE: "the exchange asks for an extra verification",
    }
)

REFUSED_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "000002": "the amount is not price times quantity",
        "481002": "incorrect price or amount",
        "481011": "quantity over the maximum",
        "481013": "under the minimum notional",
        "481020": "insufficient balance",
    }
)
"""Codes reviewed to mean that the request failed its checks and nothing was done.

Each was seen in an answer (protocol section 9). 481001 and 481003 were only ever read in a list
and are left out: a code that proves nothing costs one reconcile, a wrong proof costs an order.
"""

_NOT_AUTHORISED_TEXTS = re.compile(
    r"登录状态|是否已登录|重新登录|请先?登录"
    r"|补充认证|完成此认证|step flows have not finish"
    r"|log ?in (again|first|expired)|login (status|session|has)|not logged in|please log ?in"
    r"|(supplementary|extra|additional|identity) (verification|authentication)"
    r"|account (is|has been) (restricted|frozen|locked|suspended|disabled)"
    r"|(账户|账号|帐户|帐号).{0,8}(限制|冻结|禁用)",
    re.IGNORECASE,
)

# How long to stay away when the exchange does not say. Its blocks last five minutes and longer
# if judged malicious; a Retry-After of years is a mistake or an attack.
_PAUSE_SECONDS: Mapping[int, float] = {429: 60.0, 418: 300.0, 403: 300.0}
_PAUSE_SECONDS_MAX = 3 * 86_400.0

_MESSAGE_CHARACTERS_MAX = 300

Shape = TypeVar("Shape")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer: status, headers by lower-case name (without Set-Cookie), whole body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class Envelope(msgspec.Struct, frozen=True):
    """What every answer is wrapped in; ``total`` comes with lists that have pages."""

    code: str
    success: bool
    message: str | None = None
    data: object = None
    total: int | None = None


def unwrap(reply: Reply, shape: type[Shape], build: Callable[[Shape], Value]) -> Value:
    """Return ``build`` of a successful answer's ``data``, which must have the shape of ``shape``.

    Raises as the table of this module says, and UnexpectedReply when ``data`` cannot be used.
    """
    return shaped(open_envelope(reply).data, shape, build, reply.body)


def open_envelope(reply: Reply) -> Envelope:
    """Return the envelope of a successful answer; raises as the table of this module says."""
    _raise_for_status(reply)
    with _gateways_told_apart(reply):
        envelope = shaped(strict_json(reply.body), Envelope, _itself, reply.body)
    return _accepted(reply, envelope)


def open_long(reply: Reply, bounds: Bounds) -> Steps[Envelope]:
    """Return the envelope of an answer with a long list, in steps; raises as open_envelope."""
    _raise_for_status(reply)
    with _gateways_told_apart(reply):
        tree = yield from long_json(reply.body, bounds)
        envelope = shaped(tree, Envelope, _itself, reply.body)
    return _accepted(reply, envelope)


def challenge(headers: Mapping[str, str]) -> str | None:
    """Return why these headers are a risk challenge, or None (protocol section 9).

    A successful answer may carry them too: what it says is true, and it is the last one.
    """
    for name, value in headers.items():
        if name.replace("-", "_") in {
            "risk_challenge_biz_no",
            "risk_challenge_enable_flow",
        } and value.strip().lower() not in {"", "false", "null"}:
            return "the exchange asks for a risk challenge"
    return None


def _itself(envelope: Envelope) -> Envelope:
    return envelope


@contextmanager
def _gateways_told_apart(reply: Reply) -> Iterator[None]:
    """Take a 403 that is no envelope for what it is: the word of something before the exchange."""
    try:
        yield
    except UnexpectedReply:
        if reply.status == 403:
            raise _rate_limited(reply) from None
        raise


def _accepted(reply: Reply, envelope: Envelope) -> Envelope:
    if envelope.success and envelope.code == SUCCESS_CODE and reply.status == 200:
        return envelope
    raise _failure(reply, envelope)


def _raise_for_status(reply: Reply) -> None:
    """Raise for a status whose meaning does not depend on the body."""
    status = reply.status
    if status != 200 and (reason := challenge(reply.headers)) is not None:
        raise Challenged(f"{reason} (HTTP {status})")
    if status == 401:
        raise NotAuthorised("HTTP 401")
    if status in (418, 429) or (status == 403 and "retry-after" in reply.headers):
        raise _rate_limited(reply)
    if 300 <= status < 400 and "login" in reply.headers.get("location", "").lower():
        raise NotAuthorised(f"HTTP {status} to a login page")
    if status < 200 or 300 <= status < 400 or status >= 500:
        raise UnexpectedReply(f"HTTP {status}", reply.body)


def _failure(reply: Reply, envelope: Envelope) -> ExchangeError:
    """Return what an envelope that is not a success means; the code decides before the text."""
    code = envelope.code
    message = (envelope.message or "")[:_MESSAGE_CHARACTERS_MAX]
    if (reason := challenge(reply.headers)) is not None:
        return Challenged(f"{reason} ({code})")
    if code in NOT_AUTHORISED_CODES:
        kind = Challenged if code == _VERIFICATION_CODE else NotAuthorised
        return kind(f"{NOT_AUTHORISED_CODES[code]} ({code})")
    if reply.status == 403:
        return NotAuthorised(f"HTTP 403 ({code} {message})")
    if code in REFUSED_CODES and not envelope.success:
        return Refused(code, message)
    if not envelope.success and _NOT_AUTHORISED_TEXTS.search(message):
        return NotAuthorised(f"{message} ({code})")
    return UnexpectedReply(f"HTTP {reply.status}, code {code}: {message}", reply.body)


def _rate_limited(reply: Reply) -> RateLimited:
    """Return the pause the exchange asks for; a date as Retry-After would need a clock."""
    asked = reply.headers.get("retry-after", "").strip()
    seconds = _PAUSE_SECONDS[reply.status]
    if asked.isascii() and asked.isdigit():
        seconds = min(float(asked), _PAUSE_SECONDS_MAX)
        if reply.status == 403:
            seconds = max(seconds, _PAUSE_SECONDS[403])
    return RateLimited(f"HTTP {reply.status}", max(seconds, 1.0))
