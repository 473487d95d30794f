"""The plugin contract, on one page.

A plugin is a module with functions marked ``@alphabot.hookimpl``. Decision plugins *register
named things*, and the configuration chooses among them by name: ``pricing = "percent_offset"``,
``multiplier = "divide"``. Two things of one name are an error at start, so load order never
decides money. What is registered must be a plain function: synchronous, pure, core values in,
core values out; its answer passes the same gate as our own rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:  # whoever asks for --help need not wait for trio
    from alphabot.ports import Multiplier, NotifierFactory, PricingRule

__all__ = ["PROJECT", "AlphabotHooks", "hookimpl", "hookspec"]

PROJECT = "alphabot"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class AlphabotHooks:
    """Every hook a plugin may implement."""

    @hookspec
    def register_pricing_rules(self, register: Callable[[str, PricingRule], None]) -> None:
        """Register pricing rules: ``register("my_rule", function)``.

        The function takes a ``PricingRequest`` and returns a ``Proposal`` of two limit prices in
        USDT; it is called once a round. The core puts the prices on the exchange's grid.
        """

    @hookspec
    def register_multipliers(self, register: Callable[[str, Multiplier], None]) -> None:
        """Register multiplier rules: ``register("my_multiplier", function)``.

        The function takes a BUY's volume in USDT and the token's mulPoint, and returns the
        credited volume; it is called once for each BUY that filled at least partly.
        """

    @hookspec
    def register_notifiers(self, register: Callable[[str, NotifierFactory], None]) -> None:
        """Register notifiers: ``register("my_notifier", open_my_notifier)``.

        The function returns an asynchronous context manager that gives a ``Notifier``; it is
        entered once, in a task of its own, and left when the service ends.
        """
