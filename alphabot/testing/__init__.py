"""For those who write against alphabot: tests of one's own plugins, and of one's own exchange.

``load_plugin`` brings a file in as the service would; ``check_pricing_rule``,
``check_multiplier`` and ``check_notifier`` try what every plugin of that kind must keep;
``simulated_world`` trades with a plugin on the simulated exchange, under virtual time, in one
call. pytest finds all of them as fixtures (:mod:`alphabot.testing.pytest_plugin`).

``check_venue`` runs numbered cases against an exchange at any address; ``python -m
alphabot.testing`` does so from a shell.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alphabot.testing.conformance import check_multiplier, check_notifier, check_pricing_rule
    from alphabot.testing.plugins import load_plugin
    from alphabot.testing.simulated import SimulatedRun, simulated_world
    from alphabot.testing.venue import CaseResult, Report, check_venue

__all__ = [
    "CaseResult",
    "Report",
    "SimulatedRun",
    "check_multiplier",
    "check_notifier",
    "check_pricing_rule",
    "check_venue",
    "load_plugin",
    "simulated_world",
]

_HOMES = {
    "CaseResult": "venue",
    "Report": "venue",
    "SimulatedRun": "simulated",
    "check_multiplier": "conformance",
    "check_notifier": "conformance",
    "check_pricing_rule": "conformance",
    "check_venue": "venue",
    "load_plugin": "plugins",
    "simulated_world": "simulated",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: pytest loads this package in every project that has us installed.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
