"""An older copy of a journal, put back: sound in itself, and shorter than what was traded."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import trio
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.records import Latched
from alphabot.core.values import OrderId, OrderReport, OrderStatus, Side, Symbol, UserId
from alphabot.runtime.board import Ending
from alphabot.runtime.newer import unknown_since
from tests.runtime.files import open_files
from tests.runtime.world import settings_of


def targets(times: int) -> Settings:
    """Return settings with targets this many times as high."""
    settings = settings_of()
    strategies = tuple(
        replace(s, target_volume=s.target_volume * times) for s in settings.strategies
    )
    return replace(settings, strategies=strategies)


async def test_nothing_is_traded_on_an_older_copy(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_files(tmp_path) as files:
        world = files.world
        await files.run(targets(1))
        files.copy("older")
        await files.run(targets(2))
        files.copy("newest")
        files.put_back("older")
        orders = len(world.exchange.model.desk.orders)
        await files.run(targets(3))
        assert {row.ending for row in world.board.rows} == {Ending.LATCHED}
        reason = world.row(1, "koge").reason
        assert "orders of ALPHA_22USDT, ALPHA_382USDT that the journal does not know" in reason
        assert "if an older copy was put in place, put the newest back" in reason
        assert len(world.exchange.model.desk.orders) == orders
        with files.open() as journal:
            assert isinstance((await journal.records(UserId(1)))[-1], Latched)
        # The newest copy knows them all, and goes on.
        files.put_back("newest")
        await files.run(targets(3))
        assert {row.ending for row in world.board.rows} == {Ending.REACHED}


async def test_who_has_no_newer_copy_clears_it_and_goes_on(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_files(tmp_path) as files:
        await files.run(targets(1))
        files.copy("older")
        await files.run(targets(2))
        files.put_back("older")
        await files.run(targets(3))
        for user_id in (1, 2):
            await files.clear(user_id)
        await files.run(targets(3))
        assert {row.ending for row in files.world.board.rows} == {Ending.REACHED}


async def test_what_a_person_placed_meanwhile_is_asked_about_and_cleared(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with open_files(tmp_path) as files:
        world = files.world
        await files.run(targets(1))
        body = {
            "baseAsset": "ALPHA_22",
            "quoteAsset": "USDT",
            "side": "BUY",
            "price": "0.003",
            "quantity": "10000",
            "orderType": "LIMIT",
            "paymentDetails": [{"amount": "30", "paymentWalletType": "CARD"}],
        }
        await trio.sleep(1)
        world.exchange.catch_up()
        theirs = world.exchange.model.place(1, json.dumps(body).encode()).orders[0]
        await trio.sleep(5)
        await files.run(targets(2))
        assert world.row(1, "koge").ending is Ending.LATCHED
        assert str(theirs.order_id) in world.row(1, "koge").reason
        assert world.row(2, "aop").ending is Ending.REACHED
        await files.clear(1)
        await files.run(targets(3))
        assert {row.ending for row in world.board.rows} == {Ending.REACHED}
        held = world.exchange.model.desk.account(1).alpha["ALPHA_22"].total
        assert held > 9990, "nobody sells what a person bought"


def order(order_id: str, created_at_ms: int) -> OrderReport:
    """Return an order as a list shows it."""
    return OrderReport(
        order_id=OrderId(order_id),
        symbol=Symbol("ALPHA_22USDT"),
        side=Side.BUY,
        status=OrderStatus.NEW,
        price=Decimal(1),
        quantity=Decimal(1),
        executed=Decimal(0),
        quote_usdt=Decimal(0),
        source="history",
        created_at_ms=created_at_ms,
    )


def test_only_what_is_newer_and_not_ours_is_unknown() -> None:
    reports = [order("3", 102), order("1", 100), order("2", 101), order("3", 102), order("4", 101)]
    found = unknown_since(reports, 100, {OrderId("4")})
    assert [report.order_id for report in found] == ["2", "3"]
