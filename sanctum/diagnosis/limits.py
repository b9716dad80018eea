"""Every threshold of the questions, with its source.

R01 to R78 are the rules of the field notes; a source that is *ours* has no number published. Shares
are 0 to 1.
"""

from __future__ import annotations

MOST = 0.5
"""The part of the decisions that a cause has to account for. Ours."""

DOMINANT = 0.7
"""R01: share of the unforced decisions from which on an op dominates."""

COUNT = 30
"""R05: decisions of an op below which its mean says nothing."""

SIGNIFICANT = 3.0
"""Standard errors that a mean has to be away from 0: several are looked at. Ours."""

TENDING = 2.0
"""Standard errors for what is only to agree with something significant. Ours."""

NOTICEABLE = 0.1
"""R05: part of the reward's standard deviation below which a difference does not matter."""

UNDERUSED = 0.2
"""Probability where legal below which an op is hardly tried. Ours."""

UNFAIR = 0.8
"""The same in fair shares, one of each op: a policy that tries all of many alike tries each. Ours.
"""

PRICE = 1.0
"""Standard deviations of the subject's reward that a price must be. Ours: the reference trainer's
largest healthy price is 0.4 of them."""

PRICE_SHARE = 0.6
"""R57: part of a loss from which on one component decides it."""

SILENT = 0.9
"""R06: share of decisions after which no reward comes from which on there is no signal."""

FLAT = 1e-3
"""R06: standard deviation of the reward below which it is flat."""

DOMINATES = 0.6
"""R57: share of the absolute reward from which on one component dominates."""

VARIANCE = ((0.1, -0.5), (0.25, -0.2), (0.75, 0.0), (1.0, 0.1))
"""R32: explained variance below which a critic is useless, by the part of the run that is over."""

VARIANCE_UPDATES = 20
"""Updates before which a critic is too young to be judged. Ours: R32's first 10 % of 200."""

NARROW_RETURNS = 1 / 7
"""R33: part of its median below which a spread of returns leaves explained variance meaningless."""

SPREAD_OF_VALUES = 0.01
"""R31: part of the returns' standard deviation below which values of ops are alike."""

RARE = 0.01
"""R07: share of its legal opportunities below which an op is dead."""

NEARLY_ALL_OF_IT = 0.95
"""R01: share of the unforced decisions from which on one op is nearly all that is left."""

DEAD_HEAD = 0.05
"""R14: entropy (0-1) of a head below which it has collapsed."""

IN_A_ROW = 3
"""R14 and the notes on hysteresis: updates for which something must hold."""

ONE_ENV = 0.25
"""R65: share of the squared advantages in one of 16 environments; four times its fair share."""

FAIR_SHARES, FEWEST_ENVS, NEARLY_ALL = 4.0, 4, 0.75
"""R65 for other numbers of environments: fair shares, the fewest to be compared, and the most that
is asked for."""

STILL_KL, STILL_RATIO, STILL_UPDATES = 1e-9, 1e-6, 5
"""R22, by mechanism: KL and largest ratio beyond 1 of a policy that an update left as it was."""

MOVED_KL = 1e-6
"""KL beyond which an update has moved the policy, whatever else is said of it: 32-bit rounding
stays below. Ours."""

OPEN_ENTROPY = 0.1
"""R13: entropy (0-1) above which a policy is not so certain that updates leave it as it is."""

LATE_ROLLOUTS = 10
"""Rollouts without an update after which none comes any more. Ours."""

LOST = 0.5
"""Share of the steps looked at that must be missing to make an answer worthless. Ours."""
