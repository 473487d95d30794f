"""A diagnosis in words of both languages and as JSON; one line a finding, to be searched for.

Names and reasons come from outside: they are shown as text, never as markup.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from alphabot.cli import cells
from alphabot.cli.doctor_words import CHECKS, OTHERWISE, SAID, SUMMARY, Said
from alphabot.cli.words import word
from alphabot.log import redact
from alphabot.messages import Language
from alphabot.wiring.doctor import Diagnosis, Finding, Grade

__all__ = ["as_json", "as_text"]

_MARKS = {Grade.OK: "ok  ", Grade.WARN: "warn", Grade.FAIL: "FAIL"}


def as_text(found: Diagnosis, language: Language) -> str:
    """Return a line for each finding, and what follows from all of them."""
    lines = [_line(finding, language) for finding in found.findings]
    counts = Counter(finding.grade for finding in found.findings)
    summary = word(SUMMARY["good" if found.would_start else "bad"], language)
    told = summary.format(warn=counts[Grade.WARN], fail=counts[Grade.FAIL])
    return "\n".join([*lines, "", told])


def as_json(found: Diagnosis, language: Language) -> str:
    """Return the findings as one JSON object on one line, in plain ASCII."""
    return json.dumps(
        {
            "would_start": found.would_start,
            "findings": [
                {
                    "check": finding.check,
                    "about": finding.about,
                    "grade": finding.grade,
                    "said": finding.said,
                    **dict(zip(("found", "expected", "do"), _told(finding, language), strict=True)),
                    "fields": {name: _shown(value) for name, value in finding.fields.items()},
                }
                for finding in found.findings
            ],
        }
    )


def _line(finding: Finding, language: Language) -> str:
    check = word(CHECKS[finding.check], language)
    about = f" {cells.name(finding.about)}" if finding.about else ""
    return f"{_MARKS[finding.grade]}  {check}{about}: {_sentence(finding, language)}"


def _sentence(finding: Finding, language: Language) -> str:
    """Return what was found, and where that is not well what was expected and what to do."""
    parts = [part for part in _told(finding, language) if part]
    return ("；" if language == "zh" else "; ").join(parts)


def _told(finding: Finding, language: Language) -> Iterator[str]:
    fields = {name: _shown(value) for name, value in finding.fields.items()}
    fields["about"] = _shown(finding.about)
    for words in _words(finding):
        yield word(words, language).format(**fields)


def _words(finding: Finding) -> Said:
    return SAID.get(finding.said) or OTHERWISE[finding.said.partition(".")[2]]


def _shown(value: object) -> str:
    return cells.name(redact(str(value)))
