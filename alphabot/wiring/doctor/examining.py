"""One examination: every check beside the others, each with a deadline of its own.

A check that does not end in time is a finding; what it would have said is missing, and nothing
else waits for it. What blocks (a disk, a plugin's import) waits in a thread that is left behind.
Nothing here writes, but for a session that the exchange renewed while it was asked about.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar, TypeVarTuple
from urllib.parse import urlsplit

import trio

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.errors import AlphabotError
from alphabot.ports import WallClock
from alphabot.runtime.status import Status
from alphabot.wiring.binding import Names, resolve
from alphabot.wiring.consent import check_live
from alphabot.wiring.doctor.exchange import (
    Market,
    judge_host,
    judge_market,
    see_market,
    see_stream,
)
from alphabot.wiring.doctor.files import judge_files, see_files
from alphabot.wiring.doctor.findings import Diagnosis, Finding, fail, ok
from alphabot.wiring.doctor.limits import judge_limits, used_of
from alphabot.wiring.doctor.machine import judge_disk, judge_machine, see_disk, see_machine
from alphabot.wiring.doctor.people import People, see_people
from alphabot.wiring.doctor.standing import (
    AskService,
    Service,
    judge_service,
    see_journal,
    see_service,
)
from alphabot.wiring.plugging import PluginRow, PluginState, plugin_rows
from alphabot.wiring.venues import folder_of

__all__ = ["DEADLINES", "examine"]

DEADLINES: Final[Mapping[str, float]] = {
    "python": 10.0,
    "files": 10.0,
    "plugin": 15.0,
    "service": 15.0,
    "host": 12.0,
    "start": 30.0,
    "database": 60.0,
    "user": 45.0,
}
"""Seconds; the journal is read from end to end, and a user's one read may have to wait its turn."""

