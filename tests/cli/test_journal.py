"""``alphabot journal``: what a person is told of it, and that looking leaves it as it was."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import apsw
import pytest
import trio
from msgspec.structs import replace

from alphabot.cli.journal_words import SENTENCES, told
from alphabot.core.folding import checkpoint_before
from alphabot.core.records import (
    Checkpointed,
    Cleared,
    Configured,
    Credited,
    Folded,
    Intended,
    Latched,
    Leftover,
    Leg,
    NotSentRecord,
    PlacedRecord,
    Record,
    RefusedRecord,
    Reset,
    Restored,
    Settled,
    Shown,
    UnknownRecord,
    Updated,
    Witnessed,
    WrittenOff,
)
from alphabot.core.values import AlphaId, IntentId, OrderId, OrderStatus, StrategyId, Symbol, UserId
from alphabot.messages import Language
from alphabot.store import SqliteJournal, VenueIdentity, VenueMode, open_journal
from alphabot.store.chain import genesis
from tests.cli.configurations import ELSEWHERE_HOSTS, elsewhere
from tests.cli.conftest import Command
from tests.cli.processes import ENVIRONMENT, alphabot

pytestmark = pytest.mark.outside

NOON_MS = 1_700_049_600_000
IDENTITY = VenueIdentity(VenueMode.SIMULATED, ELSEWHERE_HOSTS)
CONFIG = elsewhere(1, 2, 3)
KOGE, ONE, TWO = StrategyId("koge"), IntentId("1-1"), IntentId("1-2")
PAIR = Intended(
    at_ms=NOON_MS + 1,
    intent_id=ONE,
    strategy_id=KOGE,
    alpha_id=AlphaId("ALPHA_22"),
    symbol=Symbol("ALPHA_22USDT"),
    quantity=Decimal("13636.360"),
    buy_price=Decimal("0.0022"),
    sell_price=Decimal("0.00198"),
    amount_usdt=Decimal("29.99999200"),
)
BOUGHT = Settled(
    at_ms=NOON_MS + 4,
    intent_id=ONE,
    leg=Leg.WORKING,
    order_id=OrderId("77"),
    status=OrderStatus.FILLED,
    executed=Decimal("13636.36"),
    quote_usdt=Decimal("27.2727"),
    fee_base=Decimal("1.363636"),
    fee_quote_usdt=Decimal(0),
    fee_other="0.0001 BNB\x1b[31m",
    credited=Decimal("27.2727"),
)
SOLD = Settled(
    at_ms=NOON_MS + 5,
    intent_id=ONE,
    leg=Leg.PENDING,
    order_id=OrderId("78"),
    status=OrderStatus.CANCELED,
    executed=Decimal(10),
    quote_usdt=Decimal("0.02"),
    fee_base=Decimal(0),
    fee_quote_usdt=Decimal("0.000002"),
)
EVERY_KIND: Sequence[Record] = (
    Configured(at_ms=NOON_MS, strategy_id=KOGE, snapshot="{}"),
    PAIR,
    UnknownRecord(at_ms=NOON_MS + 2, intent_id=ONE, reason="cut\noff"),
    PlacedRecord(
        at_ms=NOON_MS + 2,
        intent_id=ONE,
        working_order_id=OrderId("77"),
        sell_order_id=OrderId("78"),
        how="matched",
    ),
    Updated(
        at_ms=NOON_MS + 3,
        intent_id=ONE,
        leg=Leg.WORKING,
        order_id=OrderId("77"),
        status=OrderStatus.PARTIALLY_FILLED,
        executed=Decimal("5000.00"),
        quote_usdt=Decimal("10.0"),
    ),
    BOUGHT,
    SOLD,
    Leftover(
        at_ms=NOON_MS + 6,
        intent_id=ONE,
        alpha_id=AlphaId("ALPHA_22"),
        quantity=Decimal("13625.0"),
        reason="closed in the app",
    ),
    Latched(at_ms=NOON_MS + 7, reason="risk challenge", clears="alphabot clear 1"),
    Cleared(at_ms=NOON_MS + 8, by="alphabot clear"),
    Intended(
        at_ms=NOON_MS + 9,
        intent_id=TWO,
        strategy_id=KOGE,
        alpha_id=AlphaId("ALPHA_22"),
        symbol=Symbol("ALPHA_22USDT"),
        quantity=Decimal(13625),
        sell_price=Decimal("0.002"),
    ),
    RefusedRecord(at_ms=NOON_MS + 10, intent_id=TWO, code="481020", message="no balance"),
    Intended(
        at_ms=NOON_MS + 11,
        intent_id=IntentId("1-3"),
        strategy_id=KOGE,
        alpha_id=AlphaId("ALPHA_22"),
        symbol=Symbol("ALPHA_22USDT"),
        quantity=Decimal(13625),
        sell_price=Decimal("0.002"),
    ),
    NotSentRecord(at_ms=NOON_MS + 12, intent_id=IntentId("1-3"), reason="no connection"),
    Reset(at_ms=NOON_MS + 13, strategy_id=KOGE),
    Witnessed(at_ms=NOON_MS + 14, asset="USDT", beside=Decimal("12.50")),
    WrittenOff(
        at_ms=NOON_MS + 15,
        alpha_id=AlphaId("ALPHA_22"),
        quantity=Decimal(5),
        reason="gone",
    ),
    Shown(
        at_ms=NOON_MS + 16,
        strategy_id=KOGE,
        token="KOGE",
        shown=Decimal(28),
        ours_usdt=Decimal(30),
        multiplied_usdt=Decimal(30),
        difference="late",
    ),
)
TWO_RECORDS: Sequence[Record] = (PAIR, Latched(at_ms=NOON_MS + 2, reason="r", clears="c"))
IN_ENGLISH = """\
2023-11-15 12:00:00.000 UTC #1 koge started, with its settings
2023-11-15 12:00:00.001 UTC #2 1-1 about to leave: koge buys 13636.36 ALPHA_22 at 0.0022 at most \
(29.999992 USDT), then sells at 0.00198 at least
2023-11-15 12:00:00.002 UTC #3 1-1 has an unknown outcome: cut\\noff
2023-11-15 12:00:00.002 UTC #4 1-1 placed: BUY 77, SELL 78 (found by asking the exchange)
2023-11-15 12:00:00.003 UTC #5 1-1 BUY 77: PARTIALLY_FILLED, 5000 filled for 10 USDT
2023-11-15 12:00:00.004 UTC #6 1-1 BUY 77 ended: FILLED, 13636.36 for 27.2727 USDT, fee \
1.363636 tokens + 0.0001 BNB\\x1b[31m, credited 27.2727 USDT
2023-11-15 12:00:00.005 UTC #7 1-1 SELL 78 ended: CANCELED, 10 for 0.02 USDT, fee 0.000002 USDT
2023-11-15 12:00:00.006 UTC #8 1-1 left 13625 ALPHA_22 unsold: closed in the app
2023-11-15 12:00:00.007 UTC #9 stopped: risk challenge (lifted by alphabot clear 1)
2023-11-15 12:00:00.008 UTC #10 let trade again by alphabot clear
2023-11-15 12:00:00.009 UTC #11 1-2 about to leave: koge sells 13625 ALPHA_22 at 0.002 at least
2023-11-15 12:00:00.010 UTC #12 1-2 refused by the exchange: 481020 no balance
2023-11-15 12:00:00.011 UTC #13 1-3 about to leave: koge sells 13625 ALPHA_22 at 0.002 at least
2023-11-15 12:00:00.012 UTC #14 1-3 made no order: no connection
2023-11-15 12:00:00.013 UTC #15 koge set back to zero
2023-11-15 12:00:00.014 UTC #16 the wallet holds 12.5 USDT beside our own rounds
2023-11-15 12:00:00.015 UTC #17 5 ALPHA_22 written off: gone
2023-11-15 12:00:00.016 UTC #18 the exchange's figure for KOGE today is 28 USDT; ours are 30, \
times mulPoint 30
"""
LEDGER = (
    "ALPHA_22: bought 13,634.996364 = sold 10 + on no order 13,619.996364"
    " + unknown 5; what is held cost 27.24 USDT\n"
)


class Noon:
    """A clock that stands at noon."""

    def now_ms(self) -> int:
        return NOON_MS


async def write(journal: SqliteJournal, user_id: int, records: Sequence[Record]) -> None:
    """Write records as a run would have."""
    journal.users.ensure_simulated_user(UserId(user_id))
    for record in records:
        if isinstance(record, Intended):
            await journal.commit_intent(UserId(user_id), record)
        else:
            await journal.append(UserId(user_id), record)


@contextmanager
def owner(folder: Path) -> Iterator[SqliteJournal]:
    """Own the journal beside a configuration."""
    with open_journal(folder / ".alphabot", IDENTITY, fresh=False, clock=Noon()) as journal:
        yield journal


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with a journal of three users, the last of whom has no records."""
    (tmp_path / "strategies.toml").write_text(CONFIG)
    with owner(tmp_path) as journal:
        trio.run(write, journal, 1, EVERY_KIND)
        trio.run(write, journal, 2, TWO_RECORDS)
        trio.run(write, journal, 3, [])
    return tmp_path / "strategies.toml"


def database(config: Path) -> Path:
    """Return the file."""
    return config.parent / ".alphabot" / "simulated-127.0.0.1-1.db"


def tamper(config: Path, statement: str) -> None:
    """Do what a damaged page might."""
    with apsw.Connection(str(database(config))) as connection:
        rows = list(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type='trigger'"))
        for name, _ in rows:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        for _, sql in rows:
            connection.execute(sql)
    connection.close()


GARBLE = "UPDATE records SET record = record || ' ' WHERE user_id = 1 AND sequence = 6"


# --- verify ---------------------------------------------------------------------------------------


def test_a_sound_journal_is_told_user_by_user(command: Command, config: Path) -> None:
    done = command("journal", "verify", "--config", config)
    assert (done.code, done.err) == (0, "")
    head, first, second, third, last = done.out.splitlines()
    assert head.startswith(str(database(config)))
    assert head.endswith("(simulated at 127.0.0.1:1): 20 records of 1 run(s)")
    assert first.startswith("user 1: 18 records, the last of 2023-11-15 12:00:00 UTC, tip ")
    assert second.startswith("user 2: 2 records")
    assert third == "user 3: no records"
    assert last == "The journal is sound."


def test_a_sound_journal_as_json(command: Command, config: Path) -> None:
    done = command("journal", "verify", "--json", "--config", config)
    found = json.loads(done.out)
    exported = command("journal", "export", "--user", 1, "--config", config).out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert found["sound"] is True
    assert (found["records"], found["runs"], found["problem"]) == (20, 1, None)
    assert found["users"][0] == {
        "user": 1,
        "records": 18,
        "last_at_ms": NOON_MS + 16,
        "tip": json.loads(exported[-1])["hash"],
        "folded": 0,
        "folded_at_ms": None,
        "damage": None,
    }
    assert found["users"][2]["last_at_ms"] is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_damaged_user_is_told_with_the_record(
    command: Command, config: Path, language: str
) -> None:
    config.write_text(CONFIG.replace('"en"', f'"{language}"'))
    tamper(config, GARBLE)
    done = command("journal", "verify", "--config", config)
    _, first, second, _, last = done.out.splitlines()
    assert (done.code, done.err) == (1, "")
    if language == "en":
        assert first == (
            "user 1: DAMAGED, record 6 does not match its hash; the 5 before it are sound"
        )
        assert "Put a sound copy of the whole folder back" in last
    else:
        assert first == "用户 1：第 6 条记录有问题（与其哈希值不符），之前的 5 条完好"
        assert "完好副本" in last
    assert "2 " in second
    found = json.loads(command("journal", "verify", "--json", "--config", config).out)
    assert found["sound"] is False
    assert found["users"][0]["damage"] == {"record": 6, "problem": "does not match its hash"}
    assert found["users"][1]["damage"] is None


def test_a_story_that_cannot_have_been_is_damage(command: Command, config: Path) -> None:
    with owner(config.parent) as journal:
        trio.run(write, journal, 1, [BOUGHT])
    done = command("journal", "verify", "--config", config)
    assert done.code == 1
    assert "user 1: DAMAGED, record 19 cannot follow those before it" in done.out
    assert "the 18 before it are sound" in done.out


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM records WHERE position = 19", "record 19 of all users is missing"),
        ("DELETE FROM records WHERE position = 20", "it had 20 records of 1 runs and has 19"),
        ("UPDATE intents SET open_legs = 0", "the table of intents disagree"),
        ("UPDATE ownership SET epoch = 0", "older copy"),
    ],
)
def test_what_concerns_everybody_is_said_as_the_start_says_it(
    command: Command, config: Path, statement: str, problem: str, as_json: bool
) -> None:
    tamper(config, statement)
    done = command("journal", "verify", "--config", config, *["--json"] * as_json)
    assert (done.code, done.err, done.out.count("\n")) == (1, "", 1)
    assert problem in done.out
    if as_json:
        assert json.loads(done.out)["sound"] is False
    refused = command("reset", "koge", "--config", config)
    assert refused.code == 1
    assert refused.err.strip() in done.out


