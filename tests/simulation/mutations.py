"""Breaks the program on purpose, and counts the seeds until a world shows it.

``python -m tests.simulation.mutations [NAME ...]`` copies the package, changes a few characters,
and rehearses seed after seed until one of them fails. Nothing of it is part of the product. A
mutation that no seed catches says that the judge is blind somewhere, or the worlds too kind.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SEEDS_MAX = 600


@dataclass(frozen=True)
class Mutation:
    """A name for what is broken, and the texts to be changed: file, from, to."""

    name: str
    edits: tuple[tuple[str, str, str], ...]


def one(name: str, file: str, old: str, new: str) -> Mutation:
    return Mutation(name, ((file, old, new),))


RULES = "core/limit_rules.py"
MUTATIONS = (
    one(
        "an intent is not committed",
        "runtime/recorder.py",
        "committed = await self._journal.commit_intent(self.user_id, intended)",
        "committed = CommittedIntent(intended, 0)",
    ),
    one(
        "an unknown outcome counts as not sent",
        "runtime/placing.py",
        "        case NotSent():",
        "        case NotSent() | OutcomeUnknown():",
    ),
    one(
        "any refusal proves that nothing was done",
        "exchange/wire/envelope.py",
        "if code in REFUSED_CODES and not envelope.success:",
        "if not envelope.success:",
    ),
    one(
        "one reading proves absence",
        "core/reconcile.py",
        "return reads >= READS_MIN and seconds >= settle_seconds",
        "return reads >= 1",
    ),
    one(
        "absence is proven too early",
        "core/reconcile.py",
        "return reads >= READS_MIN and seconds >= settle_seconds",
        "return reads >= READS_MIN and seconds >= settle_seconds / 5",
    ),
    one(
        "open orders are not read",
        "runtime/reconcile.py",
        "    open_orders = await exchange.open_orders()",
        "    open_orders = ()",
    ),
    one(
        "fills that were not pushed do not count",
        "runtime/watch.py",
        "fills = order.fills if order.fills_complete else await self._all_fills(order)",
        "fills = order.fills or await self._all_fills(order)",
    ),
    one(
        "a fill pushed twice counts twice",
        "core/orders.py",
        "if report.fill is not None and all(fill.key != report.fill.key for fill in fills):",
        "if report.fill is not None:",
    ),
    one(
        "a fill counts by its limit, not by its price",
        "runtime/watch.py",
        "quote_usdt = sum((fill.quote_usdt for fill in fills), ZERO)",
        "quote_usdt = sum((fill.quantity * order.price for fill in fills), ZERO)",
    ),
    one(
        "the fee in the token is forgotten",
        "core/progress.py",
        "record.executed - record.fee_base, record.quote_usdt",
        "record.executed, record.quote_usdt",
    ),
    one(
        "a filled BUY credits what was ordered",
        "core/volume.py",
        'if intended.volume_basis == "filled":',
        'if intended.volume_basis == "none":',
    ),
    one(
        "the target is looked at too late",
        "core/goals.py",
        "return self.credited(progress, now_ms) >= self.target",
        "return self.credited(progress, now_ms) >= 2 * self.target",
    ),
    Mutation(
        "a stop is not heard",
        (
            (RULES, 'return "a stop was requested" if case.standing.stopping', "return None if 1"),
            ("runtime/seat.py", "intended.is_pair and stop.requested.is_set()", "False"),
            ("runtime/stop.py", "for scope in tuple(self._interruptible):", "for scope in ():"),
            ("runtime/stop.py", "-math.inf if self.requested.is_set() else math.inf", "math.inf"),
        ),
    ),
    Mutation(
        "the gate lets a BUY pass after a stop",
        (
            (RULES, 'return "a stop was requested" if case.standing.stopping', "return None if 1"),
            ("runtime/seat.py", "intended.is_pair and stop.requested.is_set()", "False"),
        ),
    ),
    Mutation(
        "a halt is not heard",
        (
            (RULES, "return case.standing.halted or None", "return None"),
            ("runtime/seat.py", "if reason := self._brake.reason():", 'if reason := "":'),
        ),
    ),
    Mutation(
        "a round under way when it is paused goes on to its BUY",
        (
            (RULES, "if case.standing.paused else None", "if False else None"),
            ("runtime/seat.py", "intended.is_pair and stop.paused", "False"),
        ),
    ),
    one(
        "a stop cuts no pause short",
        "runtime/stop.py",
        "for scope in tuple(self._interruptible):",
        "for scope in ():",
    ),
    one(
        "a lost login does not silence the account",
        "exchange/account.py",
        "self.silenced = self.silenced or str(refusal)\n            raise",
        "raise",
    ),
    one(
        "a latch does not outlive the process",
        "runtime/user.py",
        "        if latched is not None:",
        "        if latched is not None and False:",
    ),
    one(
        "the gate opens without a reading",
        "runtime/reconcile.py",
        "            await self.read()\n            self._router.reconciled(connection)",
        "            self._router.reconciled(connection)",
    ),
    one(
        "silence of the stream is believed",
        "runtime/watch.py",
        "POLL_SECONDS = 30.0",
        "POLL_SECONDS = 30_000.0",
    ),
    one(
        "rounds of an earlier run are not finished",
        "runtime/trade_loop.py",
        "for entry in self._desk.recorder.state.open_of(self.strategy.strategy_id):",
        "for entry in ():",
    ),
    one(
        "no limit on exposure",
        RULES,
        "after = case.standing.exposure_usdt + case.pair.amount_usdt",
        "after = case.pair.amount_usdt",
    ),
    one(
        "no limit on orders a minute",
        RULES,
        "count, most = case.standing.orders_last_minute, case.limits.max_orders_per_minute",
        "count, most = 0, case.limits.max_orders_per_minute",
    ),
    one(
        "no collar around the price",
        RULES,
        "if percent > case.limits.price_collar_percent:",
        "if percent > 1000:",
    ),
    Mutation(
        "two users may meet",
        (
            ("runtime/turnstile.py", "if not self._guard:", "if True:"),
            (RULES, "if not case.limits.self_trade_guard:", "if True:"),
        ),
    ),
    Mutation(
        "unsold tokens do not hold up a BUY",
        (
            (RULES, "tokens bought and not sold\" if held > 0", "tokens\" if held < 0"),
            ("runtime/leftovers.py", "        if holding.quantity <= 0:", "        if True:"),
        ),
    ),
    one(
        "an order of ours is claimed twice",
        "core/reconcile.py",
        "        if report.order_id not in claimed\n        and report.symbol",
        "        if report.symbol",
    ),
    one(
        "a stopped exit of a rule goes through",
        "runtime/asking_rules.py",
        "except (Exception, SystemExit, GeneratorExit) as cause:",
        "except Exception as cause:",
    ),
    one(
        "the multiplier of an intent is one",
        "runtime/intending.py",
        "        round_amount_usdt=strategy.single_trade_amount_usdt,\n"
        "        mul_point=instrument.token.mul_point,",
        "        round_amount_usdt=strategy.single_trade_amount_usdt,\n        mul_point=1,",
    ),
    one(
        "a late credit counts three times",
        "runtime/trade_loop.py",
        "intent_id=intent_id, credited=volume)",
        "intent_id=intent_id, credited=volume * 3)",
    ),
    one(
        "no limit on rounds",
        RULES,
        'rounds; reset re-arms" if count >= most',
        'rounds; reset re-arms" if False',
    ),
    one(
        "no limit on the loss of a day",
        RULES,
        'return None if worst <= most else f"could reach',
        'return None if True else f"could reach',
    ),
    Mutation(
        "pauses are not kept",
        (
            ("exchange/account.py", "self._pause.begin(refusal.retry_after_seconds)", "pass"),
            ("exchange/facts.py", "self._pause.begin(limited.retry_after_seconds)", "pass"),
        ),
    ),
    Mutation(
        "the ladder goes below its floor",
        (
            (
                "core/ladder.py",
                "    return max(floor, min(holding.tried, cost) -"
                " divide(cost - floor, Decimal(RUNGS)))",
                "    return min(holding.tried, cost) * Decimal('0.85')",
            ),
            (
                RULES,
                "if floor is None or isinstance(case.plan, PairPlan) or case.plan.price >= floor:",
                "if True:",
            ),
        ),
    ),
)  # fmt: skip


def broken_copy(mutation: Mutation, folder: Path) -> None:
    """Copy the package and break it; raises ValueError where the text is no longer there."""
    package = folder / "alphabot"
    shutil.copytree(ROOT / "alphabot", package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, old, new in mutation.edits:
        text = (package / name).read_text("utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{mutation.name}: {name} has this {text.count(old)} times: {old}")
        imports = ""
        if "OutcomeUnknown" in new and "OutcomeUnknown" not in text:
            imports = "from alphabot.errors import OutcomeUnknown\n"
        text = text.replace(old, new)
        head, mark, rest = text.partition("from __future__ import annotations\n")
        (package / name).write_text(head + mark + imports + rest, "utf-8")


def seeds_until_caught(mutation: Mutation, seeds: int, known: Sequence[int]) -> tuple[int, str]:
    """Return after how many seeds a mutation was caught and by what; 0 where it was not."""
    with tempfile.TemporaryDirectory() as place:
        broken_copy(mutation, Path(place))
        known_words = [word for seed in known for word in ("--known", str(seed))]
        done = subprocess.run(
            [
                *(sys.executable, "-m", "alphabot.rehearsal", "0", str(seeds)),
                *("--first-failure", "--partial", *known_words),
            ],
            cwd=place,
            env=os.environ | {"PYTHONPATH": place},
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
    for line in done.stdout.splitlines():
        if line.startswith("seed "):
            seed, _, what = line.removeprefix("seed ").partition(": ")
            return int(seed) + 1, what
    return (0, "") if done.returncode == 0 else (-1, done.stderr[-300:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--seeds", type=int, default=SEEDS_MAX)
    parser.add_argument("--known", type=int, action="append", default=[], help="fail unbroken too")
    asked = parser.parse_args()
    missed = 0
    for mutation in MUTATIONS:
        if asked.names and mutation.name not in asked.names:
            continue
        count, what = seeds_until_caught(mutation, asked.seeds, asked.known)
        missed += count <= 0
        sys.stdout.write(f"{mutation.name} | {count or 'not'} | {what[:150]}\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
