"""What decides: values, orders, planning, volume, records, progress and limits.

Nothing in this room touches trio, a clock, randomness or a file. Every function is plain,
synchronous and pure, so that each one can be tested by examples, tables and properties.
"""
