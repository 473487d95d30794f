"""``alphabot doctor``: what a run needs, looked at without disturbing one.

Each file holds one subject: the facts as they are gathered, and beside them pure functions that
say what the facts mean. ``examining`` runs them beside each other, ``findings`` is what they say.
"""

from alphabot.wiring.doctor.examining import examine
from alphabot.wiring.doctor.findings import Diagnosis, Finding, Grade

__all__ = ["Diagnosis", "Finding", "Grade", "examine"]
