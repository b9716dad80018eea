"""``wait-by-cost``: acting costs more than it can return, so PPO learns to do nothing.

A seed earns its environment at most `contribution_weight` times 15 points in every step of an
episode: with the settings as they are, less than 10. A fossil's bonus is at most 0.75.
"""

from sanctum.trainer.faults.fault import Fault

WAIT_BY_COST = Fault(
    "wait-by-cost",
    "GERMINATE costs 10, CULL and FOSSILIZE 2: more than they can return",
    "WAIT is chosen, not forced; every other op has the lower return",
    {"germinate_cost": 10.0, "cull_cost": 2.0, "fossilize_cost": 2.0},
)
