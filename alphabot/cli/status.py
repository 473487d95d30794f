"""``alphabot status``: what everyone does, what they wait for, and how much the limits leave."""

from __future__ import annotations

from pathlib import Path

from alphabot.errors import ControlError

__all__ = ["status"]

_AT_REST_OPEN = 3


def status(*, config: Path = Path("strategies.toml"), json: bool = False) -> int:
    """Show what each user and strategy does, waits for and may still do.

    Without a running service it shows what the journal says: the last known progress, and what is
    open. The exit code is then 3 if anything waits for another run or for a person.

    Parameters
    ----------
    config
        The file that the service was started with.
    json
        Print everything as JSON; amounts are text, in USDT.
    """
    import msgspec
    import trio

    from alphabot import wiring
    from alphabot.cli.asking import asked, ready
    from alphabot.cli.session import emit
    from alphabot.cli.status_text import as_text
    from alphabot.runtime.control import Request
    from alphabot.runtime.status import is_open

    settings = ready(config)
    reply = asked(settings, Request(command="status"))
    found = trio.run(wiring.last_known, settings) if reply is None else reply.status
    if found is None:
        raise ControlError(f"the service cannot describe itself: {reply.detail if reply else ''}")
    emit(msgspec.json.encode(found).decode() if json else as_text(found, settings.language))
    return _AT_REST_OPEN if not found.running and is_open(found) else 0
