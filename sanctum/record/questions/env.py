"""``env.read``: one environment in full."""

from __future__ import annotations

from sanctum.errors import UsageError
from sanctum.model.answers import EnvAnswer
from sanctum.model.readings import NOT_MEASURED
from sanctum.record.moments import Scope
from sanctum.record.questions.decisions import decisions
from sanctum.record.questions.earned import episode_first_step, with_episode
from sanctum.record.questions.envs import all_rows
from sanctum.record.questions.events import changes_of_env, events_of_env
from sanctum.record.questions.rewards import rewards_read
from sanctum.record.questions.seeds import rows as seed_rows
from sanctum.record.questions.series import curve

DECISIONS = 20
EVENTS = 10
COURSE_STEPS = 64


def env_read(of: Scope, env: int) -> EnvAnswer:
    """The environment's row, slots, last decisions, rewards, recent accuracy and events."""
    of.check_env(env)
    of.step  # noqa: B018  (before the first step there is nothing to read)
    attempt = of.attempt.attempt
    since = of.reader.steps_back(attempt, of.step, COURSE_STEPS - 1)
    try:
        course = curve(of, "accuracy", env, since=since)
    except UsageError:
        course = None
    rewards = rewards_read(of, env, by_action=False)
    first = episode_first_step(of, env)
    if first is not None:
        rewards = with_episode(of, env, rewards, first)
    made = decisions(of, env, DECISIONS)
    return EnvAnswer(
        of.at,
        all_rows(of, env)[0],
        seed_rows(of, env),
        made,
        rewards if rewards.components or rewards.total.last != NOT_MEASURED else None,
        course if course is not None and course.values else None,
        events_of_env(of, env, EVENTS),
        of.header.units,
        first,
        changes_of_env(of, env, made[0].step) if made else [],
    )
