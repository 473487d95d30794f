"""What a person does about a world, so that one that is in order comes to its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alphabot.rehearsal.drawing import draw_profile
from alphabot.rehearsal.profile import Mode, Moment, Profile
from alphabot.rehearsal.run import Outcome, rehearse

FAULTS_END = 30.0


def plain(sell_profit: str = "10") -> Profile:
    """Return a world in liveness mode of one strategy and one user, without faults."""
    drawn = draw_profile(1, Mode.LIVENESS)
    limits = {"price_collar_percent": "20"}
    profile = replace(drawn, moments=(), kills=(), faults={}, limits=limits)
    strategy = replace(
        profile.strategies[0],
        user_ids=(1,),
        target_volume="60",
        on_sell_timeout="wait",
        pricing="percent_offset",
        sell_profit=sell_profit,
    )
    return replace(profile, strategies=(strategy,), faults_end_at=FAULTS_END)


def seconds_of(outcome: Outcome, what: str) -> list[float]:
    """Return when something happened in a world."""
    return [float(line.split()[0]) for line in outcome.trace if what in line]


def test_a_sale_that_opens_after_the_faults_is_closed_if_nobody_will_ever_buy() -> None:
    # Its BUY was on its way for a minute when the faults ended, and what waits in the strategy's
    # own way for a buyer has come to no end that would make a person look.
    profile = plain(sell_profit="-5")
    slow = profile.exchange | {"fill_delay_ms": (50_000, 50_000)}
    outcome = rehearse(replace(profile, faults={"sells never fill": 1.0}, exchange=slow))
    assert outcome.violations == []
    assert min(seconds_of(outcome, "buy.filled")) > FAULTS_END


@pytest.mark.parametrize("kind", ["orders halted", "rounds paused"])
def test_what_was_held_back_goes_on_when_the_faults_end(kind: str) -> None:
    moments = (Moment(FAULTS_END - 10, kind, 1),)
    outcome = rehearse(replace(plain(), faults={kind: 1.0}, moments=moments))
    assert outcome.violations == []
    placed = seconds_of(outcome, "pair.placed")
    assert [second for second in placed if abs(FAULTS_END - 5 - second) < 5] == []
    assert any(second < FAULTS_END - 10 for second in placed)
    assert any(FAULTS_END < second < FAULTS_END + 5 for second in placed)
