"""Boards to show: what a run looks like in the middle and at its end."""

from __future__ import annotations

from decimal import Decimal

from alphabot.core.values import StrategyId, UserId
from alphabot.runtime.board import Board, Ending, Row, State

__all__ = ["HOSTILE", "at_the_end", "ended", "in_the_middle", "row"]

HOSTILE = "[red]x[/red]\x1b[31m\n\u202e代币"


def row(user_id: int = 1, strategy_id: str = "koge_volume_boost", token: str = "KOGE") -> Row:
    """Return the row of a strategy that has just started."""
    return Row(UserId(user_id), StrategyId(strategy_id), token, Decimal(16384))


def in_the_middle() -> Board:
    """Return a board with every kind of waiting and some endings."""
    selling = row()
    selling.credited = selling.volume_usdt = Decimal("8120.372")
    selling.rounds = 270
    selling.wear_usdt = Decimal("1.6341")
    selling.state, selling.waiting_until, selling.connection = State.WAITING_SELL, 380.2, "live"
    backing_off = row(12, "a_strategy_with_a_name_that_is_longer_than_most", HOSTILE)
    backing_off.state, backing_off.waiting_until = State.BACKING_OFF, 20.0
    backing_off.connection = "lost"
    latched = row(4, "zk", "ZK")
    latched.state, latched.ending, latched.reason = State.ENDED, Ending.LATCHED, "login expired"
    return Board([selling, backing_off, row(3, "zk", "ZK"), latched])


def at_the_end() -> Board:
    """Return a board of two strategies that have ended."""
    reached = row()
    reached.credited = reached.volume_usdt = Decimal("16384.12")
    reached.exchange_volume_usdt = Decimal("16384.12")
    reached.rounds = reached.rounds_timed = 601
    reached.round_seconds_total = 841.4
    reached.wear_usdt = Decimal("12.345678901234")
    reached.leftover = Decimal("0.071904")
    reached.state, reached.ending = State.ENDED, Ending.REACHED
    stopped = row(2, "zk", "ZK")
    stopped.credited = Decimal("13.64")
    stopped.volume_usdt = Decimal("27.28")
    stopped.rounds = stopped.rounds_timed = 1
    stopped.failed_rounds, stopped.round_seconds_total = 2, 4000.0
    stopped.leftover, stopped.leftover_cost_usdt = Decimal("13517.833657"), Decimal("27.28")
    stopped.state, stopped.ending = State.ENDED, Ending.OPEN
    stopped.reason = "1 round(s) still open"
    return Board([reached, stopped])


def ended(*endings: Ending) -> Board:
    """Return a board whose rows ended in these ways."""
    board = Board([row(number) for number in range(1, len(endings) + 1)])
    for line, ending in zip(board.rows, endings, strict=True):
        line.ending = ending
    return board
