"""How ``alphabot journal`` says what it found, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from alphabot.cli import cells
from alphabot.cli.journal_words import told
from alphabot.cli.ledger_text import ledger_line
from alphabot.cli.words import DRY_RUN, Words, word
from alphabot.messages import Language
from alphabot.runtime.status import tokens

if TYPE_CHECKING:
    from alphabot.store import Entry
    from alphabot.wiring import JournalView, Restoration, UserView

__all__ = [
    "as_json",
    "as_text",
    "damage_text",
    "exported",
    "heading",
    "records_json",
    "records_text",
    "restored_json",
    "restored_text",
    "unreadable_json",
    "unreadable_text",
]

_TIP_DIGITS = 12

_HEAD: Words = (
    "{file}（{exchange}）：共 {records} 条记录，运行 {runs} 次",
    "{file} ({exchange}): {records} records of {runs} run(s)",
)
_USER: Words = (
    "用户 {user}：{records} 条记录，最后一条 {at}，链尾 {tip}",
    "user {user}: {records} records, the last of {at}, tip {tip}",
)
_FOLDED: Words = (
    "用户 {user}：其中前 {folded} 条（至 {at}）已折叠，仅保留其结果",
    "user {user}: the first {folded} of them, until {at}, were folded away; what they add up to is"
    " kept",
)
_NO_RECORD: Words = ("用户 {user}：没有记录", "user {user}: no records")
_DAMAGED: Words = (
    "用户 {user}：第 {record} 条记录有问题（{problem}），之前的 {sound} 条完好",
    "user {user}: DAMAGED, record {record} {problem}; the {sound} before it are sound",
)
_PROBLEMS: Mapping[str, Words] = {
    "is missing": ("缺失", "is missing"),
    "does not match its hash": ("与其哈希值不符", "does not match its hash"),
}
_SOUND: Words = ("日志完好。", "The journal is sound.")
_PARTLY: Words = (
    "日志有损坏：上述用户不会交易，其他用户照常。请停止程序后放回整个文件夹的完好副本。",
    "The journal is damaged: of these users nothing is traded, of the others it is. Put a sound"
    " copy of the whole folder back while alphabot is stopped.",
)
_RESTORED: Words = (
    "{file} 已成为交易日志；下次启动时用户 {users} 先与交易所比对：交易所有日志不知道的订单的用户"
    "不会交易，直到 alphabot clear。",
    "{file} is the journal now. At the next start user(s) {users} are compared with the exchange:"
    " who has orders there that it does not know trades nothing before alphabot clear.",
)
_KEPT: Words = ("原来的交易日志保存在 {kept}", "What it replaced is kept in {kept}")
_UNREADABLE: Words = ("日志不可用：{problem}", "The journal cannot be relied on: {problem}")


def as_text(file: Path, view: JournalView, language: Language) -> str:
    """Return what was found, a line for each user."""
    lines = [
        *heading(language, dry_run=view.dry_run),
        word(_HEAD, language).format(
            file=cells.name(file),
            exchange=cells.name(view.exchange),
            records=view.records,
            runs=view.runs,
        ),
    ]
    for user in view.users:
        if user.damage is not None:
            lines.append(damage_text(user, language))
        elif user.last_at_ms is None:
            lines.append(word(_NO_RECORD, language).format(user=user.user_id))
        else:
            lines.append(
                word(_USER, language).format(
                    user=user.user_id,
                    records=user.records,
                    at=cells.moment(user.last_at_ms),
                    tip=user.tip.hex()[:_TIP_DIGITS],
                )
            )
        if user.folded_at_ms is not None:
            at = cells.moment(user.folded_at_ms)
            said = word(_FOLDED, language)
            lines.append(said.format(user=user.user_id, folded=user.folded, at=at))
    lines.append(word(_PARTLY if view.damaged else _SOUND, language))
    return "\n".join(lines)


def damage_text(user: UserView, language: Language) -> str:
    """Return where a user's records stop fitting together."""
    if user.damage is None:
        raise ValueError(f"user {user.user_id} is sound")
    problem = cells.name(user.damage.problem)
    return word(_DAMAGED, language).format(
        user=user.user_id,
        record=user.damage.sequence,
        problem=word(_PROBLEMS.get(problem, (problem, problem)), language),
        sound=user.records,
    )


