"""One world, from its first life to its end: exchange, faults, kills, restarts, and the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import trio

from alphabot.config import loads
from alphabot.core.records import Record, Settled, UnknownRecord
from alphabot.core.values import UserId
from alphabot.errors import AlphabotError
from alphabot.rehearsal import closing, opening, person
from alphabot.rehearsal.clock import JumpingClock
from alphabot.rehearsal.counters import Counters
from alphabot.rehearsal.hand import Hand
from alphabot.rehearsal.hearing import HEARING
from alphabot.rehearsal.life import KillPoint, Life
from alphabot.rehearsal.moments import happen
from alphabot.rehearsal.mortal_journal import DiskFault, MortalJournal
from alphabot.rehearsal.mortal_net import MortalNet
from alphabot.rehearsal.net_faults import WorldFaults
from alphabot.rehearsal.pauses import Pauses
from alphabot.rehearsal.profile import Mode, Profile
from alphabot.rehearsal.referee import Referee
from alphabot.runtime.board import Board
from alphabot.runtime.stop import Stop
from alphabot.simulator import SimulatedExchange
from alphabot.simulator.faulty_net import FaultyNet
from alphabot.simulator.ledger import Booking, Entry
from alphabot.simulator.misdeeds import DrawnMisbehaviour
from alphabot.simulator.seeded import generator
from alphabot.store import SqliteJournal, memory_journal
from alphabot.wiring import run_on, simulated_venue
from alphabot.wiring.steering import in_memory

__all__ = ["World"]

T = TypeVar("T")
_DRAINING_SECONDS = (0.0, 0.01, 0.1, 0.4)
_LIVES_MAX = 120
"""Lives of one world; a service that ends at once, again and again, is not living."""


class World:
    """A world under way."""

    def __init__(
        self, profile: Profile, exchange: SimulatedExchange, misbehaviour: DrawnMisbehaviour,
        faults: WorldFaults, net: FaultyNet, clock: JumpingClock, journal: SqliteJournal,
        referee: Referee, stream_port: int, *, verbose: bool,
    ) -> None:  # fmt: skip
        self.profile = profile
        self.exchange = exchange
        self.misbehaviour = misbehaviour
        self.faults = faults
        self.net = net
        self.clock = clock
        self.journal = journal
        self.referee = referee
        self.pauses = Pauses(referee)
        self.hand = Hand(referee)
        self.stream_port = stream_port
        self.counters = Counters()
        self.began_at = trio.current_time()
        self.cut_at_fill: set[int] = set()
        self.deposits_usdt: dict[int, Decimal] = {}
        self.calm = False
        self.lines: list[str] = []
        self.lives = 0
        self.doubts: dict[str, float] = {}
        self.recovery_seconds: list[float] = []
        self.settled_at: dict[int, float] = {}
        """When the service recorded last how an order ended, by its id."""
        self.unclean = 0
        """Lives that were killed, or ended by an accident."""
        self.hearing = opening.hearing_of(self, lambda: self._life is None or self._life.frozen)
        self._verbose = verbose
        self.ends_at = profile.faults_end_at
        if profile.mode is Mode.LIVENESS:
            self.ends_at += profile.settled_within
        self.random = generator(profile.seed, "lives")
        self._disk_random = generator(profile.seed, "disk")
        self._life: Life | None = None
        self.board = Board()
        self._reconciling: set[int] = set()
        self._addresses = opening.ADDRESSES
        exchange.ledger.onlookers.append(self._look)

    # --- what moments need ---------------------------------------------------------------------

    def trace(self, line: str) -> None:
        """Keep a line of what happened."""
        self.lines.append(f"{trio.current_time() - self.began_at:.6f} {line}")

    def by_hand(self, act: Callable[[], T]) -> T:
        """Have something done at the exchange as a person does it, in the app."""
        self.referee.by_hand = True
        try:
            return act()
        finally:
            self.referee.by_hand = False

    def deposit(self, user_id: int, amount_usdt: Decimal) -> None:
        """Have a user's funding wallet hold more."""
        self.exchange.model.desk.account(user_id).funding.credit(amount_usdt)
        self.deposits_usdt[user_id] = self.deposits_usdt.get(user_id, Decimal(0)) + amount_usdt

    # --- lives ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until everything is done or the world's time is over."""
        profile = self.profile
        kills = list(profile.kills)
        async with trio.open_nursery() as beside:
            beside.start_soon(happen, self)
            beside.start_soon(self._end_faults)
            beside.start_soon(self._die_draining)
            while not await self._is_over():
                kill = kills.pop(0) if kills and not self.calm else None
                if kill is not None and kill.point is KillPoint.K16:
                    kill = None
                placed = len(self.referee.stakes.ours())
                await self._one_life(Life(kill, self._died))
                # Nobody starts a program again at once that has just ended without doing anything.
                idle = len(self.referee.stakes.ours()) == placed
                await trio.sleep(self.random.uniform(0.2, 8.0) + 20 * idle)
                await person.looks(self)
            beside.cancel_scope.cancel()

    async def _is_over(self) -> bool:
        now = trio.current_time() - self.began_at
        done = await closing.is_done(self.journal, self.profile, self.lives)
        if self.profile.mode is Mode.SAFETY:
            return done or now >= self.profile.faults_end_at
        if done:
            return True
        return bool(now >= self.ends_at or self.lives >= _LIVES_MAX)

    async def _one_life(self, life: Life) -> None:
        self.lives += 1
        self._life = life
        stop = Stop(float(self.profile.grace_seconds))
        self.hand.lay_on(stop)
        mortal = MortalJournal(self.journal, life, self._disk)
        net = MortalNet(
            self.net,
            life,
            rest_port=opening.REST_PORT,
            begins=self.pauses.begins,
            ends=self.pauses.ends,
            unplaced=lambda: bool(mortal.unplaced),
            reconciling=lambda user_id: user_id in self._reconciling,
        )
        self._reconciling = await closing.in_doubt(self.journal, self.profile)
        self.pauses.new_life()
        self.referee.new_life(await closing.latched(self.journal, self.profile))
        self.referee.intents_of = lambda user_id: mortal.intended.get(UserId(user_id), ())
        self.trace(f"life {self.lives} begins, {'calm' if self.calm else 'faulty'}")
        HEARING.set(self.hearing)
        self.board = board = Board()
        with self._accidents(life):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._until_killed, life, nursery.cancel_scope)
                await self._serve(net, mortal, stop, board)
                nursery.cancel_scope.cancel()
        self.referee.life_ends(stop.grace_seconds)
        self.trace(f"life {self.lives} ends: {[(r.user_id, r.ending) for r in board.rows]}")
        for row in board.rows:
            for name, times in row.refusals.items():
                self.counters.add("refusal", name, times)
            if row.ending is not None and not life.frozen:
                self.counters.add("ending", str(row.ending))
        self.hand.lay_on(None)
        opening.count_misdeeds_of_rules(self)
        self.unclean += life.frozen
        if life.frozen:
            await net.bury()
        life.frozen = True
        self.journal = memory_journal(self.clock, after=self.journal)

    async def _serve(
        self, net: MortalNet, journal: MortalJournal, stop: Stop, board: Board
    ) -> None:
        text = self.profile.configuration(life=self.lives, calm=self.calm)
        settings = loads(text, Path("rehearsal.toml"))
        self.referee.stakes.rules = opening.rules_of(settings.limits, self.exchange)
        lag_ms = self.exchange.visibility_lag_ms_max
        venue = simulated_venue(net, self._addresses, self.exchange.settings.seed, lag_ms=lag_ms)
        await run_on(
            venue,
            settings,
            journal=nullcontext(journal),
            clock=self.clock,
            stop=stop,
            board=board,
            steering=in_memory(halt=self.hand.halt),
        )

    @contextmanager
    def _accidents(self, life: Life) -> Iterator[None]:
        """Take what may end a life; anything else is a bug."""
        try:
            yield
        except* AlphabotError as group:
            self.unclean += 1
            self.trace(f"life ended by {opening.first(group)!r}")
            if "a notifier's own" in str(opening.first(group)):
                self.referee.object_to("I-24", "the service ended by what a notifier raised")
            self.counters.add("accident", type(opening.first(group)).__name__)
        except* (Exception, SystemExit) as group:  # noqa: BLE001 - a bug, which is kept
            error = opening.first(group)
            if not life.frozen:
                self.referee.object_to("bug", f"the service ended by {error!r}")
                self.trace(opening.traceback_of(error))

    async def _until_killed(self, life: Life, scope: trio.CancelScope) -> None:
        await life.killed.wait()
        scope.cancel()

    def _died(self, point: KillPoint) -> None:
        self.counters.add("kill", point)
        self.trace(f"killed: {point}")

    async def _end_faults(self) -> None:
        """End the world, or its faults, when their time is over."""
        await trio.sleep_until(self.began_at + self.profile.faults_end_at)
        if self.profile.mode is Mode.LIVENESS:
            person.calm_down(self)
            if self.profile.is_mended:
                self.hand.stop_once()
            await person.watches(self)
        if self._life is not None:
            self._life.end()

    async def _die_draining(self) -> None:
        """Pass the point of a kill that comes between a stop and the end it asks for."""
        while True:
            await self.hand.draining.wait()
            self.hand.draining = trio.Event()
            await trio.sleep(self.random.choice(_DRAINING_SECONDS))
            if self.hand.is_stopping and self._life is not None:
                self._life.passes(KillPoint.K17)

    # --- hooks ---------------------------------------------------------------------------------

    def _disk(self, record: Record) -> DiskFault | None:
        if isinstance(record, UnknownRecord):
            self.doubts[record.intent_id] = trio.current_time()
        if isinstance(record, Settled):
            self.settled_at[int(record.order_id)] = trio.current_time()
        if self.calm:
            return None
        for fault in DiskFault:
            permille = self.profile.faults.get(fault)
            if permille is not None and self._disk_random.random() * 1000 < permille:
                self.counters.add("fault", fault)
                self.trace(f"disk: {fault}")
                return fault
        return None

    def _look(self, entry: Entry) -> None:
        self.referee.listen()
        if isinstance(entry, Booking) and entry.user_id in self.cut_at_fill:
            self.cut_at_fill.discard(entry.user_id)
            self.exchange.hub.hangs_up(entry.user_id)
            self.counters.add("fault", "stream cut after a fill")

    def hear(self, key: str, fields: Mapping[str, Any]) -> bool:
        """Take note of a line of the log; what a dead process says is not said."""
        if self._life is None or self._life.frozen:
            return False
        self.counters.heard(key)
        if key in ("user.failed", "program.failed", "notices.failed", "log.unknown_key"):
            self.referee.object_to("bug", f"{key} {dict(fields)}")
        if key == "request.unknown":
            self._reconciling.add(int(fields["user_id"]))
        if key in ("reconcile.matched", "reconcile.absent"):
            self._reconciling.discard(int(fields["user_id"]))
            began = self.doubts.pop(fields["intent_id"], None)
            if began is not None:
                self._recovered(key, trio.current_time() - began)
        self.trace(f"{key} {fields}")
        return self._verbose

    def _recovered(self, key: str, seconds: float) -> None:
        settle = max(2 * self.exchange.visibility_lag_ms_max / 1000, 5.0)
        self.recovery_seconds.append(max(0.0, seconds - settle * (key == "reconcile.absent")))
