"""The limits: for each the guard that enforces it, and how much of it is left at this moment.

Which limits there are, the settings say; which guard holds each, the gate's own two tables. So a
limit without a guard, or a guard that lost its limit, cannot be left out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from alphabot.core.exact import ZERO, plain, round_half_up
from alphabot.core.limit_values import Limits
from alphabot.core.limits import BUY_RULES, SELL_RULES, Remedy, Rule
from alphabot.core.values import StrategyId, UserId
from alphabot.runtime.status import LimitStatus, Status
from alphabot.wiring.doctor.findings import Finding, fail, ok, warn

__all__ = ["Measured", "Own", "Used", "judge_limits", "used_of"]

Measured = Mapping[tuple[UserId, StrategyId], Mapping[str, Decimal]]
"""By user and strategy: what the next round would measure, by the limits it is judged by."""
Own = Mapping[UserId, Mapping[str, Any]]
"""By user: the limits that are this user's alone, in place of those for everybody."""

Tables = Mapping[str, Sequence[Rule]]
"""The gate's rules, by the side of the order that has to pass them."""

GATE: Tables = {"BUY": BUY_RULES, "SELL": SELL_RULES}


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a limit is used, and by whom, as user/strategy; ``*`` is all of them."""

    user_id: UserId | None
    """None: all of them together."""
    holder: str
    used: Decimal
    counted: bool = True
    """Whether it grows with each order; what is measured of a single round may reach its limit."""

    def left(self, most: Decimal) -> Decimal:
        """Return what is left of the limit for it, less than nothing if it is exceeded."""
        return most - self.used

    def exhausted(self, most: Decimal) -> bool:
        """Whether the gate would refuse the next BUY for it."""
        return self.left(most) <= 0 if self.counted else self.left(most) < 0


def used_of(status: Status | None, measured: Measured) -> Mapping[str, Sequence[Used]]:
    """Return what is used of each limit, by its name.

    Of what is counted, by whoever keeps count: a running service, or its journal; ``measured`` is
    what the next round of each strategy would measure.
    """
    found: dict[str, list[Used]] = {}

    def count(user_id: UserId | None, holder: str, statuses: Sequence[LimitStatus]) -> None:
        for each in statuses:
            found.setdefault(each.name, []).append(Used(user_id, holder, each.used))

    if status is not None:
        count(None, "*", status.limits)
        for user in status.users:
            user_id = UserId(user.user_id)
            count(user_id, f"{user_id}/*", user.limits)
            for strategy in user.strategies:
                count(user_id, f"{user_id}/{strategy.strategy_id}", strategy.limits)
    for (user_id, strategy_id), figures in measured.items():
        for name, figure in figures.items():
            used = Used(user_id, f"{user_id}/{strategy_id}", figure, counted=False)
            found.setdefault(name, []).append(used)
    return found


def judge_limits(
    limits: Limits,
    used: Mapping[str, Sequence[Used]],
    own: Own = MappingProxyType({}),
    tables: Tables = GATE,
) -> Iterator[Finding]:
    """Yield one finding for each limit there is; of several holders, the one with least left.

    A limit of a user's own is one more, of what that user holds.
    """
    for limit in fields(limits):
        name = limit.name
        guards = [
            (side, rule) for side, rules in tables.items() for rule in rules if rule.name == name
        ]
        if not guards:
            yield fail("limit.unguarded", name)
            continue
        owners = {user_id: figures[name] for user_id, figures in own.items() if name in figures}
        shared = [each for each in used.get(name, ()) if each.user_id not in owners]
        yield _judged(name, getattr(limits, name), guards, shared)
        for user_id, most in owners.items():
            theirs = [each for each in used.get(name, ()) if each.user_id in (None, user_id)]
            finding = _judged(name, most, guards, theirs)
            yield replace(finding, about=f"users.{user_id}.limits.{name}")


def _judged(
    name: str, most: Any, guards: Sequence[tuple[str, Rule]], used: Sequence[Used]
) -> Finding:
    sides = ", ".join(f"{side} {rule.remedy.name}" for side, rule in guards)
    # The function of core/limit_rules.py, so that one finds what it says.
    guard = f"{getattr(guards[0][1].check, '__name__', name)}: {sides}"
    if most is False:
        return warn("limit.off", name, guard=guard)
    if most is True:
        return ok("limit.on", name, guard=guard)
    most = Decimal(str(most))
    figures: dict[str, object] = {"guard": guard, "most": plain(most)}
    if not used:
        return ok("limit.each", name, **figures)
    # Whoever is refused first; among equals, whoever has least left.
    tightest = min(used, key=lambda each: (not each.exhausted(most), each.left(most)))
    figures |= {
        "used": plain(round_half_up(tightest.used, 2)),
        "headroom": plain(round_half_up(max(tightest.left(most), ZERO), 2)),
        "holder": tightest.holder,
    }
    if not tightest.exhausted(most):
        return ok("limit.ok", name, **figures)
    ends = any(rule.remedy is Remedy.END for _, rule in guards)
    return fail("limit.ended", name, **figures) if ends else warn("limit.held", name, **figures)
