"""``alphabot journal backup`` and ``restore``, judged at an exchange in another process."""

from __future__ import annotations

import io
import json
import shutil
import signal
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
)
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest
import trio

from alphabot.__main__ import main
from alphabot.core.records import Restored
from alphabot.core.values import UserId
from alphabot.store import SqliteJournal, VenueIdentity, VenueMode, open_journal
from alphabot.store.master_key import make_key_file
from tests.cli.configurations import ELSEWHERE_HOSTS, elsewhere
from tests.cli.conftest import Command
from tests.cli.processes import alphabot
from tests.cli.sessions import pasted
from tests.cli.test_live import folder_of, secrets_of
from tests.kill.judge import check, histories
from tests.kill.processes import Exchange, exchange, starter, write_config
from tests.store.samples import USER, FixedClock, latched

pytestmark = pytest.mark.outside

FIRST, LATER = 100, 200


@contextmanager
def trading(folder: Path) -> Iterator[Exchange]:
    """Lend an exchange, and a configuration of two users that has been traded to its targets."""
    with exchange(1) as venue:
        trade(folder, venue, FIRST)
        yield venue


def trade(folder: Path, venue: Exchange, target: int, users: Sequence[int] = (1, 2)) -> str:
    """Trade to a target; return what was said."""
    strategies = {"koge": ("KOGE", [1]), "aop": ("AOP", list(users))}
    write_config(folder, venue, target, strategies)
    done = alphabot("run", cwd=folder)
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def journal(folder: Path, *arguments: object) -> str:
    """Run a command of the journal that must succeed, in this process."""
    config = ("--config", str(folder / "strategies.toml"))
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        if arguments[0] == "export":
            target = folder / f"export-{time.monotonic_ns()}"
            assert main(["journal", "export", "-o", str(target), *config]) == 0
            exported = target.read_text()
            target.unlink()
            return exported
        assert main(["journal", *map(str, arguments), *config]) == 0, said.getvalue()
    return said.getvalue()


def orders(venue: Exchange, user_id: int) -> list[dict[str, Any]]:
    return [order for order in venue.report()["orders"] if order["user_id"] == user_id]


