"""The client's side of the wire: codec, network, order lane, account, feed and market.

``wire/`` turns bytes into core values and back, without I/O. Around it, :mod:`~.net` opens
streams, :mod:`~.http` carries reads, :mod:`~.lane` carries the requests that move money, and
:mod:`~.account` is one user's private side of the exchange. No exception of another library
leaves this room.
"""
