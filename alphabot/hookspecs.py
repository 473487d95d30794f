"""The plugin contract, on one page.

A plugin is a module with functions marked ``@alphabot.hookimpl``. Plugins *register named
things*, and the configuration chooses among them by name: ``pricing = "percent_offset"``,
``multiplier = "divide"``. What two plugins register under one name is refused, so load order
never decides money. What is registered must be a plain function: synchronous, pure, core values
in, core values out; its answer passes the same gate as our own rules. An implementation may leave
out ``settings``; an argument that is not listed here is refused at start, as is a misspelt hook.

A plugin may say which versions of this page it was written for, as text: ``ALPHABOT_API = "1"``,
or ``"1-2"`` for the first to the last of several. Without that it is taken as it comes.
``docs/hooks.md`` has an example of each hook.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pluggy

if TYPE_CHECKING:  # whoever asks for --help need not wait for trio
    import msgspec

    from alphabot.ports import Multiplier, NotifierFactory, PricingRule

__all__ = ["API_VERSION", "PROJECT", "AlphabotHooks", "hookimpl", "hookspec"]

PROJECT = "alphabot"
API_VERSION: Final = 1
"""Raised when a plugin that keeps this page would have to be changed."""
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class AlphabotHooks:
    """Every hook a plugin may implement."""

    @hookspec
    def settings(self) -> type[msgspec.Struct]:  # type: ignore[empty-body] # a specification
        """Return the type of the plugin's settings, a frozen ``msgspec.Struct``.

        ``[plugins.NAME]`` is read into it before anything trades and handed to the other hooks as
        ``settings``. A field of type ``alphabot.Secret`` is written ``{ env = "NAME" }`` or
        ``{ file = "PATH" }``. Without this hook there is no such table, and ``settings`` is None.
        """

    @hookspec
    def register_pricing_rules(
        self, register: Callable[[str, PricingRule], None], settings: Any
    ) -> None:
        """Register pricing rules: ``register("my_rule", function)``.

        The function takes a ``PricingRequest`` and returns a ``Proposal`` of two limit prices in
        USDT, or raises ``NoPrice`` to skip the round. It is called before each BUY, and before
        each SELL of what is left over, when ``unsold`` says how much that is. A proposal may plan
        a wait, after which the function is asked again. One that is marked with ``reads_depth``
        is given the levels of the book. The core puts the prices on the exchange's grid.
        """

    @hookspec
    def register_multipliers(
        self, register: Callable[[str, Multiplier], None], settings: Any
    ) -> None:
        """Register multiplier rules: ``register("my_multiplier", function)``.

        The function takes a BUY's volume in USDT and the token's mulPoint, and returns the
        credited volume; it is called once for each BUY that filled at least partly.
        """

    @hookspec
    def register_notifiers(
        self, register: Callable[[str, NotifierFactory], None], settings: Any
    ) -> None:
        """Register notifiers: ``register("my_notifier", open_my_notifier)``.

        The function returns an asynchronous context manager that gives a ``Notifier``; it is
        entered once, in a task of its own, and left when the service ends.
        """