_ORDER: Final = (
    *("python", "library", "sqlite", "disk", "files", "halt", "service", "start"),
    *("host", "clock", "token", "plugin", "database", "key", "consent", "user", "balance", "limit"),
)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass
class _Examination:
    settings: Settings
    ask_service: AskService
    seed: int
    clock: WallClock
    findings: list[Finding] = field(default_factory=list)
    market: Market = field(default_factory=Market)
    service: Service = field(default_factory=Service)
    at_rest: Status | None = None

    def add(self, found: Iterable[Finding]) -> None:
        self.findings += found

    async def machine(self) -> None:
        self.add(judge_machine(await _in_thread(see_machine)))
        permitted = self.settings.journal_on_network_disk
        see = partial(see_disk, folder_of(self.settings), network_permitted=permitted)
        self.add(judge_disk(await _in_thread(see)))

    async def files(self) -> None:
        self.add(judge_files(await _in_thread(see_files, self.settings)))

    async def plugins(self) -> None:
        """Load the plugins, and go on to what needs them; one that hangs would hang that too."""
        if await self._guard("plugin", self._plugins):
            await self._guard("start", self.names)

    async def _plugins(self) -> None:
        self.add(judge_plugins(await _in_thread(plugin_rows, self.settings)))

    async def names(self) -> None:
        """Resolve what the file names, and then ask the exchange about it."""
        await trio.lowlevel.checkpoint()
        try:
            if self.settings.live:
                check_live(self.settings, flag=True)
            names = await _in_thread(resolve, self.settings, ())
        except AlphabotError as error:
            self.add([fail("start.refused", reason=str(error))])
            return
        self.add(judge_names(names))
        url = self.settings.exchange.rest_url
        if url is not None:
            await self._guard("host", partial(self._market, names, url), urlsplit(url).netloc)

    async def stream(self, url: str) -> None:
        parts = urlsplit(url)
        self.add([judge_host(parts.netloc + parts.path, await see_stream(url))])

    async def journal_side(self) -> None:
        """Look at what only its owner knows while there is one, and anybody else's later."""
        await self._guard("service", self._service)
        await self._guard("database", self._journal)
        await self._guard("user", self._people)

    async def _service(self) -> None:
        self.service = await see_service(self.settings, self.ask_service)
        self.add(judge_service(self.service))

    async def _journal(self) -> None:
        self.at_rest = await see_journal(self.settings, self.add)

    async def _people(self) -> None:
        status, busy = self.service.status or self.at_rest, self.service.busy
        await see_people(People(self.settings, status, busy, self.seed), self.add)

    async def _market(self, names: Names, url: str) -> None:
        try:
            await see_market(self.settings, names, url, self.clock, self.market)
        finally:
            self.add(judge_market(urlsplit(url).netloc, self.market))

    async def _guard(
        self, check: str, part: Callable[[], Awaitable[None]], about: str = ""
    ) -> bool:
        """Run a part within its deadline, and say whether it came to its end."""
        await trio.lowlevel.checkpoint()
        with trio.move_on_after(DEADLINES[check]) as scope:
            await trio.lowlevel.checkpoint()
            try:
                await part()
            except (AlphabotError, OSError) as error:
                self.add([fail(f"{check}.failed", about, reason=str(error))])
        if scope.cancelled_caught:
            self.add([fail(f"{check}.late", about, seconds=f"{DEADLINES[check]:g}")])
        return not scope.cancelled_caught

    async def run(self) -> Diagnosis:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._guard, "python", self.machine)
            nursery.start_soon(self._guard, "files", self.files)
            nursery.start_soon(self.plugins)
            nursery.start_soon(self.journal_side)
            chosen = self.settings.exchange
            # The orders of a dry run go to an exchange in memory, and so does their stream.
            orders = None if self.settings.dry_run else chosen.order_stream_url
            streams = (orders, chosen.market_stream_url)
            for url in filter(None, streams):
                nursery.start_soon(self._guard, "host", partial(self.stream, url), url)
        if self.settings.exchange.rest_url is None:
            self.add([ok("host.embedded"), ok("clock.embedded")])
        limits = self.settings.limits
        status = self.service.status or self.at_rest
        own = {user_id: user.limits for user_id, user in self.settings.users.items()}
        self.add(judge_limits(limits, used_of(status, self.market.measured), own))
        return Diagnosis(sorted(self.findings, key=_place))


async def examine(
    settings: Settings, ask_service: AskService, seed: int = 1, clock: WallClock | None = None
) -> Diagnosis:
    """Return what a look at everything that a run needs has found.

    ``ask_service`` blocks, and asks the running service of these settings for its status;
    ``seed`` is that of a simulated exchange in another process, whose users are made up from it;
    ``clock`` is this machine's unless another is given.
    """
    return await _Examination(settings, ask_service, seed, clock or SystemClock()).run()


def judge_plugins(rows: Iterable[PluginRow]) -> Iterator[Finding]:
    """Yield what became of each plugin that the configuration names, or that is ours."""
    used = [row for row in rows if row.state is not PluginState.UNNAMED]
    for row in used:
        if row.state is PluginState.REFUSED:
            yield fail("plugin.refused", row.name, reason=row.reason)
    loaded = [row.name for row in used if row.state is PluginState.LOADED]
    yield ok("plugin.ok", count=len(loaded), names=", ".join(loaded))


def judge_names(names: Names) -> Iterator[Finding]:
    """Yield which strategies would not run for want of a plugin."""
    for each in names.refused:
        yield fail("start.strategy", each.strategy.strategy_id, reason=each.reason)


def _place(finding: Finding) -> tuple[int, int, str]:
    about = int(finding.about) if finding.about.isdecimal() else 0
    check = finding.check if finding.check in _ORDER else "start"
    # Limits stay in the order of their settings.
    return _ORDER.index(check), about, ""


async def _in_thread(work: Callable[[*Ts], T], *args: *Ts) -> T:
    return await trio.to_thread.run_sync(partial(work, *args), abandon_on_cancel=True)
