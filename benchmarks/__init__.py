"""What alphabot costs and how fast it is, measured on this machine; `just bench` runs all of it.

Every benchmark trades with the simulated exchange in a process of its own, over loopback sockets.
Memory and CPU are read from Linux's ``/proc``, times from the kernel's receive time stamps.
docs/performance.md keeps the figures and explains the method.
"""
