"""The HTTP side as an ASGI application: one route for every path of the protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import trio
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from alphabot.simulator.exchange import Exchange
from alphabot.simulator.ledger import PrivateCall as CallRecord
from alphabot.simulator.misbehaviour import Said, Visit
from alphabot.simulator.refusals import Refusal
from alphabot.simulator.rest_private import PRIVATE_CALLS, Answer, Call, PrivateCall
from alphabot.simulator.rest_public import PUBLIC_CALLS, PublicCall
from alphabot.simulator.service import AnyService
from alphabot.simulator.throttle import RETRY_AFTER_SECONDS, Throttle

__all__ = ["rest_app"]

_BODY_BYTES_MAX = 65_536

Endpoint = Callable[[Request], Awaitable[Response]]


def rest_app(exchange: AnyService) -> ASGIApp:
    """Return the application; an error of ours in it ends the exchange, not just the request."""
    # A model without markets of its own has nothing to tell the public.
    public = PUBLIC_CALLS if isinstance(exchange.model, Exchange) else {}
    routes = [
        Route(path, _odd(exchange, _public(exchange, call)), methods=["GET"])
        for path, call in public.items()
    ]
    routes += [
        Route(path, _odd(exchange, _private(exchange, call)), methods=[method])
        for (method, path), call in PRIVATE_CALLS.items()
    ]
    return _Guard(exchange, Starlette(routes=routes))


class _Guard:
    """Turns away what is too much, and carries errors past servers that would only log them."""

    def __init__(self, exchange: AnyService, app: ASGIApp) -> None:
        self._exchange = exchange
        self._app = app
        self._throttle = Throttle(exchange.settings.requests_per_second_max)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await trio.lowlevel.checkpoint()
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if self._throttle.limited and not self._admits():
            too_many = Response(status_code=429, headers={"retry-after": str(RETRY_AFTER_SECONDS)})
            await too_many(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  (handed on: drive() raises it)
            self._exchange.report_bug(error)

    def _admits(self) -> bool:
        self._exchange.catch_up()
        return self._throttle.admits(self._exchange.model.now_ms)


async def _lifespan(receive: Receive, send: Send) -> None:
    """Say yes to a server that asks whether it may start, and stop.

    Starlette would take the cancellation of the whole exchange for a failure of its own.
    """
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def _odd(exchange: AnyService, endpoint: Endpoint) -> Endpoint:
    """Return the endpoint as it is when the exchange misbehaves as its plan says."""

    async def odd_endpoint(request: Request) -> Response:
        visit = Visit(request.method, request.url.path)
        oddity = exchange.model.misbehaviour.at_visit(visit)
        if oddity is None:
            return await endpoint(request)
        response = Response(b"")
        if oddity.acts:
            response = await endpoint(request)
        else:
            await _body(request)
        kept = {"content-length", "content-type"}
        headers = tuple(item for item in response.headers.items() if item[0] not in kept)
        said = oddity.answer(Said(response.status_code, headers, bytes(response.body)))
        await trio.sleep(oddity.seconds)
        return Response(said.body, said.status, dict(said.headers), media_type="application/json")

    return odd_endpoint


def _public(exchange: AnyService, call: PublicCall) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        await trio.lowlevel.checkpoint()
        exchange.catch_up()
        try:
            return _success(Answer(call(exchange.model, request.query_params)))
        except Refusal as refusal:
            return _refusal(refusal)

    return endpoint


def _private(exchange: AnyService, call: PrivateCall) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await _body(request)
        # What is asked for is done at once and as a whole; only the reply may wait.
        exchange.catch_up()
        try:
            user_id = _caller(exchange, request)
            answer = call(Call(exchange.model, user_id, request.query_params, body))
        except Refusal as refusal:
            return _refusal(refusal)
        finally:
            exchange.catch_up()
        await exchange.wait_until(answer.reply_at_ms)
        return _success(answer)

    return endpoint


async def _body(request: Request) -> bytes:
    """Return the body, cut where no request of the protocol goes on."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_BYTES_MAX:
            break
    return body[:_BODY_BYTES_MAX]


def _caller(exchange: AnyService, request: Request) -> int:
    """Return who calls, noting the call in the ledger; raises Refusal."""
    model = exchange.model
    user_id: int | None = None
    try:
        user_id = model.sessions.user_of(request.headers)
        model.sessions.admit(user_id)
    finally:
        model.ledger.note(CallRecord(model.now_ms, user_id, request.method, request.url.path))
    return user_id


def _success(answer: Answer) -> Response:
    envelope: dict[str, Any] = {"code": "000000", "message": None, "messageDetail": None}
    if answer.terse:
        envelope = {"code": "000000"}
    envelope |= {"data": answer.data, "success": True}
    return _json(envelope | dict(answer.extra or {}))


def _refusal(refusal: Refusal) -> Response:
    return _json(refusal.body(), refusal.headers)


def _json(envelope: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    content = msgspec.json.encode(envelope)
    return Response(content, media_type="application/json", headers=dict(headers or {}))
