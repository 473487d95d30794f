"""A thousand failures that quote a secret: nothing of it is in any sink, whatever the level."""

from __future__ import annotations

import json
import logging
import traceback
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import httpx
import pytest
import trio
from loguru import logger
from trio.testing import MockClock

from alphabot.__main__ import main
from alphabot.cli.table import as_json, as_text
from alphabot.core.events import Event
from alphabot.core.notices import Notice, NoticeKind
from alphabot.core.records import Latched, NotSentRecord, Record, RefusedRecord, UnknownRecord
from alphabot.core.secret import Secret
from alphabot.core.values import IntentId, Symbol, UserId
from alphabot.core.wording import headline
from alphabot.errors import NotAuthorised, OutcomeUnknown, Refused, UnexpectedReply
from alphabot.exchange.secret import Credentials
from alphabot.log import configure, keep, redact, say, say_exception
from alphabot.messages import CATALOGUE, Language
from alphabot.runtime.board import Ending
from alphabot.runtime.composing import notice_of
from alphabot.runtime.delivery import safe
from alphabot.runtime.recorder import Recorder
from alphabot.store import VenueIdentity, VenueMode, open_journal
from alphabot.wiring.masking import mask
from plugins.slack import message
from plugins.telegram.text import page
from plugins.via_apprise import body
from tests.cli.configurations import elsewhere
from tests.runtime.world import open_world
from tests.store.samples import USER, FixedClock, pair

CANARY = "canary-run-7f31c2\"'\\ /+9d-end"
PLAIN = "canaryrun0123456789abcdef"
OTHER = "web.1.0fedcba9876543210canary"
FORMS = sorted(
    {
        form
        for secret in (CANARY, PLAIN, OTHER)
        for form in (
            secret,
            repr(secret)[1:-1],
            json.dumps(secret)[1:-1],
            urllib.parse.quote(secret, safe=""),
            urllib.parse.quote(secret),
        )
    }
)
SAID = (CANARY, PLAIN, OTHER, urllib.parse.quote(CANARY, safe=""), f"a={PLAIN}&b={OTHER}")
"""How an exchange or a library says them back."""
FAILURES_MIN = 1000
LANGUAGES: tuple[Language, ...] = ("en", "zh")

Failure = Callable[[str], Exception]
FAILURES: dict[str, Failure] = {
    "a read": lambda said: httpx.ReadError(f"headers {{'cookie': '{said}'}}"),
    "a URL": lambda said: httpx.ConnectError(f"https://host/{urllib.parse.quote(said, safe='/%')}"),
    "a value": ValueError,
    "a key": KeyError,
    "two arguments": lambda said: OSError(5, said),
    "bytes": lambda said: RuntimeError(said.encode()),
    "a group": lambda said: ExceptionGroup(said, [ValueError(said)]),
    "a refusal": lambda said: Refused("481020", said),
    "no welcome": NotAuthorised,
    "no answer": OutcomeUnknown,
    "a page": UnexpectedReply,
    "a decoding": lambda said: UnicodeDecodeError("utf-8", said.encode(), 0, 1, said),
}


def raised(failure: Failure, said: str, *, caused: bool) -> Exception:
    """Return a failure as it is caught, with a traceback, and perhaps with a cause."""
    try:
        try:
            raise failure(said)
        except Exception as cause:
            if not caused:
                raise
            raise RuntimeError(f"while {said!r} was sent") from cause
    except Exception as error:  # noqa: BLE001 - what was raised is what is asked for
        return error


def failures() -> Iterator[tuple[str, Exception]]:
    for said in SAID:
        for failure in FAILURES.values():
            for caused in (False, True):
                yield said, raised(failure, said, caused=caused)


@pytest.fixture(params=["DEBUG", "INFO", "WARNING", "ERROR"])
def level(request: pytest.FixtureRequest) -> str:
    """Every level a library may speak at, or a person ask for."""
    return str(request.param)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Lend the lines of the log, with the canaries known as a user's session is."""
    found: list[str] = []
    configure("en", sink=found.append)
    mask(Credentials(Secret(f"p20t={PLAIN}; x=y"), Secret(CANARY), {"fvideo-id": Secret(OTHER)}))
    yield found
    keep()
    configure("zh")


