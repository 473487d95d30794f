"""The codec: bytes of the exchange in, values of :mod:`alphabot.core` out, and requests back.

Pure functions: no I/O, no clock, no randomness. Whatever cannot be read raises
:class:`alphabot.errors.UnexpectedReply`; nothing is guessed, and no number passes through a float.
"""
