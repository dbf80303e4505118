"""Cases that are drawn at random, each from a seed of its own."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**64)
# Hypothesis chooses the seeds, remembers those that failed, and would find nothing smaller in a smaller number.
# The fixtures are of the whole test: each example empties the table itself, and a session asks without limit.
SEEDED = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
