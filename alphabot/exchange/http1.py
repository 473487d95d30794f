"""httpx and httpcore as they are without h2, for we speak no HTTP/2.

httpcore loads h2 wherever it is installed, and the simulated exchange's server has brought it: two
megabytes in a process that only trades. So it is out of sight while httpcore is loaded.
"""

from __future__ import annotations

import sys

__all__ = ["httpcore", "httpx"]

_hidden = "h2" not in sys.modules
if _hidden:
    # How Python is told that there is no such module.
    sys.modules["h2"] = None  # type: ignore[assignment]  # typeshed knows modules alone
try:
    import httpcore
    import httpx
finally:
    if _hidden:
        del sys.modules["h2"]