@pytest.mark.parametrize("arguments", [["verify"], ["show", "1"], ["export"]])
def test_where_nothing_was_traded_nothing_is_made(
    command: Command, config: Path, tmp_path: Path, arguments: list[str]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "strategies.toml").write_text(CONFIG)
    done = command("journal", *arguments, "--config", elsewhere / "strategies.toml")
    assert done.code == 1
    assert "nothing was traded with this configuration yet" in done.out + done.err
    assert [path.name for path in elsewhere.iterdir()] == ["strategies.toml"]


@pytest.mark.parametrize("arguments", [["verify"], ["show", "1"], ["export"]])
def test_a_journal_of_another_exchange_is_refused(
    command: Command, config: Path, arguments: list[str]
) -> None:
    # A name that both exchanges would give it.
    config.write_text(CONFIG.replace("ws://127.0.0.1:1/", "ws://127.0.0.1:2/"))
    done = command("journal", *arguments, "--config", config)
    assert (done.code, done.out) == (2, "")
    assert "belongs to another exchange" in done.err


# --- show -----------------------------------------------------------------------------------------


def test_every_kind_of_record_is_one_sentence(command: Command, config: Path) -> None:
    done = command("journal", "show", 1, "--config", config)
    assert (done.code, done.err) == (0, "")
    assert done.out == IN_ENGLISH + LEDGER
    beside = {Credited, Restored, Folded, Checkpointed}
    assert {type(record) for record in EVERY_KIND} == set(get_args(Record)) - beside


