"""What must hold after any number of kills, judged by the exchange's books against the journal."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from alphabot.core.progress import UserState
from alphabot.core.records import NotSentRecord, PlacedRecord, Record, UnknownRecord, decode

__all__ = ["Counts", "check", "histories"]

ZERO = Decimal(0)


@dataclass
class Counts:
    """How often it came to what the kills are for."""

    rounds: int = 0
    left_unknown: int = 0
    found: int = 0
    proven_absent: int = 0


def histories(exported: str) -> dict[int, list[Record]]:
    """Return every user's records, read from ``alphabot journal export``."""
    records: defaultdict[int, list[Record]] = defaultdict(list)
    for line in exported.splitlines():
        entry = json.loads(line)
        records[entry["user"]].append(decode(json.dumps(entry["record"])))
    return dict(records)


def check(report: dict[str, Any], records: dict[int, list[Record]]) -> Counts:
    """Assert that nothing was lost, doubled or forgotten; return what had happened."""
    counts = Counts()
    assert report["self_crosses"] == []
    assert {order["user_id"] for order in report["orders"]} <= records.keys()
    for user_id, told in records.items():
        state = UserState()
        for record in told:
            state.apply(record)
        orders = [order for order in report["orders"] if order["user_id"] == user_id]
        requests = [r for r in report["requests"] if r["user_id"] == user_id]
        _check_rounds(orders)
        _check_orders(orders, requests, told, state)
        _check_money(orders, report, user_id, state)
        _count(counts, told)
    return counts


def _check_rounds(orders: list[dict[str, Any]]) -> None:
    """No round begins on a token before the one before it has ended, at the exchange."""
    assert [order for order in orders if order["ended_ms"] is None] == [], "left open"
    rounds: defaultdict[tuple[str, object], list[dict[str, Any]]] = defaultdict(list)
    for order in orders:
        key = order["list_id"] if order["list_id"] is not None else f"plain {order['order_id']}"
        rounds[order["alpha_id"], key].append(order)
    ended: dict[str, tuple[int, int]] = {}
    for (alpha_id, _), legs in sorted(rounds.items(), key=lambda item: item[1][0]["order_id"]):
        began = min(leg["created_ms"] for leg in legs)
        before, order_id = ended.get(alpha_id, (0, 0))
        assert began >= before, f"order {legs[0]['order_id']} on top of {order_id}"
        ended[alpha_id] = max((leg["ended_ms"], leg["order_id"]) for leg in legs)


def _check_orders(
    orders: list[dict[str, Any]],
    requests: list[dict[str, Any]],
    told: Iterable[Record],
    state: UserState,
) -> None:
    """The journal knows every order, each by one intent, and none that is not there."""
    ids = [str(order["order_id"]) for order in orders]
    placed = [record for record in told if isinstance(record, PlacedRecord)]
    both = [order_id for r in placed for order_id in (r.working_order_id, r.sell_order_id)]
    known = [order_id for order_id in both if order_id is not None]
    assert sorted(known) == sorted(ids)
    accepted = [r for r in requests if r["code"] is None and r["kind"].startswith("place")]
    assert len(accepted) == len(placed)
    assert state.open_intents == {}


def _check_money(
    orders: list[dict[str, Any]], report: dict[str, Any], user_id: int, state: UserState
) -> None:
    """Volume, holdings and cost are the exchange's own figures, to the last digit."""
    bought = sum((Decimal(o["quote"]) for o in orders if o["side"] == "BUY"), ZERO)
    assert sum((s.volume_usdt for s in state.strategies.values()), ZERO) == bought
    (account,) = (a for a in report["accounts"] if a["user_id"] == user_id)
    wallet = {alpha_id: Decimal(total) for alpha_id, total in account["tokens"].items()}
    held = {alpha_id: holding.quantity for alpha_id, holding in state.holdings.items()}
    assert {k: v for k, v in held.items() if v} == {k: v for k, v in wallet.items() if v}
    spent = Decimal(account["opening_usdt"]) - Decimal(account["usdt"])
    cost = sum((holding.cost_usdt for holding in state.holdings.values()), ZERO)
    assert sum((s.wear_usdt for s in state.strategies.values()), cost) == spent


def _count(counts: Counts, told: Iterable[Record]) -> None:
    unknown: set[str] = set()
    for record in told:
        match record:
            case UnknownRecord():
                unknown.add(record.intent_id)
                counts.left_unknown += 1
            case PlacedRecord():
                counts.rounds += 1
                counts.found += record.how == "matched"
            case NotSentRecord():
                counts.proven_absent += record.intent_id in unknown
            case _:
                pass
