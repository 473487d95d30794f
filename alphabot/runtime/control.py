"""What people ask of a running service: how it is, to pause, resume, drain, stop or clear, and
to take a new session for somebody whom the exchange has turned away.

One question is one line of JSON, and so is its answer; then the connection ends. Whoever asks is
met with bounds: so many bytes, so many seconds, so many at once and so many a second. Beyond them
nobody waits but the one who asks, so no client changes how anything trades. A service that could
not answer at all can still be halted (:mod:`alphabot.runtime.halt`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NoReturn

import msgspec
import trio

from alphabot.core.values import UserId
from alphabot.errors import ConfigError, InvariantBroken, JournalError
from alphabot.log import say, say_exception
from alphabot.runtime.control_socket import is_ours
from alphabot.runtime.roster import Roster
from alphabot.runtime.status import Status

__all__ = ["Control", "Reply", "Request"]

REQUEST_BYTES_MAX = 512 * 1024
"""More than any session, which is the longest that is ever said."""
_CHUNK_BYTES = 65536
CLIENTS_MAX = 8
"""Served at the same time; others wait in the kernel's queue, at no cost of ours."""
QUESTION_SECONDS = 1.0
"""How long a client may take to ask; ours ask at once."""
ANSWER_SECONDS = 4.0
"""How long a client may take to read its answer."""
NEXT_CLIENT_SECONDS = 0.02
"""Between two clients, so that a flood of them takes no more than a small part of the loop."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked, and for whom: everyone, a user, a strategy, or a strategy of a user."""

    command: Literal["status", "pause", "resume", "drain", "stop", "clear", "replace"]
    user: int | None = None
    strategy: str | None = None
    latched_at_ms: int | None = None
    """For clear: when the latch was made that the person was shown, if there was one."""
    session: str | None = None
    """For replace: the new session, as it is sealed. A secret."""

    def __repr__(self) -> str:
        return f"<Request: {self.command}>"


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer; ``refused`` says why nothing was done, by a name."""

    refused: str = ""
    """``unreadable``, ``nobody``, ``nothing_to_clear``, ``changed``, ``trading``, ``not_kept``."""
    detail: str = ""
    meant: Sequence[tuple[int, str]] = ()
    """Users and strategies that it was done for; for replace, those that a clear lets trade on."""
    ended: Sequence[tuple[int, str]] = ()
    """Those that were meant as well and had ended before: it holds for them once a person's clear
    lets them start anew."""
    started_anew: bool = False
    """For clear: whether the user trades again within this run."""
    status: Status | None = None


_requests = msgspec.json.Decoder(Request)


class Control:
    """Answers questions about a service, and passes on what is asked of it."""

    def __init__(
        self,
        roster: Roster,
        describe: Callable[[], Awaitable[Status]],
        keep_session: Callable[[UserId, str], None] | None = None,
    ) -> None:
        self._roster = roster
        self._describe = describe
        self._keep_session = keep_session

    async def serve(self, listener: trio.SocketListener) -> NoReturn:
        """Serve this user's own processes until cancelled; raises JournalError alone."""
        places = trio.Semaphore(CLIENTS_MAX)
        async with trio.open_nursery() as clients:
            while True:
                await places.acquire()
                stream = await _accepted(listener)
                clients.start_soon(self._attend_and_leave, stream, places)
                await trio.sleep(NEXT_CLIENT_SECONDS)
        raise InvariantBroken("the control ended by itself")

    async def attend(self, stream: trio.abc.Stream) -> None:
        """Read one question, answer it and close; raises JournalError alone."""
        try:
            line: bytes | None = None
            with trio.move_on_after(QUESTION_SECONDS):
                line = await _line(stream)
            if line is not None:
                reply = _encoded(await self._answer(line))
                with trio.move_on_after(ANSWER_SECONDS):
                    await stream.send_all(reply + b"\n")
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError):
            await trio.lowlevel.checkpoint()
        finally:
            await trio.aclose_forcefully(stream)

    async def _attend_and_leave(self, stream: trio.SocketStream, places: trio.Semaphore) -> None:
        try:
            if is_ours(stream.socket):
                await self.attend(stream)
            else:
                say("control.stranger")
                await trio.aclose_forcefully(stream)
        finally:
            places.release()

    async def _answer(self, line: bytes) -> Reply:
        await trio.lowlevel.checkpoint()
        try:
            request = _requests.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return Reply(refused="unreadable", detail=str(error)[:200])
        return await self.obey(request)

    async def obey(self, request: Request) -> Reply:
        """Do what is asked and return what came of it; raises JournalError alone."""
        await trio.lowlevel.checkpoint()
        try:
            match request.command:
                case "status":
                    return Reply(status=await self._describe())
                case "clear":
                    return await self._clear(request)
                case "replace":
                    return self._replace(request)
                case _:
                    return self._steer(request)
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001 - a question must not end what it asks about
            say_exception("control.failed", error)
            return Reply(refused="failed", detail=type(error).__name__)

    def _steer(self, request: Request) -> Reply:
        rows = self._roster.rows(request.user, request.strategy)
        if not rows:
            return self._nobody()
        say("control.asked", command=request.command, user=request.user, strategy=request.strategy)
        for stop in self._roster.stops(request.user, request.strategy):
            match request.command:
                case "pause":
                    stop.pause()
                case "resume":
                    stop.resume()
                case "drain":
                    stop.drain()
                case "stop":
                    stop.request()
        return Reply(
            meant=[(row.user_id, row.strategy_id) for row in rows if row.ending is None],
            ended=[(row.user_id, row.strategy_id) for row in rows if row.ending is not None],
        )

    async def _clear(self, request: Request) -> Reply:
        await trio.lowlevel.checkpoint()
        seat = None if request.user is None else self._roster.seat(request.user)
        if seat is None:
            return self._nobody()
        state = seat.recorder.state
        abandoned = any(holding.abandoned for holding in state.holdings.values())
        if state.latched is None and not abandoned and not state.failing(1):
            return Reply(refused="nothing_to_clear")
        if (state.latched and state.latched.at_ms) != request.latched_at_ms:
            return Reply(refused="changed")
        started_anew = await self._roster.clear(seat)
        meant = [(row.user_id, row.strategy_id) for row in seat.rows]
        return Reply(meant=meant, started_anew=started_anew)

    def _replace(self, request: Request) -> Reply:
        """Keep a new session for a user who does not trade now; the next start of it has it."""
        if self._keep_session is None or request.user is None or request.session is None:
            return self._nobody()
        seat = self._roster.seat(request.user)
        if seat is not None and seat.running:
            return Reply(refused="trading")
        try:
            self._keep_session(UserId(request.user), request.session)
        except ConfigError as error:
            return Reply(refused="not_kept", detail=str(error))
        say("user.session_replaced", user_id=request.user)
        waiting = [] if seat is None else seat.may_start_anew()
        return Reply(meant=[(row.user_id, row.strategy_id) for row in waiting])

    def _nobody(self) -> Reply:
        there = ", ".join(f"{r.user_id}/{r.strategy_id}" for r in self._roster.rows(None, None))
        return Reply(refused="nobody", detail=there)


async def _accepted(listener: trio.SocketListener) -> trio.SocketStream:
    """Return the next client; where the system has no room for one, ask again later."""
    while True:
        try:
            return await listener.accept()
        except OSError:
            await trio.sleep(1)


def _encoded(reply: Reply) -> bytes:
    """Return an answer's bytes; one that cannot be written must not end the service."""
    try:
        return msgspec.json.encode(reply)
    except UnicodeEncodeError as error:
        return msgspec.json.encode(Reply(refused="failed", detail=type(error).__name__))


async def _line(stream: trio.abc.Stream) -> bytes | None:
    """Return the first line, or None from a client that does not keep to the bounds."""
    await trio.lowlevel.checkpoint()
    received = bytearray()
    while b"\n" not in received:
        chunk = await stream.receive_some(_CHUNK_BYTES)
        received += chunk
        if not chunk or len(received) > REQUEST_BYTES_MAX:
            return None
    return bytes(received).partition(b"\n")[0]