def test_a_journal_whose_old_records_were_folded_says_so(command: Command, config: Path) -> None:
    started = Configured(at_ms=NOON_MS, strategy_id=StrategyId("koge"), snapshot="{}")
    with owner(config.parent) as journal:
        trio.run(write, journal, 3, [started, started, started])
        checkpoint = checkpoint_before(trio.run(journal.records, UserId(3)), 2**62)
        assert checkpoint is not None
        trio.run(journal.fold, UserId(3), checkpoint, NOON_MS)
    told_of = command("journal", "verify", "--config", config).out.splitlines()
    assert told_of[3].startswith("user 3: 4 records, the last of")
    assert told_of[4] == (
        "user 3: the first 2 of them, until 2023-11-15 12:00:00 UTC, were folded away;"
        " what they add up to is kept"
    )
    shown = command("journal", "show", 3, "--config", config).out.splitlines()
    assert shown[0].endswith("#2 stands for records 1 to 2, with all that they add up to")
    assert shown[2].endswith("#4 the records up to number 2 were folded away")
    lines = command("journal", "export", "--user", 3, "--config", config).out.splitlines()
    first, second = map(json.loads, lines[:2])
    record = lines[1].split('"record":', 1)[1].removesuffix("}").encode()
    head = bytes.fromhex(first["hash"]) + (3).to_bytes(8) + (3).to_bytes(8)
    assert second["hash"] == hashlib.sha256(head + record).hexdigest()


