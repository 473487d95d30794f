"""Rules for every test.

1. Timed code runs under trio's virtual clock (the `autojump_clock` fixture); nothing sleeps
   for real.
2. Each test has a ceiling in real seconds, so that a deadlock is a failure of that test and not
   a run that never ends. `@pytest.mark.ceiling(SECONDS)` raises it for one test.
3. hypothesis draws the same examples on every run and every machine, and measures no time:
   a red run is a fact about the change, never about luck or load. `--hypothesis-profile=explore`
   draws new examples, for whoever goes looking for bugs.
4. Where two sides race, the test chooses who acts first.
"""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, settings

CEILING_SECONDS = 60

# too_slow measures the machine, not the code.
settings.register_profile(
    "house",
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", settings.get_profile("house"), derandomize=False)
settings.load_profile("house")


class Ceiling:
    """Fails a test that is still running at its ceiling, and says where its tasks wait."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        marker = item.get_closest_marker("ceiling")
        seconds = marker.args[0] if marker else CEILING_SECONDS
        found: list[str] = []

        def ring(_signal: int, frame: FrameType | None) -> None:
            if found:
                with contextlib.suppress(RuntimeError):  # no trio run
                    trio.lowlevel.current_trio_token().run_sync_soon(unshield)
            found.append("\n".join([place(frame), *map(whereabouts, tasks())]))
            # As Ctrl+C, which trio delivers to a task: an exception of our own, raised between two
            # tasks, would break its scheduler. The program under test may take the first for a
            # request to stop and the second for an order, so it is pressed until the test ends.
            signal.raise_signal(signal.SIGINT)

        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, seconds, 1)
        try:
            return (yield)
        except (KeyboardInterrupt, BaseExceptionGroup):
            if not found:
                raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if found:
                pytest.fail(f"still running after {seconds} s\n{found[0]}", pytrace=False)


def tasks() -> Iterator[trio.lowlevel.Task]:
    """Yield every task of the trio run that is under way, if one is."""
    with contextlib.suppress(RuntimeError):
        rest = [trio.lowlevel.current_root_task()]
        while rest:
            if task := rest.pop():
                rest += [child for nursery in task.child_nurseries for child in nursery.child_tasks]
                yield task


def place(frame: FrameType | None) -> str:
    """Return where a call is, unless it is inside the machinery."""
    if frame is None or frame.f_globals.get("__name__", "").startswith(("trio.", "pytest_trio.")):
        return ""
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_name}"


def whereabouts(task: trio.lowlevel.Task) -> str:
    """Return the name of a task and the calls that it is in."""
    calls = filter(None, (place(frame) for frame, _ in task.iter_await_frames()))
    return f"{task.name}: {' > '.join(calls)}"


def unshield() -> None:
    """Make every task cancellable, for a wait that is shielded would outlast any Ctrl+C."""
    for task in tasks():
        status: Any = task._cancel_status  # private, as there is no other way to a task's scopes
        while status is not None:
            status._scope.shield = False
            status = status._parent


def pytest_configure(config: pytest.Config) -> None:
    """Set the ceiling for every test; a hook of this file alone would leave out plugins/."""
    config.pluginmanager.register(Ceiling())
