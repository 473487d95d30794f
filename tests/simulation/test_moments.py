"""What happens at a moment ends with the faults, also where both fall into the same instant."""

from __future__ import annotations

from dataclasses import replace

from alphabot.rehearsal.drawing import draw_profile
from alphabot.rehearsal.profile import Mode, Moment
from alphabot.rehearsal.run import rehearse

END = 5.0
"""Seconds; no world is done so soon."""


def test_a_moment_at_the_end_of_the_faults_does_not_outlive_them() -> None:
    # After a stall everything that was due wakes together, in any order, with what ends the
    # faults among it. A clock that is set wrong after that stays wrong for good.
    kind = "clock an hour ahead"
    drawn = draw_profile(1, Mode.LIVENESS)
    for seed in range(3):
        profile = replace(
            drawn,
            seed=seed,
            faults={kind: 8.0},
            moments=tuple(Moment(END, kind, 1) for _ in range(8)),
            faults_end_at=END,
        )
        outcome = rehearse(profile)
        assert outcome.ended_at > END
        assert outcome.violations == []
