"""The ranking of ``alphabot tokens``: a table for 80 columns, or JSON.

In JSON every figure is text, because many readers round numbers. Names of tokens come from
outside: they are shown as text, never as markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from alphabot.cli import cells
from alphabot.cli.layout import printed, table
from alphabot.cli.words import Words, word
from alphabot.core.exact import plain, round_half_up
from alphabot.core.ranking import Cost, RankedToken, window_days_left
from alphabot.messages import Language

__all__ = ["PROBLEMS", "Ranking", "as_json", "as_text"]

_PLACES = 8
_THOUSAND = 1000
_ABSURD = 99_999

_HEAD: Words = (
    "每轮 {amount} USDT 的成本（基点）；末列：按 {multiplier} 每计入 1,000 USDT 的成本。",
    "What a round of {amount} USDT costs now, in basis points, and what 1,000 USDT"
    ' credited by "{multiplier}" cost.',
)
_LABELS: Mapping[str, Words] = {
    "token": ("代币", "token"),
    "chain": ("链", "chain"),
    "id": ("alphaId", "alphaId"),
    "mul_point": ("倍数", "mul"),
    "days": ("余天", "days"),
    "spread": ("价差", "spread"),
    "slippage": ("深度", "depth"),
    "fees": ("费", "fees"),
    "dust": ("零头", "dust"),
    "total": ("合计", "total"),
    "price": ("USDT/千", "USDT/1,000"),
}
_TEXTS = 3
"""How many of the labels are of text."""
PROBLEMS: Mapping[str, Words] = {
    "not_trading": ("不可交易", "not trading"),
    "thin_book": ("深度不足", "thin book"),
    "unanswered": ("未答复", "no answer"),
    "quantity_below_minimum": ("金额过小", "too little"),
    "notional_below_minimum": ("金额过小", "too little"),
    "quantity_above_maximum": ("金额过大", "too much"),
    "notional_above_maximum": ("金额过大", "too much"),
}
"""Why a token has no cost, by the names of the ranking."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Tokens in their order, and what they were asked for."""

    amount_usdt: Decimal
    multiplier: str
    tokens: tuple[RankedToken, ...]
    now_ms: int


def as_text(ranking: Ranking, language: Language) -> str:
    """Return a heading and one line a token, at most 80 cells wide."""
    amount = plain(ranking.amount_usdt)
    head = word(_HEAD, language).format(amount=amount, multiplier=ranking.multiplier)
    labels = [word(label, language) for label in _LABELS.values()]
    rows = [_cells(ranked, ranking.now_ms, language) for ranked in ranking.tokens]
    return printed([head, "", table(labels, rows, texts=_TEXTS, gap=1)])


def as_json(ranking: Ranking) -> str:
    """Return the ranking as one JSON object on one line, in plain ASCII."""
    return json.dumps(
        {
            "amount_usdt": plain(ranking.amount_usdt),
            "multiplier": ranking.multiplier,
            "tokens": [_facts(ranked, ranking.now_ms) for ranked in ranking.tokens],
        }
    )


def _cells(ranked: RankedToken, now_ms: int, language: Language) -> list[str]:
    token, cost, price = ranked.token, ranked.cost, ranked.usdt_per_credited
    days = window_days_left(token, now_ms)
    if cost is None:
        problem = PROBLEMS.get(ranked.problem, (ranked.problem,) * 2)
        figures = ["-"] * 5 + [word(problem, language)]
    else:
        parts = (cost.spread_bp, cost.slippage_bp, cost.fees_bp, cost.dust_bp, cost.total_bp)
        figures = [*map(_short, parts), "-" if price is None else _short(price, 2)]
    return [
        cells.name(token.name),
        cells.name(token.chain_name),
        token.alpha_id,
        str(token.mul_point),
        "-" if days is None else cells.bp(days),
        *figures,
    ]


def _short(value: Decimal, places: int = 1) -> str:
    """Return a figure in at most seven cells: what is absurdly dear need not be exact."""
    if value >= _ABSURD:
        return f">{_ABSURD:,}"
    return cells.usdt(value, places if value < _THOUSAND else 0)


def _facts(ranked: RankedToken, now_ms: int) -> dict[str, Any]:
    token, price = ranked.token, ranked.usdt_per_credited
    days = window_days_left(token, now_ms)
    return {
        "alpha_id": token.alpha_id,
        "token": token.name,
        "chain_id": token.chain_id,
        "chain": token.chain_name,
        "mul_point": token.mul_point,
        "window_days_left": None if days is None else _figure(days),
        "trades": ranked.problem != "not_trading",
        "problem": ranked.problem or None,
        "cost": None if ranked.cost is None else _cost_facts(ranked.cost),
        "credited": _figure(ranked.credited),
        "usdt_per_1000_credited": None if price is None else _figure(price),
    }


def _cost_facts(cost: Cost) -> dict[str, str]:
    return {
        "bought_usdt": _figure(cost.bought_usdt),
        "cost_usdt": _figure(cost.cost_usdt),
        "spread_bp": _figure(cost.spread_bp),
        "slippage_bp": _figure(cost.slippage_bp),
        "fees_bp": _figure(cost.fees_bp),
        "dust_bp": _figure(cost.dust_bp),
        "total_bp": _figure(cost.total_bp),
    }


def _figure(value: Decimal) -> str:
    return plain(round_half_up(value, _PLACES))
