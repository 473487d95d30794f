"""The bench: a rule that fails again and again is asked no more, and who depends on it stops.

Failures are counted for each strategy of each user by itself, so that one odd moment that many
users share does not end them all. Once one of them has had its fill, the rule is benched for
everybody until the next start: what is broken for one is not trusted with the others' money.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable

from alphabot.config import StrategySettings
from alphabot.errors import PluginError
from alphabot.log import say

__all__ = ["Bench"]

_Rule = tuple[str, str]
"""What a rule is, and its name: ``("pricing rule", "my_rule")``."""


class Bench:
    """The rules of one service that are asked no more.

    ``after`` failures in a row bench a rule; ``plugin_of`` tells whose a rule of this kind and
    name is; ``tell`` is called with the plugin and the reason of each that is benched.
    """

    def __init__(
        self,
        after: int,
        plugin_of: Callable[[str, str], str],
        tell: Callable[[str, str], None] = lambda plugin, reason: None,
    ) -> None:
        self._tell = tell
        self._after = after
        self._plugin_of = plugin_of
        self._failures: Counter[tuple[_Rule, Hashable]] = Counter()
        self._benched: dict[_Rule, str] = {}

    def reason(self, strategy: StrategySettings) -> str | None:
        """Return why this strategy cannot go on: a rule it depends on is benched."""
        for rule in (("pricing rule", strategy.pricing), ("multiplier", strategy.multiplier)):
            if rule in self._benched:
                return self._benched[rule]
        return None

    def answered(self, kind: str, name: str, asker: Hashable) -> None:
        """Note that a rule had an answer for ``asker``: its failures were not in a row."""
        self._failures.pop(((kind, name), asker), None)

    def failed(self, error: PluginError, asker: Hashable) -> str:
        """Count a rule's failure for ``asker``; returns the name of the plugin it came from."""
        rule = (error.hook, error.plugin)
        plugin = self._plugin_of(*rule)
        self._failures[rule, asker] += 1
        times = self._failures[rule, asker]
        if times >= self._after and rule not in self._benched:
            last = f"{error.hook} {error.plugin} failed {times} times in a row: {error.problem}"
            self._benched[rule] = f"plugin {plugin} is benched: {last}"
            say("plugin.benched", plugin=plugin, reason=last)
            self._tell(plugin, last)
        return plugin