def test_volume_that_is_credited_later_is_said_twice() -> None:
    late = replace(BOUGHT, credited=None)
    assert told(late, "en").endswith(", not credited yet")
    then = Credited(at_ms=NOON_MS, intent_id=ONE, credited=Decimal("27.30"))
    assert told(then, "en") == "1-1 credited 27.3 USDT"
    assert told(then, "zh") == "1-1 补计入 27.3 USDT"


def test_every_sentence_is_in_both_languages(command: Command, config: Path) -> None:
    config.write_text(CONFIG.replace('"en"', '"zh"'))
    lines = command("journal", "show", 1, "--config", config).out.splitlines()
    assert len(lines) == len(EVERY_KIND) + 1
    assert lines[-1] == (
        "ALPHA_22：买入 13,634.996364 = 卖出 10 + 未挂单 13,619.996364 + 去向不明 5"
        "；持有成本 27.24 USDT"
    )
    assert lines[1].endswith(
        "1-1 准备下单：koge 以不高于 0.0022 买入 13636.36 枚 ALPHA_22（29.999992 USDT），"
        "再以不低于 0.00198 卖出"
    )
    assert "卖单 78 结束：已撤销" in lines[6]
    languages: tuple[Language, ...] = ("zh", "en")
    for language in languages:
        for record in EVERY_KIND:
            assert "{" not in told(record, language).replace("{}", "")
    for chinese, english in SENTENCES.values():
        assert chinese != english
        assert english.isascii()


