"""How long a start reads its journal, and how large that is, with old records folded away or not.

``python -m benchmarks.folding`` writes the journal of a user with 20,000 rounds, six hundred of
which are of the last three days, opens and replays it, folds it, and opens it again. In memory
where the system has such a place: it is the reading that is measured, not the disk.
"""

from __future__ import annotations

import sys
import time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from alphabot.core.days import DAY_MS
from alphabot.core.records import Intended, Leg, PlacedRecord, Settled
from alphabot.core.values import (
    AlphaId,
    IntentId,
    OrderId,
    OrderStatus,
    StrategyId,
    Symbol,
    UserId,
)
from alphabot.runtime.recorder import Recorder
from alphabot.store import EMBEDDED, SqliteJournal, open_journal
from alphabot.wiring.folding import fold_away

ROUNDS = 20_000
ROUNDS_A_DAY = 200
USER = UserId(1)
NOW_MS = 20_000 * DAY_MS + DAY_MS // 2
_MEMORY = Path("/dev/shm")


class _Clock:
    def now_ms(self) -> int:
        return NOW_MS


async def write(journal: SqliteJournal) -> None:
    """Write all rounds, the last of them now."""
    await trio.lowlevel.checkpoint()
    journal.users.ensure_simulated_user(USER)
    for number in range(ROUNDS):
        at_ms = NOW_MS - (ROUNDS - number) * DAY_MS // ROUNDS_A_DAY
        intent_id = IntentId(f"1-{number + 1}")
        buy, sell = OrderId(f"{10**7 + 2 * number}"), OrderId(f"{10**7 + 2 * number + 1}")
        intended = Intended(
            at_ms=at_ms,
            intent_id=intent_id,
            strategy_id=StrategyId("koge"),
            alpha_id=AlphaId("ALPHA_22"),
            symbol=Symbol("ALPHA_22USDT"),
            quantity=Decimal("13636.36"),
            buy_price=Decimal("0.0022"),
            sell_price=Decimal("0.00198"),
            amount_usdt=Decimal("29.99999200"),
            round_amount_usdt=Decimal(30),
        )
        await journal.commit_intent(USER, intended)
        placed = PlacedRecord(
            at_ms=at_ms, intent_id=intent_id, working_order_id=buy, sell_order_id=sell
        )
        await journal.append(USER, placed)
        for leg, order_id in ((Leg.WORKING, buy), (Leg.PENDING, sell)):
            end = Settled(
                at_ms=at_ms,
                intent_id=intent_id,
                leg=leg,
                order_id=order_id,
                status=OrderStatus.FILLED,
                executed=Decimal("13636.36"),
                quote_usdt=Decimal("27.27272"),
                fee_base=Decimal(0),
                fee_quote_usdt=Decimal(0),
                filled_at_ms=at_ms,
            )
            await journal.append(USER, end)


async def measure(folder: Path) -> None:
    """Print size and time of a start before and after."""
    with open_journal(folder, EMBEDDED, fresh=True, clock=_Clock()) as journal:
        await write(journal)
    for said in ("whole", "being folded", "folded"):
        size = (folder / "simulated.db").stat().st_size
        began = time.perf_counter()
        with open_journal(folder, EMBEDDED, fresh=False, clock=_Clock()) as journal:
            if said == "being folded":
                await fold_away(journal, NOW_MS)
            recorder = Recorder(journal, USER, _Clock())
            await recorder.replay()
            seconds = time.perf_counter() - began
        sys.stdout.write(f"{said}: {size} bytes, {seconds:.3f} s\n")


if __name__ == "__main__":
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        trio.run(measure, Path(name) / "state")
