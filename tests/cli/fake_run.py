"""A run in a process of its own that trades nothing: `python -m tests.cli.fake_run SECONDS`.

It reaches its target after that time, or ends when it is told to stop, as a service would.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import trio

from alphabot.cli.session import conduct
from alphabot.log import say
from alphabot.runtime.board import Board, Ending, State
from alphabot.runtime.stop import Stop
from tests.cli.boards import row


@dataclass
class Summary:
    """How the fake run ended."""

    failed: bool = False


async def trade(seconds: float, stop: Stop, board: Board) -> Summary:
    """Pretend; a stop leaves the second of the two strategies open."""
    board.rows += [row(1), row(2)]
    say("strategy.started", strategy_id="fake")
    with stop.interruptible() as scope:
        for line in board.rows:
            line.state, line.waiting_until = State.WAITING_SELL, trio.current_time() + seconds
        await trio.sleep(seconds)
    for line in board.rows:
        line.state, line.ending = State.ENDED, Ending.REACHED
    if scope.cancelled_caught:
        board.rows[0].ending, board.rows[1].ending = Ending.STOPPED, Ending.OPEN
    if stop.forced:
        board.rows[0].ending = Ending.OPEN
    say("strategy.stopped", strategy_id="fake")
    return Summary()


async def main() -> int:
    """Conduct the fake run with the arguments of the process."""
    board, stop = Board(), Stop(grace_seconds=5)

    async def pretend() -> Summary:
        return await trade(float(sys.argv[1]), stop, board)

    return await conduct(pretend, board=board, stop=stop, language="en", json="--json" in sys.argv)


if __name__ == "__main__":
    sys.exit(trio.run(main))