@pytest.mark.parametrize(("last", "lines"), [(1, 1), (4, 4), (99, 18)])
def test_the_last_ones(command: Command, config: Path, last: int, lines: int) -> None:
    done = command("journal", "show", 1, "--last", last, "--config", config)
    shown = "".join(IN_ENGLISH.splitlines(keepends=True)[-lines:])
    assert done.out == shown + LEDGER  # which is of all of them


def test_records_as_json(command: Command, config: Path) -> None:
    done = command("journal", "show", 1, "--last", 2, "--json", "--config", config)
    found = json.loads(done.out)
    assert (found["user"], found["records"], found["damage"]) == (1, 18, None)
    assert [entry["sequence"] for entry in found["entries"]] == [17, 18]
    assert found["entries"][0]["record"]["type"] == "written_off"
    (token,) = found["tokens"]
    assert {
        name: token[name] for name in ("alpha_id", "bought", "sold", "on_sells", "unknown")
    } == {
        "alpha_id": "ALPHA_22",
        "bought": "13634.996364",
        "sold": "10",
        "on_sells": "0",
        "unknown": "5",
    }
    assert token["leftover"] == "13619.996364"


def test_a_damaged_users_records_are_shown_up_to_the_damage(command: Command, config: Path) -> None:
    tamper(config, GARBLE)
    done = command("journal", "show", 1, "--config", config)
    assert done.code == 1
    assert done.out.splitlines()[:5] == IN_ENGLISH.splitlines()[:5]
    assert done.out.splitlines()[5:] == [
        "user 1: DAMAGED, record 6 does not match its hash; the 5 before it are sound"
    ]
    assert command("journal", "show", 2, "--config", config).code == 0


