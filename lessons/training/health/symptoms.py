"""Known faults of a training, and the measured numbers that reveal each.

The order is that of certainty: what the network was given can be seen, then whether its weights can
follow the gradient, then what it answers, and last what only the curve suggests.
"""

from __future__ import annotations

from lessons.training.health import of_inputs, of_weights
from lessons.training.health.finding import Evidence, Finding


def symptoms(evidence: Evidence) -> list[Finding]:
    """All that stands out, the most certain first; rules whose numbers are missing say nothing."""
    found = []
    for rule in (*of_inputs.RULES, *of_weights.RULES):
        try:
            finding = rule(evidence)
        except (KeyError, ValueError, TypeError, ZeroDivisionError):
            continue  # no probe of this run measured that, or somebody wrote into its file
        if finding:
            found.append(finding)
    return found
