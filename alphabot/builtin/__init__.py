"""Our own plugins: they use the public hooks and nothing else."""

from alphabot.builtin import book_touch, mul_point, patient, percent_offset

__all__ = ["PLUGINS"]

PLUGINS = (percent_offset, book_touch, patient, mul_point)
"""The modules that are loaded first, in this order, whatever the configuration names."""