def test_who_has_no_records_is_told_so(command: Command, config: Path) -> None:
    done = command("journal", "show", 3, "--config", config)
    assert (done.code, done.out) == (0, "user 3: no records\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "7"], "no records of user 7 (there are of 1, 2, 3)"),
        (["export", "--user", "7"], "no records of user 7 (there are of 1, 2, 3)"),
        (["show"], "--user"),
        (["show", "x"], "x"),
        (["show", "1", "--last", "0"], "last"),
        (["shwo"], "shwo"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    command: Command, config: Path, arguments: list[str], said: str
) -> None:
    done = command("journal", *arguments, *(["--config", config] if arguments[0] != "shwo" else []))
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err


# --- export ---------------------------------------------------------------------------------------


def chained(lines: list[dict[str, Any]], raw: list[bytes]) -> dict[int, str]:
    """Compute every user's tip from an export alone, as another program would."""
    tips: dict[int, bytes] = {}
    for line, text in zip(lines, raw, strict=True):
        previous = tips.get(line["user"], genesis(IDENTITY.text))
        numbers = line["user"].to_bytes(8) + line["sequence"].to_bytes(8)
        record = text[text.index(b'"record":') + 9 : -1]
        tips[line["user"]] = hashlib.sha256(previous + numbers + record).digest()
        assert tips[line["user"]].hex() == line["hash"]
    return {user: tip.hex() for user, tip in tips.items()}


def test_an_export_can_be_checked_by_any_program(config: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alphabot", "journal", "export"],
        cwd=config.parent,
        env=ENVIRONMENT,
        capture_output=True,
        check=True,
    )
    raw = done.stdout.splitlines()
    lines = [json.loads(line) for line in raw]
    assert [line["position"] for line in lines] == list(range(1, 21))
    assert list(lines[0]) == ["position", "user", "sequence", "hash", "record"]
    found = json.loads(alphabot("journal", "verify", "--json", cwd=config.parent).stdout)
    assert chained(lines, raw) == {
        user["user"]: user["tip"] for user in found["users"] if user["records"]
    }


def test_a_file_is_for_its_user_alone_and_never_overwritten(
    command: Command, config: Path, tmp_path: Path
) -> None:
    file = tmp_path / "export.jsonl"
    done = command("journal", "export", "-o", file, "--config", config)
    assert done == (0, "", "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().count("\n") == 20
    before = file.read_bytes()
    again = command("journal", "export", "--user", 1, "--output", file, "--config", config)
    assert (again.code, again.out) == (2, "")
    assert again.err == f"{file}: is there already and is left as it is (name a new file)\n"
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["no/such/folder/x", ""])
def test_where_it_cannot_be_written_it_says_so(
    command: Command, config: Path, tmp_path: Path, name: str
) -> None:
    done = command("journal", "export", "-o", tmp_path / name, "--config", config)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_a_full_disk_leaves_no_half_of_it(config: Path) -> None:
    command = f"ulimit -f 1; exec '{sys.executable}' -m alphabot journal export -o half.jsonl"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=config.parent,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "half.jsonl: cannot be written" in done.stderr
    assert not (config.parent / "half.jsonl").exists()


def test_a_damaged_users_records_are_exported_up_to_the_damage(
    command: Command, config: Path
) -> None:
    tamper(config, GARBLE)
    done = command("journal", "export", "--config", config)
    assert done.code == 1
    assert done.err.startswith("user 1: DAMAGED, record 6")
    users = [json.loads(line)["user"] for line in done.out.splitlines()]
    assert (users.count(1), users.count(2)) == (5, 2)
    assert command("journal", "export", "--user", 2, "--config", config).code == 0


# --- beside others --------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["verify"], ["show", "1"], ["export"]])
def test_beside_an_owner_who_goes_on(config: Path, arguments: list[str]) -> None:
    with owner(config.parent) as journal:
        done = alphabot("journal", *arguments, cwd=config.parent)
        assert (done.returncode, done.stderr) == (0, "")
        trio.run(write, journal, 1, [Latched(at_ms=NOON_MS, reason="r", clears="c")])
        trio.run(write, journal, 1, [Cleared(at_ms=NOON_MS, by="c")])
    assert not list(config.parent.glob(".alphabot/*-wal"))


@pytest.mark.parametrize("arguments", [["verify"], ["show", "1"], ["export"]])
def test_a_closed_pipe_is_no_error(config: Path, arguments: list[str]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "alphabot", "journal", *arguments],
        cwd=config.parent,
        env=ENVIRONMENT,
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_last_journal_of_the_embedded_exchange_can_be_looked_at(tmp_path: Path) -> None:
    embedded = CONFIG.replace("_url", "_x_url").replace("[1, 2, 3]", "[1]")
    lines = [line for line in embedded.splitlines() if "_x_url" not in line]
    (tmp_path / "strategies.toml").write_text("\n".join(lines))
    ended = alphabot("run", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    done = alphabot("journal", "verify", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "(simulated, embedded)" in done.stdout
    shown = alphabot("journal", "show", "1", cwd=tmp_path)
    assert "koge buys" in shown.stdout


def test_beside_a_run_that_trades(tmp_path: Path) -> None:
    """The program itself, beside itself; the one that trades is not disturbed."""
    embedded = CONFIG.replace("_url", "_x_url").replace("[1, 2, 3]", "[1]").replace("= 20", "= 500")
    lines = [line for line in embedded.splitlines() if "_x_url" not in line]
    (tmp_path / "strategies.toml").write_text("\n".join(lines))
    with subprocess.Popen(
        [sys.executable, "-m", "alphabot", "run"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if "OTO pair placed" in line:
                break
        seen = []
        for _ in range(3):
            done = alphabot("journal", "verify", "--json", cwd=tmp_path)
            assert (done.returncode, done.stderr) == (0, "")
            seen.append(json.loads(done.stdout)["records"])
        run.send_signal(signal.SIGTERM)
        rest, errors = run.communicate()
        assert (run.returncode, errors) == (0, "")
    assert 0 < seen[0] <= seen[1] <= seen[2]
    assert "Service ended" in rest
