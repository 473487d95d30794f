"""``python -m alphabot``: the entry point, and the last boundary an error can reach."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from cyclopts import CycloptsError

from alphabot.cli.app import app
from alphabot.errors import AlphabotError, ConfigError, PluginError

__all__ = ["main"]

_DONE, _FAILED, _BAD_INPUT, _INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # Before anything writes: databases, sockets and reports are nobody else's business.
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal without Chinese gets codes, not a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        return app(sys.argv[1:] if arguments is None else arguments) or _DONE
    except CycloptsError as error:
        _complain(" ".join(str(error).split()))
        return _BAD_INPUT
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - this is the last boundary
        return _report(error)


def _report(error: BaseException) -> int:
    """Tell what ended the program and return the exit code that says so."""
    leaves = list(_leaves(error))
    if all(isinstance(leaf, KeyboardInterrupt) for leaf in leaves):
        return _INTERRUPTED
    if all(isinstance(leaf, AlphabotError) for leaf in leaves):
        for leaf in leaves:
            _complain(str(leaf))
        bad_input = all(isinstance(leaf, ConfigError | PluginError) for leaf in leaves)
        return _BAD_INPUT if bad_input else _FAILED
    from alphabot.log import say_exception

    say_exception("program.failed", error)
    return _FAILED


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Return what a nursery has wrapped, however deep."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _complain(text: str) -> None:
    from alphabot.log import LineWriter, harmless, redact

    LineWriter(lambda: sys.stderr)(harmless(redact(text)))


if __name__ == "__main__":
    sys.exit(main())
