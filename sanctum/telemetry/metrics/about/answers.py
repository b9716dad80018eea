"""What answers show and no trainer says: Sanctum works it out; not names of the catalogue."""

from __future__ import annotations

from typing import NamedTuple

from sanctum.telemetry.metrics.about.text import About


class Worked(NamedTuple):
    """One such reading: what it is, its unit, what there is one of, and the text about it."""

    meaning: str
    unit: str
    per: str
    about: About


_FORCED = "Raw shares hold forced decisions: one op may be all that the masks left."

ANSWERS = {
    "share": Worked(
        "how often an op was chosen, of all decisions",
        "percent",
        "op",
        About("times chosen / decisions", _FORCED + " Judge unforced_share.", "actions"),
    ),
    "unforced_share": Worked(
        "how often an op was chosen where there was a choice",
        "percent",
        "op",
        About(
            "times chosen with more than one legal action / such decisions",
            "One op above 70 %: other ops look worse to it, are too costly, or their heads died.",
            "why",
            "no op above 70 %",
        ),
    ),
    "opportunity_rate": Worked(
        "how often an op was chosen when it was legal",
        "percent",
        "op",
        About(
            "times chosen / times legal",
            "Under 1 % for long: the op is dying out, and the heads it uses with it.",
            "actions --more",
        ),
    ),
    "mean_probability": Worked(
        "what the policy gave an op where it was legal, on average",
        "percent",
        "op",
        About(
            "mean of p over the decisions at which it was legal",
            "Near 0: it takes many updates to come back, for it is hardly ever sampled.",
            "brain heads",
        ),
    ),
    "residual": Worked(
        "reward minus the signed sum of its components",
        "reward",
        "step",
        About(
            "largest size over the last rollout of: reward - sum of sign x component",
            "Not 0: a component is not said, counted twice, or of the wrong sign.",
            "rewards",
            "0, but for rounding",
        ),
    ),
    "return": Worked(
        "rewards of an episode added up",
        "reward",
        "episode",
        About(
            "sum of r over the episode, no discount",
            "Falling: the policy got worse, or the reward changed. Flat from the start: no signal.",
            "episodes",
            "rising",
        ),
    ),
    "health": Worked(
        "how an environment does, in a word: steady, rising, new, stalled, degraded, silent, "
        "non-finite",
        "",
        "environment",
        About(
            "degraded: 5 points below its best; stalled: no new best for 20 steps; silent: no row "
            "for 50 steps",
            "A harmful seed, a rollback, or a policy that does nothing more for it.",
            "envs",
            "steady, rising or new",
        ),
    ),
    "since_best": Worked(
        "steps since the best accuracy of this episode",
        "steps",
        "environment",
        About(
            "steps since accuracy was greatest",
            "Long: nothing is blended in any more, or what is harms.",
            "envs --sort -since_best",
            "under 20",
        ),
    ),
    "gate": Worked(
        "the next stage of a seed, and how many of its conditions hold",
        "",
        "seed",
        About(
            "inputs that reach what they need / inputs; what is absent does not count",
            "The seed waits for the inputs that do not pass.",
            "seeds oldest",
        ),
    ),
    "stage": Worked(
        "where a seed is in its life, from DORMANT to FOSSILIZED or out",
        "",
        "seed",
        About(
            "said by the trainer at every change",
            "Long in one stage: a gate does not pass, or the policy does not advance it.",
            "seeds oldest",
        ),
    ),
    "lifespan": Worked(
        "steps from germination to removal, mean of removed seeds",
        "steps",
        "blueprint",
        About(
            "mean over seeds that were removed",
            "Under 5 steps: they are pruned before they could show anything.",
            "blueprints",
            "10 and more",
        ),
    ),
    "blend_success": Worked(
        "share of seeds that were blended in and kept",
        "0-1",
        "blueprint",
        About(
            "kept / (kept + removed), of seeds that were blended in",
            "Low: gates let through what harms, or culling pays.",
            "blueprints",
            "0.5 and more",
        ),
    ),
    "synergy": Worked(
        "what seeds add together beyond what they add alone",
        "points",
        "environment",
        About(
            "f(all) - f(none) - sum over seeds of (f(one) - f(none))",
            "Below 0: the seeds take from one another.",
            "counterfactual {env}",
            "above -0.5",
        ),
    ),
    "fall": Worked(
        "accuracy lost from the best of an episode to its end",
        "points",
        "episode",
        About(
            "best_accuracy - final_accuracy",
            "Large: seeds blended in late harm, or the host overfits.",
            "episodes --sort -fall",
            "under 5",
        ),
    ),
    "steps_per_s": Worked(
        "vector steps a second, each of all environments",
        "steps/s",
        "run",
        About(
            "rows over wall time of the last 10 seconds",
            "Falling: a leak, slow statistics, a busy machine, one slow environment.",
            "vitals",
            "steady",
        ),
    ),
    "lost": Worked(
        "readings that did not arrive",
        "count",
        "run",
        About(
            "counted by the probe and the recorder",
            "The machine is short of time or disk; answers over those steps are incomplete.",
            "run --more",
            "0",
        ),
    ),
}

OTHER_WORDS = {
    "age": "age_steps",
    "gradient": "gradient_health",
    "worst_residual": "residual",
    "episode_return": "return",
    "kl": "approx_kl",
    "clipfrac": "clip_fraction",
    "ev": "explained_variance",
}
"""What people and tables say, where it is not a name."""
