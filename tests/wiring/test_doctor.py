"""What a doctor makes of facts: each at its boundary, and words for everything that it may say."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from alphabot.cli.doctor_words import CHECKS, OTHERWISE, SAID
from alphabot.config import load, loads
from alphabot.core.limits import BUY_RULES, SELL_RULES
from alphabot.core.values import StrategyId, UserId
from alphabot.runtime.status import LatchStatus, LimitStatus, Status, UserStatus
from alphabot.store.vault import KeySource
from alphabot.wiring.doctor.accounts import (
    KeptUser,
    Key,
    judge_balance,
    judge_kept,
    judge_key,
    judge_session,
)
from alphabot.wiring.doctor.examining import DEADLINES, judge_plugins
from alphabot.wiring.doctor.exchange import Market, judge_host, judge_market
from alphabot.wiring.doctor.files import Files, Seen, judge_files, see_files
from alphabot.wiring.doctor.findings import Diagnosis, Finding, Grade, fail, ok, warn
from alphabot.wiring.doctor.limits import GATE, judge_limits, used_of
from alphabot.wiring.doctor.machine import Disk, Machine, judge_disk, judge_machine
from alphabot.wiring.doctor.people import judge_user
from alphabot.wiring.doctor.standing import Service, judge_service
from alphabot.wiring.plugging import PluginRow, PluginState
from alphabot.wiring.session_check import Finding as Session

CONFIG = (
    '[[strategies]]\nstrategy_id = "a"\ntarget_token = "A"\ntarget_chain = "BSC"\n'
    "target_volume = 1\nuser_ids = [1]\n"
)
LIMITS = loads(CONFIG).limits
MACHINE = Machine("3.11.2", "3.53.1", "3.40.1", {"trio": ("0.35.0", "<0.36,>=0.35")})
DISK = Disk(Path("/x"), 1024**3)
USER = UserId(1)
STRATEGY = StrategyId("a")
HERE = Path("/x/.alphabot")
FILES = Files(HERE, Seen(HERE, 0o40700), [Seen(HERE / "live.db", 0o100600)])
STATUS = Status(running=True, venue="simulated", now_ms=0, pid=7)
MARKET = Market(answered_seconds=0.1, skew_seconds=0.4)


def said(findings: Finding | Sequence[Finding] | Iterator[Finding] | None) -> list[str]:
    """Return what was said, each with its grade in front."""
    if findings is None:
        return []
    several = [findings] if isinstance(findings, Finding) else list(findings)
    return [f"{finding.grade} {finding.said}" for finding in several]


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (MACHINE, ["ok python.ok", "ok library.ok", "ok sqlite.ok"]),
        (replace(MACHINE, python="3.10.9"), ["fail python.fail", "ok library.ok", "ok sqlite.ok"]),
        (replace(MACHINE, python="3.14.0rc1"), ["ok python.ok", "ok library.ok", "ok sqlite.ok"]),
        *(
            (replace(MACHINE, sqlite=version), ["ok python.ok", "ok library.ok", grade])
            for version, grade in [
                ("3.6.23", "ok sqlite.ok"),
                ("3.7.0", "warn sqlite.reset_bug"),
                ("3.51.2", "warn sqlite.reset_bug"),
                ("3.51.3", "ok sqlite.ok"),
            ]
        ),
        *(
            (
                replace(MACHINE, libraries={"trio": (version, "<0.36,>=0.35")}),
                ["ok python.ok", "fail library.misfit", "ok sqlite.ok"],
            )
            for version in (None, "0.34.9", "0.36.0")
        ),
    ],
)
def test_versions(machine: Machine, expected: list[str]) -> None:
    assert said(judge_machine(machine)) == expected


@pytest.mark.parametrize(
    ("disk", "expected"),
    [
        (DISK, ["ok disk.ok"]),
        (replace(DISK, free_bytes=512 * 1024**2), ["ok disk.ok"]),
        (replace(DISK, free_bytes=512 * 1024**2 - 1), ["warn disk.low"]),
        (replace(DISK, free_bytes=32 * 1024**2 - 1), ["fail disk.full"]),
        (replace(DISK, network="nfs4"), ["ok disk.ok", "fail disk.network"]),
        (
            replace(DISK, network="nfs4", network_permitted=True),
            ["ok disk.ok", "warn disk.network"],
        ),
    ],
)
def test_room_on_the_disk(disk: Disk, expected: list[str]) -> None:
    assert said(judge_disk(disk)) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (FILES, ["ok files.ok"]),
        (replace(FILES, seen=None, inside=()), ["ok files.none"]),
        (replace(FILES, seen=Seen(HERE, 0o40750)), ["warn files.open"]),
        (replace(FILES, inside=[Seen(HERE / "a", 0o100640)]), ["warn files.open"]),
        (replace(FILES, inside=[Seen(HERE / "a", 0o100600, mine=False)]), ["fail files.foreign"]),
        (replace(FILES, inside=[Seen(HERE / "a", 0o120777)]), ["fail files.link"]),
        (replace(FILES, inside=[Seen(HERE / "a", 0o140600)]), ["ok files.ok"]),
        (replace(FILES, config=[Seen(Path("/x/s.toml"), 0o100644)]), ["ok files.ok"]),
        (
            replace(FILES, config=[Seen(Path("/x/s.toml"), 0o100664)]),
            ["warn files.config", "ok files.ok"],
        ),
        (replace(FILES, config=[Seen(Path("/tmp"), 0o41777)]), ["ok files.ok"]),
        (replace(FILES, logs=[Seen(Path("/x/bot.log"), 0o100600)]), ["ok files.ok"]),
        (
            replace(FILES, logs=[Seen(Path("/x/bot.log.1"), 0o100644)]),
            ["warn files.open", "ok files.ok"],
        ),
        (replace(FILES, halted="by hand"), ["fail halt.on", "ok files.ok"]),
        (
            replace(FILES, inside=[Seen(HERE / str(i), 0o100644) for i in range(9)]),
            ["warn files.open"] * 5 + ["warn files.more"],
        ),
    ],
)
def test_permissions(files: Files, expected: list[str]) -> None:
    assert said(judge_files(files)) == expected


def test_a_log_and_what_was_rotated_away_is_looked_at_and_nothing_else(tmp_path: Path) -> None:
    for name in ("bot.log", "bot.log.1", "bot.log.12", "bot.log.gz", "bot.logs", "other"):
        (tmp_path / name).touch()
    (tmp_path / "bot.log.2").mkdir()
    config = tmp_path / "strategies.toml"
    config.write_text(f'{CONFIG}[log]\nfile = "bot.log"\n')
    seen = see_files(load(config)).logs
    assert [each.path.name for each in seen] == ["bot.log", "bot.log.1", "bot.log.12"]
    (tmp_path / "bot.log").unlink()
    (tmp_path / "bot.log").symlink_to("/dev/null")
    assert [each.path.name for each in see_files(load(config)).logs] == ["bot.log.1", "bot.log.12"]


@pytest.mark.parametrize(
    ("service", "expected", "busy"),
    [
        (Service(), "ok service.none", False),
        (Service(status=STATUS), "ok service.running", True),
        (Service(silent="10 s"), "fail service.silent", True),
        (Service(owner="process 7"), "fail service.owned", True),
    ],
)
def test_services(service: Service, expected: str, busy: bool) -> None:
    assert said(judge_service(service)) == [expected]
    assert service.busy == busy


@pytest.mark.parametrize(
    ("market", "expected"),
    [
        (MARKET, ["ok host.answered", "ok clock.ok"]),
        (Market(problem="no route"), ["fail host.unreachable"]),
        (Market(), ["fail host.unreachable"]),
        (replace(MARKET, skew_seconds=None), ["ok host.answered", "fail clock.untold"]),
        (replace(MARKET, skew_seconds=-2.0), ["ok host.answered", "ok clock.ok"]),
        (replace(MARKET, skew_seconds=-2.1), ["ok host.answered", "warn clock.off"]),
        (replace(MARKET, skew_seconds=30.0), ["ok host.answered", "warn clock.off"]),
        (replace(MARKET, skew_seconds=30.1), ["ok host.answered", "fail clock.wrong"]),
        (
            replace(MARKET, names="no such token", no_round={"a": "closed"}),
            ["ok host.answered", "ok clock.ok", "fail token.unknown", "warn token.no_round"],
        ),
    ],
)
def test_what_the_exchange_answers(market: Market, expected: list[str]) -> None:
    assert said(judge_market("host", market)) == expected


def test_hosts_and_plugins() -> None:
    assert said(judge_host("a", "")) == ["ok host.ok"]
    assert said(judge_host("a", "refused")) == ["fail host.unreachable"]
    rows = [
        PluginRow("a", "drop-in", "a.py", PluginState.LOADED),
        PluginRow("b", "drop-in", "b.py", PluginState.REFUSED, "load: no"),
        PluginRow("c", "drop-in", "c.py", PluginState.UNNAMED),
    ]
    assert said(judge_plugins(rows)) == ["fail plugin.refused", "ok plugin.ok"]


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (KeptUser(USER, None), "fail user.missing"),
        (KeptUser(USER, "anna", enabled=False, sealed=True), "warn user.disabled"),
        (KeptUser(USER, "anna"), "fail user.no_session"),
        (KeptUser(USER, "anna", sealed=True, problem="swapped"), "fail user.sealed"),
        (KeptUser(USER, "anna", sealed=True), "warn user.locked"),
    ],
)
def test_who_is_not_worth_asking_about(user: KeptUser, expected: str) -> None:
    assert said(judge_kept(user)) == [expected]


def test_keys() -> None:
    assert said(judge_key(Key(None))) == ["fail key.none"]
    assert said(judge_key(Key(KeySource.FILE))) == ["ok key.ok"]
    assert said(judge_key(Key(KeySource.FILE, "mode 0644"))) == ["fail key.problem"]
    assert said(judge_key(Key(KeySource.PASSPHRASE))) == ["ok key.passphrase"]


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (Session("valid"), "ok user.valid"),
        (Session("unclear"), "warn user.unclear"),
        (Session("expired"), "fail user.expired"),
        (Session("challenge"), "fail user.challenge"),
        (Session("unreachable"), "fail user.unreachable"),
    ],
)
def test_sessions(session: Session, expected: str) -> None:
    assert said(judge_session(USER, session)) == [expected]


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        ("50", "ok balance.ok"),
        ("49.99", "warn balance.low"),
        ("30", "warn balance.low"),
        ("29.99", "fail balance.short"),
        (None, "warn balance.unknown"),
    ],
)
def test_balances(free: str | None, expected: str) -> None:
    amounts = [Decimal(30), Decimal(20)]
    assert said(judge_balance(USER, None if free is None else Decimal(free), amounts)) == [expected]


LATCHED = LatchStatus("risk challenge", 0, "alphabot clear 1")


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (None, []),
        (UserStatus(user_id=1), []),
        (UserStatus(user_id=1, latched=LATCHED), ["fail user.latched"]),
        (UserStatus(user_id=1, abandoned={"ALPHA_1": Decimal(1)}), ["fail user.abandoned"]),
        (UserStatus(user_id=1, running=True, connection="live"), ["ok user.running"]),
        (UserStatus(user_id=1, running=True, connection="lost"), ["warn user.running"]),
    ],
)
def test_what_a_service_says_of_a_user(user: UserStatus | None, expected: list[str]) -> None:
    assert said(judge_user(USER, user)) == expected


def test_every_limit_has_its_guard() -> None:
    findings = list(judge_limits(LIMITS, {}))
    assert [finding.about for finding in findings] == list(LIMITS.__slots__)
    assert {finding.grade for finding in findings} == {Grade.OK}


def test_a_limit_that_lost_its_guard_fails() -> None:
    tables = {"BUY": [rule for rule in BUY_RULES if rule.name != "max_rounds"], "SELL": SELL_RULES}
    failed = [f for f in judge_limits(LIMITS, {}, tables=tables) if f.grade is Grade.FAIL]
    assert [(f.said, f.about) for f in failed] == [("limit.unguarded", "max_rounds")]


@pytest.mark.parametrize(
    ("name", "figure", "expected"),
    [
        ("max_spread_bp", "199", "ok limit.ok"),
        ("max_spread_bp", "200", "ok limit.ok"),
        ("max_spread_bp", "200.01", "warn limit.held"),
        ("price_collar_percent", "15.01", "warn limit.held"),
    ],
)
def test_what_the_next_round_measures(name: str, figure: str, expected: str) -> None:
    used = used_of(None, {(USER, STRATEGY): {name: Decimal(figure)}})
    (finding,) = [f for f in judge_limits(LIMITS, used) if f.about == name]
    assert said(finding) == [expected]


def test_the_one_with_least_left_is_told() -> None:
    def user(user_id: int, used: int) -> UserStatus:
        limit = LimitStatus("max_daily_loss_usdt", Decimal(used), Decimal(20), Decimal(20 - used))
        return UserStatus(user_id=user_id, limits=(limit,))

    for used, expected in ((19, "ok limit.ok"), (20, "fail limit.ended")):
        status = replace_users(user(1, 3), user(2, used), user(3, 5))
        findings = judge_limits(LIMITS, used_of(status, {}))
        (finding,) = [f for f in findings if f.about == "max_daily_loss_usdt"]
        assert said(finding) == [expected]
        assert finding.fields["holder"] == "2/*"


def test_a_limit_of_its_own_is_told_of_that_user_alone() -> None:
    def lost(user_id: int, used: int, most: int) -> UserStatus:
        limit = LimitStatus("max_daily_loss_usdt", Decimal(used), Decimal(most), Decimal(0))
        return UserStatus(user_id=user_id, limits=(limit,))

    total = LimitStatus("max_total_exposure_usdt", Decimal(60), Decimal(100), Decimal(40))
    status = replace_users(lost(1, 3, 20), lost(2, 3, 3), total=(total,))
    measured = {(UserId(user_id), STRATEGY): {"max_spread_bp": Decimal(120)} for user_id in (1, 2)}
    own = {
        UserId(2): {
            "max_daily_loss_usdt": Decimal(3),
            "max_total_exposure_usdt": Decimal(50),
            "max_spread_bp": 100.0,
        }
    }
    findings = {f.about: f for f in judge_limits(LIMITS, used_of(status, measured), own)}

    def told(about: str) -> tuple[str, object, object]:
        finding = findings[about]
        return finding.said, finding.fields["most"], finding.fields["holder"]

    assert told("max_daily_loss_usdt") == ("limit.ok", "20", "1/*")
    assert told("users.2.limits.max_daily_loss_usdt") == ("limit.ended", "3", "2/*")
    assert told("max_total_exposure_usdt") == ("limit.ok", "1000", "*")
    assert told("users.2.limits.max_total_exposure_usdt") == ("limit.held", "50", "*")
    assert told("max_spread_bp") == ("limit.ok", "200", "1/a")
    assert told("users.2.limits.max_spread_bp") == ("limit.held", "100", "2/a")
    assert len(findings) == len(LIMITS.__slots__) + 3


def replace_users(*users: UserStatus, total: tuple[LimitStatus, ...] = ()) -> Status:
    return Status(running=True, venue="simulated", now_ms=0, users=users, limits=total)


def test_a_switched_off_guard_is_told() -> None:
    findings = judge_limits(replace(LIMITS, self_trade_guard=False), {})
    assert [f.said for f in findings if f.grade is not Grade.OK] == ["limit.off"]


def test_one_failure_is_enough() -> None:
    assert Diagnosis([ok("disk.ok"), warn("disk.low")]).would_start
    assert not Diagnosis([ok("disk.ok"), fail("disk.full")]).would_start


# --- words --------------------------------------------------------------------------------------

SOURCES = [
    file.read_text("utf-8")
    for file in sorted((Path(__file__).parents[2] / "alphabot/wiring/doctor").glob("*.py"))
]


def test_everything_that_is_said_has_words_and_all_words_are_said() -> None:
    found = {key for source in SOURCES for key in re.findall(r'"([a-z]+\.[a-z_]+)"', source)}
    # What is put together: a session's standing, and whether Python is new enough.
    found |= {"user.expired", "user.challenge", "user.unreachable", "python.ok", "python.fail"}
    assert found == set(SAID)
    assert {key.partition(".")[0] for key in SAID} | set(DEADLINES) == set(CHECKS)


@pytest.mark.parametrize("words", [*SAID.values(), *OTHERWISE.values()])
def test_words_name_the_same_fields_in_both_languages(
    words: tuple[tuple[str, str], ...],
) -> None:
    for zh, en in words:
        assert bool(zh) == bool(en)
        assert en.isascii()
        assert _names(zh) == _names(en)


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_gate_is_what_is_told_of() -> None:
    assert GATE["BUY"] is BUY_RULES
    assert GATE["SELL"] is SELL_RULES
