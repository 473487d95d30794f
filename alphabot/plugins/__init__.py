"""The plugin host: find, load, validate, and resolve by name.

Only plugins that the configuration names are loaded; our own come first. Inside: ``finding``
knows where plugins are, ``importing`` brings one in, ``shapes`` looks at it before anything of it
is called, ``settings`` reads its table, and ``host`` keeps what it registered.
"""

from alphabot.plugins.finding import Found, Source
from alphabot.plugins.host import Loaded, PluginHost, Thing, load_plugins

__all__ = ["Found", "Loaded", "PluginHost", "Source", "Thing", "load_plugins"]
