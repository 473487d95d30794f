"""Everything else: notices through the apprise library, which knows some hundred services.

``[plugins.via_apprise]`` has one key, ``urls``, in the forms that apprise documents; each holds the
service's password or token, so each is a secret. apprise is an extra: ``pip install
'alphabot[apprise]'``. Its calls block, so each runs in a thread, which is left to itself when it
takes too long.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import msgspec
import trio

from alphabot import NotDelivered, Notice, NoticeKind, Secret, hookimpl
from alphabot.core.wording import bar, byline, headline, pages, shortened, tidy
from alphabot.errors import PluginError
from alphabot.ports import NotifierFactory

if TYPE_CHECKING:
    from apprise import Apprise

THREADS_MAX: Final = 8
"""Of all services together. One that never answers keeps a thread until the process ends."""
TITLE_CHARS_MAX: Final = 250
BODY_CHARS_MAX: Final = 4000
_LINE_CHARS_MAX: Final = 500
# They quote addresses in what they log, and the secret in an address is not always its whole.
_LOGS: Final = ("apprise", "urllib3", "requests")

_FAILURES: Final = frozenset({
    NoticeKind.ROUND_FAILED,
    NoticeKind.LATCHED,
    NoticeKind.LEFTOVER,
    NoticeKind.STREAM_LOST,
    NoticeKind.PLUGIN_BENCHED,
})  # fmt: skip


ALPHABOT_API: Final = "1"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[plugins.via_apprise]``: where to."""

    urls: tuple[Secret, ...]

    def __post_init__(self) -> None:
        """Raise ValueError, which quotes no address, unless there are some."""
        if not self.urls or not all("://" in url.reveal() for url in self.urls):
            raise ValueError("urls: addresses like those that apprise documents were expected")


class ViaApprise:
    """Hands notices to every address, and remembers which of them have the latest one."""

    def __init__(self, services: tuple[Apprise, ...]) -> None:
        self._services = services
        self._threads = trio.CapacityLimiter(THREADS_MAX)
        self._latest: Notice | None = None
        self.told: set[int] = set()
        """Which of the services have it, by their place."""

    async def deliver(self, notice: Notice) -> None:
        """Notify every service that has not had this notice; raises NotDelivered if one refuses."""
        await trio.lowlevel.checkpoint()
        if notice != self._latest:
            self._latest, self.told = notice, set()
        # All at once, so that one that never answers holds up no other.
        async with trio.open_nursery() as nursery:
            for number, service in enumerate(self._services):
                if number not in self.told:
                    nursery.start_soon(self._notify, number, service, notice)
        if missing := [n for n in range(len(self._services)) if n not in self.told]:
            places = ", ".join(f"urls[{number}]" for number in missing)
            raise NotDelivered(f"not taken by {places}")

    async def _notify(self, number: int, service: Apprise, notice: Notice) -> None:
        title, text = shortened(headline(notice), TITLE_CHARS_MAX), body(notice)

        def notify() -> bool:
            try:
                kind = urgency(notice)
                return bool(service.notify(text, title, notify_type=kind, body_format="text"))
            except Exception:  # noqa: BLE001 - of some hundred services, each with its own, which may quote its address
                return False

        # Whoever waits for too long leaves the thread to itself, and with it its place among a few.
        if await trio.to_thread.run_sync(notify, abandon_on_cancel=True, limiter=self._threads):
            self.told.add(number)


def urgency(notice: Notice) -> str:
    """Return the kind of message by apprise's names, which chooses colours and sounds."""
    if notice.needs_human:
        return "failure"
    if notice.kind in _FAILURES:
        return "warning"
    return "success" if notice.kind is NoticeKind.TARGET_REACHED else "info"


def body(notice: Notice) -> str:
    """Return the notice below its title, in plain text."""
    return next(pages(_lines(notice), BODY_CHARS_MAX), "") or headline(notice)


def _lines(notice: Notice) -> Iterator[str]:
    if notice.progress is not None:
        yield bar(notice.progress)
    for name, value in notice.figures:
        yield shortened(f"{tidy(name)}: {tidy(value)}", _LINE_CHARS_MAX)
    if about := byline(notice):
        yield shortened(about, _LINE_CHARS_MAX)


@asynccontextmanager
async def open_via_apprise(services: tuple[Apprise, ...]) -> AsyncIterator[ViaApprise]:
    """Open a notifier; there is nothing to close, since apprise connects anew every time."""
    yield ViaApprise(services)


@hookimpl
def settings() -> type[Settings]:
    """Say what ``[plugins.via_apprise]`` may hold."""
    return Settings


@hookimpl
def register_notifiers(
    register: Callable[[str, NotifierFactory], None], settings: Settings
) -> None:
    """Register ``via_apprise``; raises PluginError without apprise, or for an unknown address."""
    services = _services(settings)
    register("via_apprise", lambda: open_via_apprise(services))


def _services(settings: Settings) -> tuple[Apprise, ...]:
    def refuse(problem: str) -> PluginError:
        return PluginError("via_apprise", "register_notifiers", problem)

    try:
        from apprise import Apprise, AppriseAsset
    except ImportError:
        raise refuse("apprise is not installed: pip install 'alphabot[apprise]'") from None
    for name in _LOGS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # Nothing of this machine is read or written beside the addresses themselves.
    asset = AppriseAsset(
        app_id="alphabot",
        app_desc="alphabot",
        plugin_paths=[],
        storage_mode="memory",
        pem_autogen=False,
        pgp_autogen=False,
        http_redirects=False,
        async_mode=False,
    )
    services = []
    for number, url in enumerate(settings.urls):
        service = Apprise(asset=asset)
        if not service.add(url.reveal()):
            raise refuse(f"urls[{number}]: apprise does not know such an address")
        services.append(service)
    return tuple(services)
