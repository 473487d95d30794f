"""The limits: for each the guard that enforces it, and how much of it is left at this moment.

Which limits there are, the settings say; which guard holds each, the gate's own two tables. So a
limit without a guard, or a guard that lost its limit, cannot be left out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from alphabot.core.exact import ZERO, plain, round_half_up
from alphabot.core.limit_values import Limits
from alphabot.core.limits import BUY_RULES, SELL_RULES, Remedy, Rule
from alphabot.runtime.status import LimitStatus, Status
from alphabot.wiring.doctor.findings import Finding, fail, ok, warn

__all__ = ["Used", "judge_limits", "used_of"]

Tables = Mapping[str, Sequence[Rule]]
"""The gate's rules, by the side of the order that has to pass them."""

GATE: Tables = {"BUY": BUY_RULES, "SELL": SELL_RULES}


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a limit is used, and by whom, as user/strategy; ``*`` is all of them."""

    holder: str
    used: Decimal
    headroom: Decimal
    exhausted: bool
    """Whether the gate would refuse the next BUY for it."""


def used_of(
    status: Status | None, measured: Mapping[str, Mapping[str, Decimal]], limits: Limits
) -> Mapping[str, Sequence[Used]]:
    """Return what is used of each limit, by its name.

    Of what is counted, by whoever keeps count: a running service, or its journal; ``measured`` is
    what the next round of each strategy would measure.
    """
    found: dict[str, list[Used]] = {}

    def count(holder: str, statuses: Sequence[LimitStatus]) -> None:
        for each in statuses:
            used = Used(holder, each.used, each.headroom, each.headroom <= 0)
            found.setdefault(each.name, []).append(used)

    if status is not None:
        count("*", status.limits)
        for user in status.users:
            count(f"{user.user_id}/*", user.limits)
            for strategy in user.strategies:
                count(f"{user.user_id}/{strategy.strategy_id}", strategy.limits)
    for strategy_id, figures in measured.items():
        for name, figure in figures.items():
            left = Decimal(str(getattr(limits, name))) - figure
            used = Used(f"*/{strategy_id}", figure, max(left, ZERO), left < 0)
            found.setdefault(name, []).append(used)
    return found


def judge_limits(
    limits: Limits, used: Mapping[str, Sequence[Used]], tables: Tables = GATE
) -> Iterator[Finding]:
    """Yield one finding for each limit there is; of several holders, the one with least left."""
    for limit in fields(limits):
        guards = [
            (side, rule)
            for side, rules in tables.items()
            for rule in rules
            if rule.name == limit.name
        ]
        if guards:
            yield _judged(limit.name, limits, guards, used.get(limit.name, ()))
        else:
            yield fail("limit.unguarded", limit.name)


def _judged(
    name: str, limits: Limits, guards: Sequence[tuple[str, Rule]], used: Sequence[Used]
) -> Finding:
    most = getattr(limits, name)
    sides = ", ".join(f"{side} {rule.remedy.name}" for side, rule in guards)
    # The function of core/limit_rules.py, so that one finds what it says.
    guard = f"{getattr(guards[0][1].check, '__name__', name)}: {sides}"
    if most is False:
        return warn("limit.off", name, guard=guard)
    if most is True:
        return ok("limit.on", name, guard=guard)
    figures: dict[str, object] = {"guard": guard, "most": plain(Decimal(str(most)))}
    if not used:
        return ok("limit.each", name, **figures)
    # Whoever is refused first; among equals, whoever has least left.
    tightest = min(used, key=lambda each: (not each.exhausted, each.headroom))
    figures |= {
        "used": plain(round_half_up(tightest.used, 2)),
        "headroom": plain(round_half_up(tightest.headroom, 2)),
        "holder": tightest.holder,
    }
    if not tightest.exhausted:
        return ok("limit.ok", name, **figures)
    ends = any(rule.remedy is Remedy.END for _, rule in guards)
    return fail("limit.ended", name, **figures) if ends else warn("limit.held", name, **figures)
