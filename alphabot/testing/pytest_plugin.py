"""Fixtures for the tests of plugins; pytest finds them wherever alphabot is installed.

Each is the function of :mod:`alphabot.testing` with its name, so that a test needs no import.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from alphabot.plugins import PluginHost
    from alphabot.ports import Multiplier, NotifierFactory, PricingRule
    from alphabot.testing import SimulatedRun

__all__: list[str] = []


@pytest.fixture
def load_plugin() -> Callable[..., PluginHost]:
    """Load a plugin's file as the service would: ``load_plugin(file, settings)``."""
    from alphabot import testing

    return testing.load_plugin


@pytest.fixture
def simulated_world() -> Callable[..., SimulatedRun]:
    """Trade on the simulated exchange: ``simulated_world(file, pricing="my_rule")``."""
    from alphabot import testing

    return testing.simulated_world


@pytest.fixture
def check_pricing_rule() -> Callable[[PricingRule], int]:
    """Try what every pricing rule must keep."""
    from alphabot import testing

    return testing.check_pricing_rule


@pytest.fixture
def check_multiplier() -> Callable[[Multiplier], int]:
    """Try what every multiplier rule must keep."""
    from alphabot import testing

    return testing.check_multiplier


@pytest.fixture
def check_notifier() -> Callable[[NotifierFactory], Awaitable[int]]:
    """Try what every notifier must keep; ``trio.run(check_notifier, open_notifier)``."""
    from alphabot import testing

    return testing.check_notifier
