"""A sweep's results, kept in a file world by world, so that a long one may be interrupted.

They count only together with those of the same program: the file names a digest of its sources,
and what another program came to is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

import alphabot
from alphabot.rehearsal.counters import Counters
from alphabot.rehearsal.sweep import Result

__all__ = ["KeptResults", "digest_of_program"]


class _Heading(msgspec.Struct, frozen=True):
    program: str


def digest_of_program(root: Path = Path(alphabot.__file__).parent) -> str:
    """Return a digest of everything that a world is made of and judged by, as hexadecimal text."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(hashlib.sha256(str(path.relative_to(root)).encode()).digest())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class KeptResults:
    """Results in a file, one line each below a heading.

    Raises ValueError for the file of another program, or one that holds no results.
    """

    def __init__(self, path: Path, program: str) -> None:
        self._path = path
        self._program = program
        self._whole = 0
        """How many bytes hold whole lines: the last one may have been cut off."""
        self.known = dict(self._read())
        """The results that are there already, by seed."""

    def add(self, result: Result) -> None:
        """Keep one more."""
        self._write(result)

    def _read(self) -> Iterator[tuple[int, Result]]:
        raw = self._path.read_bytes() if self._path.exists() else b""
        self._whole = raw.rfind(b"\n") + 1
        lines = raw[: self._whole].splitlines()
        if not lines:
            self._write(_Heading(self._program))
            return
        try:
            if msgspec.json.decode(lines[0], type=_Heading).program != self._program:
                raise ValueError(f"{self._path}: results of another program")
            for each in lines[1:]:
                result = msgspec.json.decode(each, type=Result, dec_hook=_counters)
                yield result.seed, result
        except msgspec.MsgspecError as cause:
            raise ValueError(f"{self._path}: no results of a sweep: {cause}") from cause

    def _write(self, line: _Heading | Result) -> None:
        with self._path.open("r+b" if self._path.exists() else "xb") as file:
            file.seek(self._whole)
            file.truncate()
            self._whole += file.write(msgspec.json.encode(line, enc_hook=_counts) + b"\n")


def _counts(counters: Any) -> list[tuple[str, str, int]]:
    """Return counters as JSON can hold them; nothing else of a result needs that."""
    return [(category, name, times) for (category, name), times in counters.counts.items()]


def _counters(_kind: type, counts: list[tuple[str, str, int]]) -> Counters:
    counters = Counters()
    for each in counts:
        counters.add(*each)
    return counters
