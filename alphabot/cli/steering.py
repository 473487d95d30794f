"""What pause, resume, drain and stop have in common: whom they mean, and how they tell it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from alphabot.cli.words import Words

__all__ = ["steer"]

_DONE: dict[str, Words] = {
    "pause": (
        "已暂停：{meant}。不再开始新的一轮，进行中的一轮会走完；alphabot resume 或进程结束后恢复。",
        "Paused: {meant}. No new round begins, the one under way goes on; until alphabot resume,"
        " or until the process ends.",
    ),
    "resume": ("已恢复：{meant}。", "Resumed: {meant}."),
    "drain": (
        "将在当前一轮走完后结束（不限时间）：{meant}。此前已要求停止的仍按其期限结束。",
        "Ending once the round under way is over, however long it takes: {meant}. What was told to"
        " stop before still ends by its deadline.",
    ),
    "stop": (
        "正在停止：{meant}。进行中的一轮最多再走 {grace} 秒。",
        "Stopping: {meant}. The round under way may take {grace} s more.",
    ),
}

_ENDED: Words = (
    "早已结束，仅在 alphabot clear 之后生效：{ended}。",
    "Ended before, so it holds only for what alphabot clear lets start anew: {ended}.",
)


def steer(
    command: Literal["pause", "resume", "drain", "stop"],
    user: int | None,
    strategy: str | None,
    config: Path,
) -> int:
    """Ask the running service for something and tell whom it was done for."""
    from alphabot.cli.asking import ask, ready
    from alphabot.cli.session import emit
    from alphabot.cli.words import word
    from alphabot.runtime.control import Request

    settings = ready(config)
    reply = ask(settings, Request(command=command, user=user, strategy=strategy))
    if reply.meant:
        done = word(_DONE[command], settings.language)
        emit(done.format(meant=_named(reply.meant), grace=f"{settings.grace_seconds:g}"))
    if reply.ended:
        emit(word(_ENDED, settings.language).format(ended=_named(reply.ended)))
    return 0 if reply.meant else 1


def _named(meant: Sequence[tuple[int, str]]) -> str:
    from alphabot.cli import cells

    return ", ".join(f"{user}/{cells.name(strategy)}" for user, strategy in meant)
