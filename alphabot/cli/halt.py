"""``alphabot halt``: hold back every order at once, whatever else is broken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alphabot.cli.words import Words
    from alphabot.messages import Language
    from alphabot.runtime.halt import HaltFile

__all__ = ["halt"]

_HALTED: Words = (
    "已叫停：{path}\n任何用户的买单和卖单都不再发出，撤单和查询照常；已在交易所的订单不受影响。"
    "alphabot halt --lift 解除。",
    "Halted: {path}\nNo order of any user leaves, BUY or SELL; cancels and queries do, and orders"
    " that the exchange has already stay there. alphabot halt --lift ends it.",
)
_NOT_HALTED: Words = ("没有叫停，无需解除。", "Nothing is halted: nothing to lift.")
_WHY: Words = ("叫停原因：{reason}", "Halted: {reason}")
_QUESTION: Words = ("确认解除叫停？[y/N] ", "Lift the halt? [y/N] ")
_KEPT: Words = ("未解除，叫停仍然有效。", "Not lifted: the halt stays.")
_LIFTED: Words = ("叫停已解除。", "The halt is lifted.")
_BY_HAND = "alphabot halt"


def halt(
    *,
    reason: str = _BY_HAND,
    lift: bool = False,
    yes: bool = False,
    config: Path = Path("strategies.toml"),
) -> int:
    """Hold back every order of every user at once.

    Works while the service hangs, the database is broken or the configuration cannot be read, and
    outlives the service. Orders that the exchange has already are not cancelled.

    Parameters
    ----------
    reason
        Why; status and the log show it.
    lift
        End the halt instead, after asking.
    yes
        With --lift: do not ask; needed where there is no terminal to ask on.
    config
        The file the service was started with; only its folder is looked at.
    """
    from alphabot.cli.session import emit
    from alphabot.cli.words import word
    from alphabot.clocks import SystemClock
    from alphabot.errors import ConfigError
    from alphabot.runtime.halt import HaltFile, folder_beside

    folder = folder_beside(config)
    if not (config.exists() or folder.is_dir()):
        # A halt in the wrong folder would halt nothing, and look as if it did.
        raise ConfigError("neither this file nor a journal beside it is there", path=config)
    file = HaltFile(folder)
    if not lift:
        file.write(reason, SystemClock().now_ms())
        emit(word(_HALTED, _language(config)).format(path=file.path))
        return 0
    return _lift(file, _language(config), yes=yes)


def _lift(file: HaltFile, language: Language, *, yes: bool) -> int:
    import sys

    from alphabot.cli import cells
    from alphabot.cli.clear import agreed
    from alphabot.cli.session import emit
    from alphabot.cli.words import word
    from alphabot.errors import ConfigError

    found = file.read()
    if found is None:
        emit(word(_NOT_HALTED, language))
        return 0
    if not yes and not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on", hint="--yes lifts without asking")
    emit(word(_WHY, language).format(reason=cells.name(found.reason)))
    if not (yes or agreed(word(_QUESTION, language))):
        emit(word(_KEPT, language))
        return 1
    file.lift()
    emit(word(_LIFTED, language))
    return 0


def _language(config: Path) -> Language:
    """Return the language of a configuration, or English where it cannot be read."""
    from alphabot.config import load
    from alphabot.errors import ConfigError

    try:
        return load(config).language
    except ConfigError:
        return "en"
