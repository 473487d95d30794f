"""For those who write against alphabot: does this exchange speak the protocol?

``check_venue`` runs numbered cases against any address; ``python -m alphabot.testing`` does so
from a shell.
"""

from alphabot.testing.venue import CaseResult, Report, check_venue

__all__ = ["CaseResult", "Report", "check_venue"]
