"""What all records have in common."""

from __future__ import annotations

from decimal import Decimal

import msgspec

__all__ = ["RecordBase"]


class RecordBase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all records; a float in any field is refused at construction."""

    at_ms: int

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, float):
                raise TypeError(f"{type(self).__name__}.{name}: a float was refused")
            if isinstance(value, Decimal) and not value.is_finite():
                raise ValueError(f"{type(self).__name__}.{name}: must be finite, was {value}")
