"""``alphabot doctor``: whether a run would start here, looked at without disturbing one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alphabot.runtime.status import Status

__all__ = ["doctor"]


async def doctor(
    *, config: Path = Path("strategies.toml"), seed: int = 1, json: bool = False
) -> int:
    """Look at everything that a run needs, and say what to do about what is not as it should be.

    One line a finding: ok, warn or FAIL. Beside a running service nothing is disturbed: the
    database is only read, and what the service knows it is asked for. The exchange is asked public
    questions and, where no service runs, once for each user's wallet (in live mode with the sealed
    session, as users check does); nothing is ordered. The embedded exchange is not started.

    Exit code 0 if a run would start and trade for everybody whom the file names, or is doing so;
    1 if something failed; 2 if the file cannot be used.

    Parameters
    ----------
    config
        The file that says what to trade.
    seed
        That of a simulated exchange in another process.
    json
        Print the findings as JSON.
    """
    from alphabot.cli.asking import asked, ready
    from alphabot.cli.doctor_text import as_json, as_text
    from alphabot.cli.session import emit
    from alphabot.log import configure
    from alphabot.runtime.control import Request
    from alphabot.wiring.doctor import examine
    from alphabot.wiring.undumpable import forbid_dumps

    settings = ready(config)
    # What would be logged on the way is among the findings.
    configure(settings.language, sink=lambda line: None)
    if settings.live:
        forbid_dumps()

    def ask_service() -> Status | None:
        reply = asked(settings, Request(command="status"))
        return None if reply is None else reply.status

    found = await examine(settings, ask_service, seed)
    emit(as_json(found, settings.language) if json else as_text(found, settings.language))
    return 0 if found.would_start else 1
