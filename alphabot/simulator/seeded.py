"""Numbers that follow from a seed and a name, not from who asked first.

A shared random generator would give every caller a different number as soon as one more caller
asks before it. Here each draw is named by what it is for (an order's delay, a step's quotes), so
the same seed gives the same market whoever looks and whenever.
"""

from __future__ import annotations

import hashlib
import random

__all__ = ["chance", "draw", "draw_between", "draw_hex", "generator"]


def draw(seed: int, *name: object) -> int:
    """Return the 64-bit number that belongs to this name."""
    return int.from_bytes(_digest(seed, name, 8), "big")


def draw_between(low: int, high: int, seed: int, *name: object) -> int:
    """Return a whole number from low to high, both included."""
    return low + draw(seed, *name) % (high - low + 1)


def chance(percent: int, seed: int, *name: object) -> bool:
    """Tell whether this one of a hundred falls under ``percent``."""
    return draw(seed, *name) % 100 < percent


def draw_hex(seed: int, *name: object) -> str:
    """Return 32 lower-case hex digits, the form of keys and client order ids."""
    return _digest(seed, name, 16).hex()


def generator(seed: int, *name: object) -> random.Random:
    """Return a generator of its own for what needs many numbers at once."""
    return random.Random(draw(seed, *name))


def _digest(seed: int, name: tuple[object, ...], size: int) -> bytes:
    text = "/".join(map(str, (seed, *name)))
    return hashlib.blake2b(text.encode(), digest_size=size).digest()