def restored_text(file: Path, done: Restoration, language: Language) -> str:
    """Return what was put back, and where what it replaced is."""
    users = ", ".join(map(str, done.users)) or "-"
    said = [word(_RESTORED, language).format(file=cells.name(file), users=users)]
    if done.kept is not None:
        said.append(word(_KEPT, language).format(kept=cells.name(done.kept)))
    return "\n".join(said)


def restored_json(file: Path, done: Restoration) -> str:
    """Return the same as JSON; ``kept`` is null where there was nothing."""
    kept = None if done.kept is None else str(done.kept)
    shown = {"file": str(file), "kept": kept, "users": list(done.users)}
    return json.dumps(shown, ensure_ascii=False)


def unreadable_text(problem: str, language: Language) -> str:
    """Return why nobody could rely on the journal."""
    return word(_UNREADABLE, language).format(problem=cells.name(problem))


def as_json(file: Path, view: JournalView) -> str:
    """Return what was found as JSON; times are milliseconds since 1970-01-01 UTC."""
    return json.dumps(
        {
            "file": str(file),
            "exchange": view.exchange,
            "sound": not view.damaged,
            "problem": None,
            "records": view.records,
            "runs": view.runs,
            "dry_run": view.dry_run,
            "users": [_user(user) for user in view.users],
        },
        ensure_ascii=False,
    )


def unreadable_json(file: Path, problem: str) -> str:
    """Return the same for a journal nobody could rely on."""
    unknown: dict[str, object] = {"exchange": None, "records": None, "runs": None, "users": []}
    return json.dumps(
        {"file": str(file), "sound": False, "problem": problem, **unknown}, ensure_ascii=False
    )


def heading(language: Language, *, dry_run: bool) -> list[str]:
    """Return what has to be known of every line that follows."""
    return [word(DRY_RUN, language)] if dry_run else []


def records_text(user: UserView, entries: Collection[Entry], language: Language) -> Iterator[str]:
    """Yield a line for each record, for each token they add up to, and for what ends them early."""
    for entry in entries:
        said = told(entry.record, language)
        yield f"{cells.moment(entry.record.at_ms, 'milliseconds')} #{entry.sequence} {said}"
    for token in tokens(user.state):
        yield ledger_line(token, language)
    if user.damage is not None:
        yield damage_text(user, language)
    elif not entries:
        yield word(_NO_RECORD, language).format(user=user.user_id)


def records_json(user: UserView, entries: Collection[Entry], *, dry_run: bool = False) -> str:
    """Return a user's records as JSON, the ledger they add up to, and what ends them too early."""
    added = {"entries": [_entry(entry) for entry in entries], "tokens": _tokens(user)}
    return json.dumps(_user(user) | added | {"dry_run": dry_run})


def exported(entry: Entry) -> bytes:
    """Return one line of an export; the record stands in it byte for byte as it was hashed."""
    return b'{"position":%d,"user":%d,"sequence":%d,"hash":"%s","record":%s}' % (
        entry.position,
        entry.user_id,
        entry.sequence,
        entry.hash.hex().encode(),
        entry.raw,
    )


def _user(user: UserView) -> dict[str, Any]:
    damage = user.damage
    return {
        "user": user.user_id,
        "records": user.records,
        "last_at_ms": user.last_at_ms,
        "tip": user.tip.hex(),
        "folded": user.folded,
        "folded_at_ms": user.folded_at_ms,
        "damage": damage and {"record": damage.sequence, "problem": damage.problem},
    }


def _tokens(user: UserView) -> list[dict[str, str]]:
    """Return what all records mean for each token; no price is known here."""
    return [
        {
            name: str(figure)
            for name, figure in msgspec.structs.asdict(token).items()
            if name != "bid"
        }
        for token in tokens(user.state)
    ]


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "position": entry.position,
        "sequence": entry.sequence,
        "hash": entry.hash.hex(),
        "record": json.loads(entry.raw),
    }
