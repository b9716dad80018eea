"""What a fake run answers when asked ``why``: the run as a whole, env 7, and one action."""

from __future__ import annotations

from typing import Any, cast

from sanctum.errors import UsageError
from sanctum.model.answers import PolicyAnswer, RewardsAnswer, SeedsAnswer
from sanctum.model.readings import reading
from sanctum.model.why import Call, Evidence, Question, Settled, WhyAnswer

CHAIN = (
    # id, text, source
    ("telemetry", "telemetry old?", "R77, R78"),
    ("numerics", "anything not finite?", "R47"),
    ("mask", "forced by a mask?", "R02, R03"),
    ("update", "update changes nothing?", "R22, R48"),
    ("better", "another op better?", "R05, R75"),
    ("cost", "acting costs too much?", "R05, R57"),
    ("reward", "reward flat?", "R06, R57"),
    ("critic", "critic blind to ops?", "R31, R32, R33"),
    ("heads", "ops died out?", "R07, R14"),
    ("env", "one env drives it?", "R65"),
)
FINE = {
    "telemetry": "live, 0 of 128 steps missing",
    "numerics": "0 of 29 readings, loss at 128 of 2,048 decisions",
    "mask": "0 of 1,930 WAITs (limit 50 %); by own ops 56 %",
    "update": "learning_rate 7.0e-04 > 0, grad_norm 0.41 > 0",
    "better": "FOSSILIZE +0.14+-0.110 in 20 (limit 3 se, n 124)",
    "cost": "GERMINATE pays 0.050, 0.21 sd (limit 1, n 1,014)",
    "reward": "sd 0.24 (limit 0.001, n 2,048)",
    "critic": "explained_variance 0.41 (limit 0)",
    "heads": "the rarest: p(CULL) 2 % (limit 1 %, n 640)",
    "env": "env 11 has 19 % of squared advantages (limit 25 %)",
}
DEAR = "GERMINATE pays 2.05, 8.5 sd (limit 1, n 1,014)"
CALLS = [
    Call(3, 2629, "GERMINATE", reading(0.502), "WAIT", reading(0.497)),
    Call(9, 2611, "WAIT", reading(0.481), "FOSSILIZE", reading(0.466)),
]
EVIDENCE = {
    "mask": [Evidence("denied", reading(0.0), "0-1", "<= 0.5", 1930)],
    "cost": [
        Evidence(
            "price of GERMINATE",
            reading(-2.05),
            "reward",
            "< 1 sd or 60%",
            1014,
            "action_cost; of -2.01, later -1.88 +- 0.14 over 20 steps",
        )
    ],
}


class FakeWhy:
    """A part of `FakeQueries`: acting costs too much in the run; in env 7 WAIT is reasonable."""

    def why_read(
        self,
        at: str | None = None,
        env: int | None = None,
        action: str | None = None,
        slot: str | None = None,
        negated: bool = False,
    ) -> WhyAnswer:
        run = cast(Any, self)
        run._ask("why", at=at, env=env, action=action, slot=slot, negated=negated or None)
        policy: PolicyAnswer = run.policy_read(at, env)
        rewards: RewardsAnswer = run.rewards_read(at, env)
        ripe: SeedsAnswer = run.seeds_list(at, env=env, choice="ripe")
        ops = [one.action for one in policy.actions]
        if action is not None and action.upper() not in ops:
            raise UsageError(f"no action '{action}'", f"there are {', '.join(ops)}")
        found = (
            _not_taken(env, slot, action or "FOSSILIZE")
            if negated
            else _whole(env, (action or "WAIT").upper())
        )
        return WhyAnswer(
            policy.at,
            env,
            **found,
            first_step=policy.first_step,
            last_step=policy.last_step,
            decisions=policy.decisions,
            actions=policy.actions,
            entropy=reading(0.142),
            value=reading(0.21),
            ripe=ripe.rows,
            ripe_standing=ripe.standing,
            components=rewards.components,
            reward=rewards.total.mean,
            calls=CALLS,
        )


def _whole(env: int | None, subject: str) -> dict[str, Any]:
    if env is None:
        return {
            "subject": subject,
            "asked": subject,
            "cause": "cost",
            "claim": "acting costs more than it brings: GERMINATE pays 2.05 (action_cost) and gets"
            " 0.040; -1.88 +- 0.14 over 20 steps, n 1,014; not known: critic",
            "questions": [_asked(*one, until="cost") for one in CHAIN],
            "verdict": "warn",
            "advice": ["lower the price, or pay it later"],
            "try_next": "rewards --actions",
        }
    return {
        "subject": subject,
        "asked": subject,
        "cause": "chosen",
        "claim": f"{subject} is 84 % of 28 unforced decisions in env {env}: chosen and reasonable",
        "questions": [_asked(*one) for one in CHAIN],
        "verdict": "ok",
        "try_next": "decision 7 2601",
    }


def _asked(id: str, text: str, source: str, until: str = "") -> Question:
    ids = [one for one, _, _ in CHAIN]
    settled: Settled = "no"
    if until and ids.index(id) >= ids.index(until):
        settled = "yes" if id == until else "not asked"
    said = {"no": FINE[id], "yes": DEAR}.get(settled, "")
    return Question(id, text, settled, said, EVIDENCE.get(id, []), source=source)


def _not_taken(env: int | None, slot: str | None, action: str) -> dict[str, Any]:
    where = "" if env is None else f" in env {env}" if slot is None else f" in {env}.{slot}"
    lacks = "fossilize lacks contribution -0.94 of 1 (1.94 missing)"
    questions = [
        Question("legal", "forbidden?", "yes", "'not_improving'; at 94 % of 64 decisions in env 7"),
        *([Question("gate", "lacks something?", "yes", lacks)] if slot else []),
        Question("taken", "taken where legal?", "no", "gets 4 %, 1 of 4 times it could be"),
        Question(
            "less",
            "brought less?",
            "no",
            "+0.10, +0.05, +0.14+-0.11 in 1, 5, 20 (n 124)",
        ),
        Question("cost", "costs too much?", "no", "no part of the reward is against it"),
    ]
    claim = f"{action.upper()}{where} is forbidden by 'not_improving'"
    return {
        "subject": action.upper(),
        "asked": f"not {action.upper()}" + (f" {env}.{slot}" if slot else ""),
        "cause": "legal",
        "claim": f"{claim}; HOLDING for 9 steps; gate {lacks}" if slot else claim,
        "questions": questions,
        "try_next": f"seed {env}.{slot} --more" if slot else "rewards --actions",
    }