@pytest.mark.ceiling(600)
def test_what_was_traded_after_the_copy_stops_its_user_and_nothing_is_doubled(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy.db"
    with trading(tmp_path) as venue:
        said = journal(tmp_path, "backup", copy)
        assert "The journal is sound." in said
        copied = journal(tmp_path, "export")
        # User 1 trades on, and user 3 comes anew: of neither the copy knows a thing.
        trade(tmp_path, venue, LATER, users=[3])
        said = journal(tmp_path, "restore", copy)
        (kept,) = tmp_path.glob(".alphabot/*.replaced-*")
        assert str(kept.name) in said
        assert journal(tmp_path, "export").startswith(copied)
        before = venue.report()
        trade(tmp_path, venue, LATER, users=[2, 3])
        # Who traded nothing since trades on; the others are stopped, with the evidence.
        assert {o["order_id"] for o in orders(venue, 1)} == ids(before, 1)
        assert {o["order_id"] for o in orders(venue, 3)} == ids(before, 3)
        assert len(orders(venue, 2)) > len(ids(before, 2))
        status = json.loads(alphabot("status", "--json", cwd=tmp_path).stdout)
        latches = {user["user_id"]: user["latched"] for user in status["users"]}
        assert latches[2] is None
        for user_id in (1, 3):
            assert said_first(latches[user_id]["reason"]) in ids(before, user_id)
        bought = sum(Decimal(o["quote"]) for o in orders(venue, 2) if o["side"] == "BUY")
        (user,) = (user for user in status["users"] if user["user_id"] == 2)
        assert Decimal(user["strategies"][0]["volume_usdt"]) == bought
        # What was replaced is a journal as well, and knows it all; put back, all is as it was.
        trade_on(tmp_path, venue, kept)


def trade_on(folder: Path, venue: Exchange, kept: Path) -> None:
    """Put what had been replaced back, and let those trade on who did not trade meanwhile."""
    (file,) = kept.glob("*.db")
    journal(folder, "restore", file)
    write_config(folder, venue, LATER + 50, {"koge": ("KOGE", [1]), "aop": ("AOP", [1, 3])})
    done = alphabot("run", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    report = venue.report()
    report["orders"] = [order for order in report["orders"] if order["user_id"] != 2]
    report["requests"] = [r for r in report["requests"] if r["user_id"] != 2]
    told = histories(journal(folder, "export"))
    told.pop(2)
    assert sum(isinstance(record, Restored) for record in told[1]) == 1
    assert check(report, told).rounds


def ids(report: dict[str, Any], user_id: int) -> set[int]:
    return {order["order_id"] for order in report["orders"] if order["user_id"] == user_id}


def said_first(reason: str) -> int:
    """Return the first order that a user was stopped for."""
    return int(reason.partition("does not know, from ")[2].split()[0])


@pytest.mark.ceiling(600)
def test_a_copy_is_made_beside_a_running_service_which_is_named_to_who_would_put_it_back(
    tmp_path: Path,
) -> None:
    with exchange(2) as venue, starter("exec") as starting:
        write_config(tmp_path, venue, 1_000_000, {"koge": ("KOGE", [1])})
        life = starting.start(tmp_path, venue)
        assert life.until("Trade succeeded"), life.said
        found = []
        for number in range(3):
            held = json.loads(journal(tmp_path, "backup", tmp_path / f"{number}.db", "--json"))
            assert held["sound"] is True
            found.append(held["records"])
        assert 0 < found[0] <= found[1] <= found[2]
        refused = alphabot("journal", "restore", "0.db", cwd=tmp_path)
        assert refused.returncode == 1
        assert f"in use by process {life.pid} since" in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert life.until("Trade succeeded"), life.said
        life.kill(signal.SIGTERM)
        assert life.end() in (0, 3)
        lines = journal(tmp_path, "export").splitlines()
    assert len(lines) >= found[-1]
    for number in range(3):
        copy = tmp_path / f"{number}.db"
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {
        *(".alphabot", "strategies.toml", "0.db", "1.db", "2.db")
    }


# --- what is no copy of this journal --------------------------------------------------------------

CONFIG = elsewhere(1)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration beside a journal with three records, and a copy of it."""
    file = tmp_path / "strategies.toml"
    file.write_text(CONFIG)

    async def fill() -> None:
        identity = VenueIdentity(VenueMode.SIMULATED, ELSEWHERE_HOSTS)
        folder = tmp_path / ".alphabot"
        with open_journal(folder, identity, fresh=False, clock=FixedClock()) as opened:
            opened.users.ensure_simulated_user(USER)
            for _ in range(3):
                await opened.append(USER, latched())

    trio.run(fill)
    return file


def opened_at(config: Path) -> AbstractContextManager[SqliteJournal]:
    """Return the journal beside a configuration, opened as a service opens it."""
    identity = VenueIdentity(VenueMode.SIMULATED, ELSEWHERE_HOSTS)
    return open_journal(config.parent / ".alphabot", identity, fresh=False, clock=FixedClock())


def notes(command: Command, config: Path) -> dict[int, list[int]]:
    """Return until when each user's records are noted to have known, once for each restoration."""
    exported = command("journal", "export", "--config", config).out
    return {
        user_id: [r.known_until_ms for r in records if isinstance(r, Restored)]
        for user_id, records in histories(exported).items()
    }


def restored(command: Command, config: Path, copy: Path) -> None:
    done = command("journal", "restore", copy, "--config", config)
    assert done.code == 0, done.err


def test_everyone_is_noted_to_be_known_until_the_copy_ends(command: Command, config: Path) -> None:
    copy, again = config.parent / "copy.db", config.parent / "again.db"
    assert command("journal", "backup", copy, "--config", config).code == 0
    # Nobody but the configuration knows of user 2, since the journal was lost.
    config.write_text(CONFIG.replace("user_ids = [1]", "user_ids = [1, 2]"))
    shutil.rmtree(config.parent / ".alphabot")
    restored(command, config, copy)
    ends_ms = latched().at_ms
    assert notes(command, config) == {1: [ends_ms], 2: [ends_ms]}

    async def stop_later() -> None:
        with opened_at(config) as journal:
            await journal.append(USER, msgspec.structs.replace(latched(), at_ms=ends_ms + 60_000))

    trio.run(stop_later)
    # What was written since does not know what happened between, so it moves nothing.
    assert command("journal", "backup", again, "--config", config).code == 0
    restored(command, config, again)
    assert notes(command, config) == {1: [ends_ms] * 2, 2: [ends_ms] * 2}


def test_who_was_disabled_or_added_since_the_copy_stays_so(command: Command, config: Path) -> None:
    copy = config.parent / "copy.db"
    assert command("journal", "backup", copy, "--config", config).code == 0
    with opened_at(config) as journal:
        journal.users.enable(USER, enabled=False)
        journal.users.add(UserId(7), "later")
    restored(command, config, copy)
    with opened_at(config) as journal:
        users = {user.user_id: (user.name, user.enabled) for user in journal.users.all()}
    assert users[USER][1] is False
    assert users[UserId(7)] == ("later", True)


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files}


def damaged(copy: Path) -> None:
    raw = copy.read_bytes()
    at = raw.index(b'"challenge"')
    copy.write_bytes(raw[:at] + b'"chAllenge"' + raw[at + 11 :])


def of_another(copy: Path) -> None:
    (copy.parent / "strategies.toml").write_text(CONFIG.replace("127.0.0.1:1", "127.0.0.1:2"))


SPOILED = {
    "is no file": lambda copy: copy.unlink(),
    "no database": lambda copy: copy.write_bytes(b"hello" * 1000),
    "is empty": lambda copy: copy.write_bytes(b""),
    "does not match its hash": damaged,
    "belongs to another exchange": of_another,
}


@pytest.mark.parametrize("problem", SPOILED)
def test_what_is_no_copy_of_this_journal_changes_nothing(
    command: Command, config: Path, problem: str
) -> None:
    copy = config.parent / "copy.db"
    assert command("journal", "backup", copy, "--config", config).code == 0
    SPOILED[problem](copy)
    before = contents(config.parent)
    done = command("journal", "restore", copy, "--config", config)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done
    assert problem in done.err
    assert "copy.db" in done.err
    assert contents(config.parent) == before


def test_a_file_that_is_there_is_left_as_it_is(command: Command, config: Path) -> None:
    copy = config.parent / "copy.db"
    copy.write_text("mine")
    done = command("journal", "backup", copy, "--config", config)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "is there already" in done.err
    assert copy.read_text() == "mine"
    dangling = config.parent / "link.db"
    dangling.symlink_to(config.parent / "elsewhere")
    assert command("journal", "backup", dangling, "--config", config).code == 2
    assert command("journal", "backup", config.parent / "no" / "x", "--config", config).code == 2


def test_a_damaged_journal_is_not_copied_as_if_it_were_sound(
    command: Command, config: Path
) -> None:
    (database,) = config.parent.glob(".alphabot/*.db")
    damaged(database)
    done = command("journal", "backup", config.parent / "copy.db", "--config", config)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "does not match its hash" in done.err
    assert sorted(path.name for path in config.parent.iterdir()) == [".alphabot", config.name]


def test_a_copy_holds_nothing_that_was_deleted(command: Command, config: Path) -> None:
    (database,) = config.parent.glob(".alphabot/*.db")
    deleted = b"a-session-of-long-ago" * 20
    connection = apsw.Connection(str(database))
    # As a version or a tool would leave it that does not overwrite what it deletes.
    connection.pragma("secure_delete", 0)
    connection.execute("CREATE TABLE once (x)")
    connection.execute("INSERT INTO once VALUES (?)", (deleted,))
    connection.execute("DROP TABLE once")
    connection.pragma("wal_checkpoint", "TRUNCATE")
    connection.close()
    assert deleted in database.read_bytes()
    copy = config.parent / "copy.db"
    done = command("journal", "backup", copy, "--config", config)
    assert done.code == 0, done.err
    assert deleted not in copy.read_bytes()


@pytest.mark.ceiling(600)
async def test_a_copy_holds_no_old_session_and_opens_with_its_own_key_alone(
    tmp_path: Path,
) -> None:
    async with folder_of(tmp_path, users="[1]") as folder:
        await folder.add("anna")
        (database,) = folder.path.glob(".alphabot/*.db")
        old = await trio.to_thread.run_sync(sealed_in, database)
        text = pasted(1, folder.addresses).replace("logined=y", "logined=y; x=y")
        assert (await folder.command("users", "replace", "1", text=text)).returncode == 0
        done = await folder.command("journal", "backup", "copy.db")
        assert done.returncode == 0, done.stderr
        raw = await trio.Path(folder.path, "copy.db").read_bytes()
        assert [secret for secret in secrets_of(1) if secret.encode() in raw] == []
        assert [part for part in old if part in raw] == []
        assert await trio.to_thread.run_sync(sealed_in, database) != old
        # Another key: refused before anything is touched. The own one: as it was, once more.
        key = tmp_path / "key"
        await trio.Path(key).rename(tmp_path / "mine")
        make_key_file(key)
        before = contents(folder.path)
        done = await folder.command("journal", "restore", "copy.db")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "sealed with another key file" in done.stderr
        assert contents(folder.path) == before
        await trio.Path(tmp_path / "mine").replace(key)
        done = await folder.command("journal", "restore", "copy.db")
        assert done.returncode == 0, done.stderr
        ran = await folder.command("run", "--live", "--yes-i-know", "--json")
        assert ran.returncode == 0, ran.stderr
        assert [row["ending"] for row in json.loads(ran.stdout)] == ["reached"]


def sealed_in(database: Path) -> list[bytes]:
    """Return what is sealed in a database, as it stands in its file."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    connection = apsw.Connection(f"file:{database}?immutable=1", flags=flags)
    rows = list(connection.execute("SELECT wrapped_key, sealed FROM envelopes"))
    connection.close()
    return [part for row in rows for part in row]
