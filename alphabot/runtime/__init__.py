"""What runs: the service, its users, the trade loop, and what joins them.

The nursery tree is drawn in :mod:`alphabot.runtime.service`.
"""
