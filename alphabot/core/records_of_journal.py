"""Records about the journal itself: put back from a copy, or folded away."""

from __future__ import annotations

from alphabot.core.record_base import RecordBase

__all__ = ["Checkpointed", "Folded", "Restored"]


class Restored(RecordBase, frozen=True, tag="restored"):
    """The database was put back from a copy, which ended at ``known_until_ms``.

    What was traded after that moment is not in these records, whatever they say of later.
    """

    known_until_ms: int


class Folded(RecordBase, frozen=True, tag="folded"):
    """The records up to number ``through`` were folded into a checkpoint; changes nothing.

    ``digest`` is the SHA-256 of the checkpoint, in hexadecimal digits: so it is in the chain.
    """

    through: int
    digest: str


class Checkpointed(RecordBase, frozen=True, tag="checkpointed"):
    """What the records up to number ``sequence`` add up to, in their place; never in the chain.

    ``at_ms`` is of the last of them that something happened in. ``state`` is JSON text, see
    :mod:`alphabot.core.checkpoint`.
    """

    sequence: int
    state: str
