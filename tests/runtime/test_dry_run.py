"""The whole service in a dry run; the real hosts are a simulated exchange that looks on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from alphabot.config import Settings
from alphabot.core.records import Latched, PlacedRecord, Settled
from alphabot.errors import JournalError
from alphabot.runtime.board import Ending
from alphabot.simulator import DEFAULT_TOKENS, ExchangeSettings
from alphabot.simulator.account_log import Filled, Opened, decode
from alphabot.simulator.mirror_book import FRESH_MS
from alphabot.store import AccountLines, VenueIdentity, VenueMode, memory_journal
from alphabot.wiring.dry_run import open_dry_run
from alphabot.wiring.unwrapping import unwrapped
from tests.runtime.world import TWO_USERS, World, open_world, seen, settings_of
from tests.tapping import PUBLIC_PATHS, Tap, TappedNet

IDENTITY = VenueIdentity(VenueMode.DRY_RUN, ("exchange.simulated",))
DRY_RUN = settings_of(TWO_USERS.replace('"simulated"', '"dry-run"'))
WITHOUT_END = settings_of(
    TWO_USERS.replace('"simulated"', '"dry-run"').replace("= 100\n", "= 100000\n")
)
KOGE = DEFAULT_TOKENS[0]


@dataclass
class DryRun:
    """A real market, the line to it, and what our own exchange keeps."""

    world: World
    settings: Settings
    tap: Tap = field(default_factory=Tap)
    net: TappedNet = field(init=False)

    def __post_init__(self) -> None:
        self.net = TappedNet(self.world.net, self.tap)
        self.world.journal = memory_journal(self.world.clock, IDENTITY)

    async def run(self) -> list[Ending | None]:
        """Run a service to its end, and return how its strategies ended."""
        at = self.world.net.addresses
        async with open_dry_run(
            self.net,
            at.rest_url,
            at.market_stream_url,
            IDENTITY,
            self.settings,
            self.world.clock,
        ) as venue:
            board = await self.world.run(self.settings, venue)
        return [row.ending for row in board.rows]

    def kill(self) -> None:
        """Let only what is durable live on."""
        self.world.journal = memory_journal(self.world.clock, IDENTITY, after=self.world.journal)

    @property
    def fills(self) -> list[Filled]:
        """Every fill that our exchange has kept."""
        events = map(decode, AccountLines(self.world.journal.database).all())
        return [event for event in events if isinstance(event, Filled)]

    def nobody_was_touched(self) -> bool:
        """Return whether the real hosts heard what anybody may ask, and nothing else."""
        exchange = self.world.exchange
        untouched = not (exchange.model.desk.accounts or exchange.ledger.calls)
        return untouched and not exchange.ledger.requests and self.tap.strangers() == set()


@asynccontextmanager
async def open_dry(
    settings: Settings = DRY_RUN, exchange: ExchangeSettings | None = None
) -> AsyncIterator[DryRun]:
    """Open a market and a journal for a dry run."""
    async with open_world(exchange) as world:
        yield DryRun(world, settings)


async def test_targets_are_reached_and_no_private_path_is_ever_asked_for(
    autojump_clock: MockClock,
) -> None:
    async with open_dry() as dry:
        assert await dry.run() == [Ending.REACHED] * 3
        assert dry.nobody_was_touched(), dry.tap.strangers()
        # The tap does hear: all that a client may ask was asked, and every stream subscribed.
        assert dry.tap.paths == PUBLIC_PATHS
        assert {name.partition("@")[2] for name in dry.tap.streams} == {
            "aggTrade",
            "bookTicker",
            "depth20@500ms",
        }
        assert dry.fills
        # What was traded was on offer: within a tick or two of the real market's own path.
        middle = dry.world.exchange.model.market(KOGE.alpha_id).last_price
        koge = [e.execution.price for e in dry.fills if e.execution.price < Decimal("0.01")]
        assert all(abs(price / middle - 1) < Decimal("0.02") for price in koge)


async def test_a_killed_run_is_carried_on_with_the_same_accounts(
    autojump_clock: MockClock,
) -> None:
    async with open_dry() as dry:
        for _ in range(3):
            await killed_after_a_fill(dry)
        assert set(await dry.run()) <= {Ending.REACHED, Ending.ALREADY_REACHED}
        for user_id in (1, 2):
            records = await dry.world.records(user_id)
            assert not [r for r in records if isinstance(r, Latched)]
            # Every order of every life came to its end, and our exchange still knew it.
            ended = {r.order_id for r in records if isinstance(r, Settled)}
            placed = [r for r in records if isinstance(r, PlacedRecord)]
            assert {r.working_order_id for r in placed} <= ended
        assert dry.nobody_was_touched()


async def killed_after_a_fill(dry: DryRun) -> None:
    """Run until one more order was filled, and go no further."""
    before = len(dry.fills)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(dry.run)
        await seen(lambda: len(dry.fills) > before)
        nursery.cancel_scope.cancel()
    dry.kill()


async def test_nothing_fills_while_nobody_knows_the_book(autojump_clock: MockClock) -> None:
    async with open_dry(WITHOUT_END) as dry, trio.open_nursery() as nursery:
        nursery.start_soon(dry.run)
        await seen(lambda: bool(dry.fills))
        await dry.net.cut()
        await trio.sleep(FRESH_MS / 1000 + 1)
        known = len(dry.fills)
        await trio.sleep(120)
        assert len(dry.fills) == known
        dry.net.is_cut = False
        await seen(lambda: len(dry.fills) > known + 6)
        assert dry.nobody_was_touched()
        nursery.cancel_scope.cancel()


async def test_a_token_that_goes_offline_is_traded_no_more(autojump_clock: MockClock) -> None:
    async with open_dry(WITHOUT_END) as dry, trio.open_nursery() as nursery:
        nursery.start_soon(dry.run)
        await seen(lambda: bool(dry.fills))
        for token in DEFAULT_TOKENS[:2]:
            dry.world.exchange.model.relist(replace(token, tradable=False))
        # The list of tokens is read every half minute.
        await trio.sleep(40)
        known = len(dry.fills)
        await trio.sleep(60)
        assert len(dry.fills) == known
        assert all(row.ending is None for row in dry.world.board.rows if row.strategy_id == "koge")
        nursery.cancel_scope.cancel()


async def test_too_many_questions_cost_time_and_no_order(autojump_clock: MockClock) -> None:
    async with open_dry(exchange=ExchangeSettings(requests_per_second_max=3)) as dry:
        assert await dry.run() == [Ending.REACHED] * 3
        assert dry.nobody_was_touched()


async def test_an_account_begins_with_what_is_configured_and_keeps_what_it_has(
    autojump_clock: MockClock,
) -> None:
    poor = replace(DRY_RUN, dry_run_balance_usdt=Decimal(10))
    async with open_dry(poor) as dry:
        for dry.settings in (poor, DRY_RUN):
            with trio.move_on_after(30):
                await dry.run()
            # Ten USDT do not pay for a round of thirty, whatever the file says by now.
            assert not dry.fills
            dry.kill()
        events = map(decode, AccountLines(dry.world.journal.database).all())
        opened = [(e.user_id, e.funding_usdt) for e in events if isinstance(e, Opened)]
        assert opened == [(1, Decimal(10)), (2, Decimal(10))]


@pytest.mark.parametrize("broken", ["not json", '{"event":"rested"}'])
async def test_accounts_that_cannot_be_read_are_not_traded_with(
    autojump_clock: MockClock, broken: str
) -> None:
    async with open_dry() as dry:
        AccountLines(dry.world.journal.database).add([broken])
        with pytest.raises(JournalError, match="accounts of the dry run"), unwrapped():
            await dry.run()