def seen(text: str | bytes) -> list[str]:
    """Return what of the canaries is in a sink, a part of eight characters included."""
    raw = text if isinstance(text, bytes) else text.encode()
    return [form for form in FORMS if any(part in raw for part in parts(form))]


def parts(form: str) -> Iterator[bytes]:
    # The first eight are the word canary, which a masked text may have of its own.
    return (form[at : at + 12].encode() for at in range(len(form) - 11))


@pytest.mark.parametrize("in_json", [False, True], ids=["text", "json"])
def test_no_line_of_the_log_shows_it(lines: list[str], level: str, *, in_json: bool) -> None:
    count = 0
    kept: list[str] = []
    keep(kept.append, json=in_json)
    library = logging.getLogger("library.of.canaries")
    library.setLevel(level)
    for said, error in failures():
        for key in ("program.failed", "user.failed", "request.read_failed", "strategy.failed"):
            say_exception(key, error, reason=said, header=("cookie", said))
            say(key, reason=str(error), of=[error])
        library.log(logging.getLevelName(level), "%s with %r", said, error, exc_info=error)
        logger.opt(exception=error).log(level, "{}", said)
        count += 10
    assert count >= FAILURES_MIN
    # What is said below INFO is heard by nobody; the other eight of ten are.
    assert min(len(lines), len(kept)) >= count * 8 // 10
    assert seen("\n".join([*lines, *kept])) == []
    if in_json:
        assert seen("\n".join(text for line in lines for text in texts(json.loads(line)))) == []


def texts(value: object) -> Iterator[str]:
    """Yield every text of a JSON value, as a reader has it once nothing is escaped."""
    match value:
        case dict():
            yield from (text for pair in value.items() for part in pair for text in texts(part))
        case list():
            yield from (text for part in value for text in texts(part))
        case _:
            yield str(value)


@pytest.mark.parametrize("in_json", [False, True], ids=["text", "json"])
def test_every_line_there_is_shows_it_in_no_field(lines: list[str], *, in_json: bool) -> None:
    keep(json=in_json)
    for key in CATALOGUE:
        for said in (*SAID, *FORMS, *(f"{a} and {b}" for a in SAID for b in SAID)):
            say(key, reason=said, message={"said": said}, file=Path(said), code=said)
    assert len(lines) >= FAILURES_MIN
    assert seen("\n".join(lines)) == []


def test_no_exception_of_ours_shows_what_a_secret_is() -> None:
    credentials = Credentials(Secret(CANARY), Secret(PLAIN), {"x": Secret(PLAIN)})
    shown = [repr(credentials), str(credentials), f"{credentials.cookie}", f"{[credentials]!r}"]
    for _ in range(2):
        try:
            raise ValueError(credentials, credentials.cookie)
        except ValueError as error:
            shown += [str(error), repr(error), *traceback.format_exception(error)]
    assert seen("\n".join(shown)) == []


def test_no_notice_shows_it_in_any_messenger(lines: list[str]) -> None:
    count = 0
    for said, error in failures():
        event = Event(
            kind=NoticeKind.LATCHED,
            cause="latched/1/5",
            at_ms=5,
            user_id=USER,
            subject=said,
            reason=str(error),
            held=said,
            open=said,
            clears="alphabot clear 1",
            needs_human=True,
        )
        for kind, language in product(NoticeKind, LANGUAGES):
            event = replace(event, kind=kind)
            notice = safe(notice_of(event, language))
            told = [page(notice), json.dumps(message(notice), ensure_ascii=False), repr(notice)]
            told += [headline(notice), body(notice)]
            assert seen("\n".join(told)) == []
            count += len(told)
    assert count >= FAILURES_MIN


CONFIG = elsewhere(1)


