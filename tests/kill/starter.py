"""Starts the program again and again without loading it anew: ``python -m tests.kill.starter FD``.

For each line of standard input, which is JSON with a folder and arguments, a child is forked that
is the program: same code, same standard streams, a process of its own. Its number, and how it
ended, go to the file descriptor FD. Loading everything takes longer than all the rest of a short
life, so that many more of them can be tried; that the real program starts is seen elsewhere.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 - loaded by the first name that is looked up
import importlib
import json
import os
import pkgutil
import sys

import alphabot
from alphabot.__main__ import main


def load_everything() -> None:
    """Load what any command would load: a child that is another user may not read the code."""
    for module in pkgutil.walk_packages(alphabot.__path__, "alphabot."):
        importlib.import_module(module.name)


def serve(channel: int) -> None:
    """Start a child for each line, one after another."""
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            os.close(channel)
            os.chdir(request["folder"])
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            if request["user"] is not None:
                os.setgroups([])
                os.setgid(request["user"])
                os.setuid(request["user"])
            os._exit(_run(request["arguments"]))
        os.write(channel, b"%d\n" % child)
        _, status = os.waitpid(child, 0)
        os.write(channel, b"%d\n" % os.waitstatus_to_exitcode(status))


def _run(arguments: list[str]) -> int:
    code = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    load_everything()
    serve(int(sys.argv[1]))
