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

import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
import trio
from hypothesis import HealthCheck, settings

CEILING_SECONDS = 60
RINGS_MAX = 5

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
        rings: list[str] = []

        def ring(_signal: int, _frame: FrameType | None) -> None:
            rings.append("\n".join(waiting_tasks()))
            if len(rings) < RINGS_MAX:
                # As Ctrl+C, which trio delivers to a task. A program under test may take the first
                # for a request to stop, and the second for an order.
                signal.raise_signal(signal.SIGINT)
            else:
                # Breaks trio's scheduler, but nothing less ends a wait that is shielded.
                raise pytest.fail.Exception("would not stop")

        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, seconds, 1)
        try:
            return (yield)
        except (KeyboardInterrupt, BaseExceptionGroup, trio.TrioInternalError):
            if not rings:
                raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if rings:
                pytest.fail(f"still running after {seconds} s\n{rings[0]}", pytrace=False)


def waiting_tasks() -> Iterator[str]:
    """Yield a line for each task of the trio run that is under way: its name and where it is."""
    try:
        tasks = [trio.lowlevel.current_root_task()]
    except RuntimeError:
        return
    while tasks:
        if task := tasks.pop():
            tasks += [child for nursery in task.child_nurseries for child in nursery.child_tasks]
            calls = [
                f"{Path(frame.f_code.co_filename).name}:{line} {frame.f_code.co_name}"
                for frame, line in task.iter_await_frames()
            ]
            yield f"{task.name}: {' > '.join(calls)}"


def pytest_configure(config: pytest.Config) -> None:
    """Set the ceiling for every test; a hook of this file alone would leave out plugins/."""
    config.pluginmanager.register(Ceiling())
