"""What a doctor tells: one finding for each thing looked at, graded, and free of words.

The words, in both languages, are with the command that shows them; ``said`` names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Diagnosis", "Finding", "Grade", "fail", "ok", "warn"]


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """Worth a person's time; everybody is traded for all the same."""
    FAIL = "fail"
    """No run would start, or it would trade nothing for somebody whom the file names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing; ``about`` is which of several: a host, a user, a limit."""

    check: str
    said: str
    """The words: what was found, what was expected, and what to do."""
    grade: Grade
    about: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found, in the order in which a person should read it."""

    findings: Sequence[Finding]

    @property
    def would_start(self) -> bool:
        """Whether a run would start and trade for everybody, or goes on doing so."""
        return all(finding.grade is not Grade.FAIL for finding in self.findings)


def ok(said: str, about: str = "", /, **fields: object) -> Finding:
    """Return a finding that is as it should be; ``said`` begins with the name of the check."""
    return _finding(said, Grade.OK, about, fields)


def warn(said: str, about: str = "", /, **fields: object) -> Finding:
    """Return a finding that a person should look at."""
    return _finding(said, Grade.WARN, about, fields)


def fail(said: str, about: str = "", /, **fields: object) -> Finding:
    """Return a finding that keeps a run from starting, or somebody from trading."""
    return _finding(said, Grade.FAIL, about, fields)


def _finding(said: str, grade: Grade, about: str, fields: Mapping[str, object]) -> Finding:
    return Finding(said.partition(".")[0], said, grade, about, fields)
