"""Our own plugins: they use the public hooks and nothing else."""

from alphabot.builtin import mul_point, percent_offset

__all__ = ["PLUGINS"]

PLUGINS = (percent_offset, mul_point)
"""The modules that are loaded first, in this order, whatever the configuration names."""
