"""The recorded samples, and what it means for an answer of ours to have their shape."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any

_SAMPLES = Path(__file__).parent.parent / "wire" / "samples"
_FIXED_POINT = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def sample(name: str) -> Any:
    """Return the payload of a recorded file."""
    return parse((_SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["body"]


def parse(text: str | bytes) -> Any:
    """Return JSON with its fractions exact."""
    return json.loads(text, parse_float=Decimal)


def differences(
    ours: Any, recorded: Any, *, nullable: Collection[str] = (), where: str = "$"
) -> list[str]:
    """Return where the shape of ours is not that of what was recorded.

    Objects must have the same keys, texts that are numbers must be fixed-point numbers, and all
    else the same JSON type. A row of a list need only be like one of the recorded rows; a list of
    lists is compared place by place. ``nullable`` names keys that may be null on either side.
    """
    if isinstance(recorded, dict) and isinstance(ours, dict):
        found = [f"{where}: keys {sorted(ours.keys() ^ recorded.keys())}"]
        found = found if ours.keys() != recorded.keys() else []
        for key in ours.keys() & recorded.keys():
            if key in nullable and (ours[key] is None or recorded[key] is None):
                continue
            found += differences(
                ours[key], recorded[key], nullable=nullable, where=f"{where}.{key}"
            )
        return found
    if isinstance(recorded, list) and isinstance(ours, list):
        return _list_differences(ours, recorded, nullable, where)
    if _kind(ours) != _kind(recorded):
        return [f"{where}: {_kind(ours)} {ours!r}, recorded {_kind(recorded)} {recorded!r}"]
    return []


def _list_differences(
    ours: list[Any], recorded: list[Any], nullable: Collection[str], where: str
) -> list[str]:
    if recorded and not isinstance(recorded[0], dict | list):
        # A row of values: each place has its own kind.
        if len(ours) != len(recorded):
            return [f"{where}: {len(ours)} values, recorded {len(recorded)}"]
        pairs = zip(ours, recorded, strict=True)
        return [f"{where}: {pair}" for pair in pairs if _kind(pair[0]) != _kind(pair[1])]
    found: list[str] = []
    for number, row in enumerate(ours):
        candidates = [
            differences(row, other, nullable=nullable, where=f"{where}[{number}]")
            for other in recorded
        ]
        if candidates:
            closest: list[str] = min(candidates, key=len)
            found += closest
    return found


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "number text" if _FIXED_POINT.fullmatch(value) else "text"
    return "number with fraction" if isinstance(value, Decimal) else type(value).__name__
