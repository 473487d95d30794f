"""The exchange of the kill tests, alone: ``python -m tests.kill.exchange SEED LAG_MS``.

It serves the simulated exchange over sockets, quicker than any real one, and prints its addresses
as one line of JSON. For each line on standard input it prints everything it knows of its users,
in one line as well; when standard input ends, so does it.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from functools import partial
from typing import Any

import trio

from alphabot.clocks import SystemClock
from alphabot.simulator import ExchangeSettings, SimulatedExchange, serve_sockets
from alphabot.simulator.accounts import Account
from alphabot.simulator.ledger import PrivateCall, Request, SelfCross
from alphabot.simulator.orders import Order


def settings(seed: int, lag_ms: int) -> ExchangeSettings:
    """Return an exchange on which a round takes a tenth of a second; its lists may be behind."""
    return ExchangeSettings(
        seed=seed,
        fill_delay_ms=(10, 60),
        split_fill_percent=30,
        push_delay_ms=(1, 8),
        push_before_reply_percent=40,
        visibility_lag_ms_max=lag_ms,
    )


def report(exchange: SimulatedExchange) -> dict[str, Any]:
    """Return what happened, from the exchange's own books; money as text."""
    exchange.catch_up()
    desk, ledger = exchange.model.desk, exchange.ledger
    return {
        "orders": [_order(order) for order in desk.orders.values()],
        "accounts": [_account(account) for account in desk.accounts.values()],
        "requests": [_request(request) for request in ledger.requests],
        "self_crosses": [_self_cross(cross) for cross in ledger.self_crosses],
        "calls": [_call(call) for call in ledger.calls],
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "user_id": order.user_id,
        "alpha_id": order.token.alpha_id,
        "side": str(order.side),
        "list_id": order.pair and order.pair.list_id,
        "created_ms": order.created_ms,
        "status": str(order.state.status),
        "ended_ms": order.state.at_ms if order.state.status.is_final else None,
        "quote": str(order.state.quote),
        "executed": str(order.state.executed),
    }


def _account(account: Account) -> dict[str, Any]:
    return {
        "user_id": account.user_id,
        "usdt": str(account.funding.total + account.earn.total),
        "opening_usdt": str(account.opening_usdt),
        "tokens": {alpha_id: str(balance.total) for alpha_id, balance in account.alpha.items()},
    }


def _request(request: Request) -> dict[str, Any]:
    return {**asdict(request), "kind": str(request.kind)}


def _self_cross(cross: SelfCross) -> dict[str, Any]:
    return {**asdict(cross), "price": str(cross.price), "quantity": str(cross.quantity)}


def _call(call: PrivateCall) -> dict[str, Any]:
    return asdict(call)


async def serve(seed: int, lag_ms: int) -> None:
    """Serve until standard input ends."""
    exchange = SimulatedExchange(settings(seed, lag_ms), SystemClock())
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(partial(serve_sockets, exchange))
        _print(asdict(addresses))
        async with trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())) as commands:
            async for received in commands:
                for _ in range(received.count(b"\n")):
                    _print(report(exchange))
        exchange.close()
        nursery.cancel_scope.cancel()


def _print(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    trio.run(serve, int(sys.argv[1]), int(sys.argv[2]))
