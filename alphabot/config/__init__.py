"""The configuration: ``strategies.toml`` in, frozen settings or one precise complaint out.

``load(path)`` reads a file. Whatever is wrong with it becomes a
:class:`~alphabot.errors.ConfigError` that names file, line and key, says what was expected and
what it was, and suggests the nearest right name. An unknown key is an error, and so is a key
whose guard is not built yet: what the file says is what happens.

Inside: ``keys`` is the one table of keys, ``kinds`` what a value may be, ``document`` the file as
plain values, ``places`` the line of each, ``reader`` puts them together, ``rules`` looks at more
than one key at a time, ``complaints`` finds the words.
"""

from alphabot.config.complaints import KeyPath, nearest, shown
from alphabot.config.document import Document
from alphabot.config.keys import CHAINS, REQUIRED, SECTIONS, SHARED, TOP, Key, Section
from alphabot.config.reader import load, loads
from alphabot.config.settings import (
    ChatSettings,
    ExchangeSettings,
    LogSettings,
    NoticeSettings,
    OwnSettings,
    PluginSettings,
    Settings,
    StrategySettings,
)

__all__ = [
    "CHAINS",
    "REQUIRED",
    "SECTIONS",
    "SHARED",
    "TOP",
    "ChatSettings",
    "Document",
    "ExchangeSettings",
    "Key",
    "KeyPath",
    "LogSettings",
    "NoticeSettings",
    "OwnSettings",
    "PluginSettings",
    "Section",
    "Settings",
    "StrategySettings",
    "load",
    "loads",
    "nearest",
    "shown",
]
