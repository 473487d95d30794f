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
from types import FrameType

import pytest
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that is still running at its ceiling."""
    marker = item.get_closest_marker("ceiling")
    seconds = marker.args[0] if marker else CEILING_SECONDS
    rang = False

    def ring(_signal: int, _frame: FrameType | None) -> None:
        # As Ctrl+C: trio delivers that to a task, where an exception of our own, raised
        # between two tasks, would break its scheduler and leave the tasks behind.
        nonlocal rang
        rang = True
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return (yield)
    except (KeyboardInterrupt, BaseExceptionGroup) as error:
        if not rang:
            raise
        raise pytest.fail.Exception(f"still running after {seconds} s") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