def quoting(said: str, number: int) -> list[Record]:
    """Return the records in which somebody else's words are, after their intent."""
    name = IntentId(f"1-{number}")
    end = (
        RefusedRecord(at_ms=number, intent_id=name, code=said, message=f"no: {said}")
        if number % 2
        else NotSentRecord(at_ms=number, intent_id=name, reason=f"cut {said}")
    )
    return [
        UnknownRecord(at_ms=number, intent_id=name, reason=said),
        end,
        Latched(at_ms=number, reason=said, clears="alphabot clear 1"),
    ]


def contents(folder: Path) -> bytes:
    """Return what is in all files of a journal, the write-ahead log's among them."""
    files = {path.suffix: path.read_bytes() for path in folder.iterdir()}
    assert files[".db-wal"]
    return b"".join(files.values())


async def written(folder: Path, *, masked: bool) -> int:
    """Write failures into a journal and its outbox, as a service does; return how many."""
    identity = VenueIdentity(VenueMode.SIMULATED, ("127.0.0.1:1",))
    count = 0
    with open_journal(folder, identity, fresh=False, clock=FixedClock()) as journal:
        journal.users.ensure_simulated_user(USER)
        recorder = Recorder(journal, USER, FixedClock())
        for number, (said, error) in enumerate([*failures()] * 3, 1):
            await recorder.intend(pair(f"1-{number}", Symbol("ALPHA_22USDT")))
            for record in quoting(f"{said} {error}", number):
                await (recorder.write(record) if masked else journal.append(USER, record))
                count += 1
            notice = Notice(NoticeKind.LATCHED, f"c/{number}", number, f"{error}", (("r", said),))
            journal.outbox.put(safe(notice) if masked else notice, ["telegram"])
            count += 1
            if not masked:
                break
        # While it is written to, so that the write-ahead log is read as well.
        assert (seen(contents(folder)) == []) is masked
    return count


def test_no_file_and_no_output_shows_it(
    tmp_path: Path, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "strategies.toml"
    config.write_text(CONFIG)
    assert trio.run(lambda: written(tmp_path / ".alphabot", masked=True)) >= FAILURES_MIN
    at = ("--config", str(config))
    copy = tmp_path / "copy.db"
    for arguments in (
        ("journal", "backup", str(copy), "--json"),
        ("journal", "verify", "--json"),
        ("journal", "show", "1", "--json"),
        ("journal", "export"),
        ("status", "--json"),
        ("status",),
        ("doctor", "--json"),
        ("doctor",),
    ):
        # 3: it is latched; doctor: and nobody is at the address.
        expected = (1,) if arguments[0] == "doctor" else (0, 3)
        assert main([*arguments, *at]) in expected
    said = capsys.readouterr()
    assert len(said.out) > 100_000
    assert seen(said.out + said.err) == []
    assert seen(copy.read_bytes()) == []
    assert seen("\n".join(lines)) == []


async def test_no_result_of_a_run_shows_it(lines: list[str], autojump_clock: MockClock) -> None:
    """What ends a user is the reason in its rows, as ``run`` and ``run --json`` print them."""
    shown = []
    for said in SAID:
        async with open_world() as world:
            reason = f"the exchange said {said!r}"
            for user_id in (1, 2):
                world.journal.users.ensure_simulated_user(UserId(user_id))
                latch = Latched(at_ms=1, reason=reason, clears="alphabot clear")
                await world.journal.append(UserId(user_id), latch)
            await world.run()
            assert {row.ending for row in world.board.rows} == {Ending.LATCHED}
            shown += [as_json(world.board), *(as_text(world.board, each) for each in LANGUAGES)]
    assert all("the exchange said" in text for text in shown)
    assert seen("\n".join([*shown, *lines])) == []


def test_the_run_can_fail(tmp_path: Path, lines: list[str]) -> None:
    """What is not masked is seen by it: a line, a file, a message."""
    assert redact(CANARY) == "***"
    logger.remove()
    logger.add(lambda text: lines.append(str(text)), format="{message}")
    logger.error("{}", CANARY)
    assert seen("\n".join(lines))
    trio.run(lambda: written(tmp_path / "leaky", masked=False))
