"""Errors of ours without the groups that nurseries put around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alphabot.errors import AlphabotError

__all__ = ["unwrapped"]


@contextmanager
def unwrapped() -> Iterator[None]:
    """Raise the first of our own errors in place of a group that holds nothing else.

    A group in which there is also another error, which is a bug, stays as it is.
    """
    try:
        yield
    except ExceptionGroup as group:
        ours, others = group.split(AlphabotError)
        if ours is None or others is not None:
            raise
        raise _first(ours) from None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
