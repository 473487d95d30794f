"""Who asks a venue for things by HTTP, and what they are told.

Answers are taken apart with nothing but a JSON parser, so that a case sees whether a figure is a
number or a string; the product's own codec would already have made them one.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from alphabot.core.secret import Secret
from alphabot.exchange.http import HttpClient, Reply, open_http
from alphabot.exchange.net import Address
from alphabot.exchange.secret import Credentials
from alphabot.exchange.session import Session
from alphabot.ports import Net
from alphabot.testing.cases import Violation, demand

__all__ = ["Answer", "Caller", "Callers", "json_object", "open_callers"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer with its envelope, and its headers by lower-case name."""

    status: int
    envelope: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        """What a successful answer carries; raises Violation for a refusal."""
        demand(self.accepted, f"it was refused: HTTP {self.status} {self.envelope!r:.200}")
        return self.envelope.get("data")

    @property
    def accepted(self) -> bool:
        """Whether code and success both say so."""
        return self.envelope.get("code") == "000000" and self.envelope.get("success") is True

    def refused(self, code: str | None = None) -> None:
        """Raise Violation unless this is a refusal, with this code if one is given."""
        demand(not self.accepted, f"it was accepted: {self.envelope!r:.200}")
        found = self.envelope.get("code")
        demand(code in (None, found), f"code {code} was expected, was {found!r}")


class Caller:
    """One side of an HTTP conversation."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def get(self, path: str, **query: object) -> Answer:
        """Ask; raises Violation for an answer that is no JSON object."""
        asked = {name: str(value) for name, value in query.items()}
        reply = await self._http.get(path, asked, body_bytes_max=16 << 20)
        return _answer(reply)

    async def status(self, path: str) -> tuple[int, Mapping[str, str]]:
        """Ask, and return the status and the headers alone."""
        reply = await self._http.get(path)
        return reply.status, reply.headers

    async def post(self, path: str, body: object) -> Answer:
        """Ask for something to be done; bytes go as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = await self._http.post(path, content)
        return _answer(reply)


def _answer(reply: Reply) -> Answer:
    # These statuses say enough, and something before the exchange may have said them in HTML.
    silent = reply.status in (401, 403) and not reply.body.lstrip().startswith(b"{")
    return Answer(reply.status, {} if silent else json_object(reply.body), reply.headers)


@dataclass(frozen=True, slots=True)
class Callers:
    """Who asks: the user, anybody, and some who must not be heard.

    ``forgers`` send the user's session with something changed, by what that is. ``expired`` and
    ``challenged`` are sessions in these states, where whoever runs the cases has them.
    """

    user: Caller
    public: Caller
    forgers: Mapping[str, Caller]
    expired: Caller | None = None
    challenged: Caller | None = None


@asynccontextmanager
async def open_callers(
    net: Net,
    rest_url: str,
    credentials: Credentials,
    expired: Credentials | None = None,
    challenged: Credentials | None = None,
) -> AsyncIterator[Callers]:
    """Open a client for each, with a session of its own."""
    host = Address.parse(rest_url).host
    async with AsyncExitStack() as stack:

        async def caller(found: Credentials | None) -> Caller:
            session = None if found is None else Session(host, found)
            return Caller(await stack.enter_async_context(open_http(net, rest_url, session)))

        yield Callers(
            user=await caller(credentials),
            public=await caller(None),
            forgers={what: await caller(forged) for what, forged in _forged(credentials).items()},
            expired=None if expired is None else await caller(expired),
            challenged=None if challenged is None else await caller(challenged),
        )


def _forged(genuine: Credentials) -> dict[str, Credentials]:
    """Return the session with one thing changed, each value written backwards."""
    cookies = (part.partition("=") for part in genuine.cookie.reveal().split(";"))
    cookie = ";".join(f"{name}={value[::-1]}" for name, _, value in cookies)
    token = genuine.csrftoken.reveal()[::-1]
    return {
        "a forged cookie": replace(genuine, cookie=Secret(cookie)),
        "a forged csrftoken": replace(genuine, csrftoken=Secret(token)),
    }


def json_object(text: bytes | str) -> dict[str, Any]:
    """Return the object that a text spells; raises Violation for anything else."""
    try:
        value = json.loads(text, parse_float=Decimal)
    except ValueError as cause:
        raise Violation(f"no JSON: {text!r:.120}") from cause
    demand(isinstance(value, dict), f"no JSON object: {text!r:.120}")
    return dict(value)
