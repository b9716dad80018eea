"""Runs of other libraries, known by what they logged: nothing misleading, nothing made up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from sanctum.cli.importing import importing
from tests.commands.sources import BEGAN, Desk

CLEANRL = {"entropy_nats": 0.67, "approx_kl": 0.004, "clip_fraction": 0.05, "value_loss": 50.0}
DQN = {"train/loss": 0.3, "learning_rate": 1e-4, "rollout/exploration_rate": 0.05}
SETTINGS = {"seed": 1, "n_steps": 2048, "learning_rate": 3e-4, "policy": "MlpPolicy"}


def record(
    run_id: str, scalars: Mapping[str, float], *, episodes: bool, task: str = "", trainer: str = ""
) -> None:
    """Forty steps with an update every ten; its returns by episode, or as a mean that is logged."""
    with importing() as made:
        planned = {"planned_steps": 30, "planned_updates": 3}
        run = made.open(
            run_id, BEGAN, task=task, envs=1, trainer=trainer, config=SETTINGS, **planned
        )
        for step in range(40):
            run.at_time(BEGAN + step)
            run.step(step, **({} if episodes else {"episode_return_mean": [100.0 + step]}))
            if episodes and step % 2:  # of two environments that are logged as one
                length = 4 if step < 39 else 2
                run.episode(0, step // 2, episode_return=float(step), length=length)
            if step % 10 == 9:
                run.update(step // 10 + 1, steps=(step - 9, step), **scalars)
        if episodes:
            run.source("tensorboard", "runs/logged")
        run.close()
        made.finish()


def acting() -> None:
    """An arm whose actions are continuous; a player whose action has two parts."""
    heads = {"d0": ["a0", "a1"], "d1": ["a0", "a1", "a2"]}
    with importing() as made:
        robot = made.open("robot", BEGAN, task="arm", envs=1)
        parts = made.open("parts", BEGAN, task="game", envs=1, actions=heads)
        for step in range(4):
            robot.step(step, reward=[1.0], **{"action.0": [0.5]})
            parts.step(step, reward=[1.0], actions={"d0": [step % 2], "d1": [2]})
        robot.close()
        parts.close()
        made.finish()


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Desk]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANCTUM_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("TZ", "UTC")
        record("cleanrl", CLEANRL, episodes=True, task="CartPole-v1", trainer="ppo")
        record("dqn", DQN, episodes=False)
        acting()
        yield {run: Desk(run) for run in ("cleanrl", "dqn", "robot", "parts")}


@pytest.mark.parametrize("word", ["overwatch", "brain"])
def test_entropy_in_nats_stands_where_nobody_says_its_share(
    desks: Mapping[str, Desk], word: str
) -> None:
    words = [line.split() for line in desks["cleanrl"].type(word)[1].splitlines()]
    assert ["entropy_nats", "0.670", "nats"] in [line[:3] for line in words]
    assert "entropy" not in [line[0] for line in words if line]


def test_a_mean_return_that_was_logged_tells_how_well_a_run_does(desks: Mapping[str, Desk]) -> None:
    out = desks["dqn"].type("overwatch")[1]
    assert "finished: mean return 139.00" in out
    assert "accuracy" not in out


def test_what_a_learner_of_another_kind_logs_is_shown_in_place_of_what_it_has_not(
    desks: Mapping[str, Desk],
) -> None:
    out = desks["dqn"].type("brain")[1]
    assert "total_loss" in out and "rollout/exploration_rate" in out
    assert "clip_fraction" not in out and "explained_variance" not in out
    assert "warn <" not in desks["dqn"].type("overwatch")[1]


def test_a_group_that_is_empty_after_an_update_does_not_deny_the_update(
    desks: Mapping[str, Desk],
) -> None:
    out = desks["cleanrl"].type("brain heads")[1]
    assert "no policy update yet" not in out
    assert "update 4 at step 39" in out


def test_a_run_goes_beyond_its_plan_without_a_share_above_all(desks: Mapping[str, Desk]) -> None:
    out = desks["cleanrl"].type("run")[1]
    assert "more than the 30 that were planned" in out
    assert "133 %" not in out


def test_a_task_that_nobody_said_is_said_to_be_missing(desks: Mapping[str, Desk]) -> None:
    assert desks["dqn"].type("run")[1].startswith("run dqn: task not said, 1 env")


def test_settings_are_shown_as_they_were_given(desks: Mapping[str, Desk]) -> None:
    rows = dict(line.split()[:2] for line in desks["cleanrl"].type("run --config")[1].splitlines())
    assert (rows["seed"], rows["n_steps"], rows["learning_rate"]) == ("1", "2,048", "3.00e-04")


def test_a_mean_of_some_episodes_is_not_called_that_of_all(desks: Mapping[str, Desk]) -> None:
    desk = desks["cleanrl"]
    assert "20 episodes ended, mean return of these 38.00" in desk.type("episodes -n 2")[1]
    assert "20 episodes ended, mean return 20.00" in desk.type("episodes -n 20")[1]


@pytest.mark.parametrize(
    "line", ["actions", "brain", "seeds", "blueprints", "rewards --actions", "env 0", "decision 0"]
)
def test_a_call_is_advised_only_to_those_whose_script_makes_it(
    desks: Mapping[str, Desk], line: str
) -> None:
    assert "run." in "".join(desks["dqn"].type(line)[1:])
    assert "run." not in "".join(desks["cleanrl"].type(line)[1:])


def test_episodes_without_an_accuracy_have_no_column_of_it(desks: Mapping[str, Desk]) -> None:
    out = desks["cleanrl"].type("episodes")[1]
    assert "return" in out and "accuracy" not in out and "best" not in out


def test_an_environment_without_decisions_sends_to_its_episodes(desks: Mapping[str, Desk]) -> None:
    assert "next: episodes --env 0" in desks["cleanrl"].type("env 0")[1]


def test_environments_without_an_accuracy_say_why_none_is_judged(
    desks: Mapping[str, Desk],
) -> None:
    out = desks["cleanrl"].type("envs")[1]
    assert "1 environment; health goes by accuracy, which is not measured" in out


@pytest.mark.parametrize("line", ["actions", "brain --more", "env 0", "rewards --actions"])
def test_a_continuous_action_is_not_called_unmeasured(desks: Mapping[str, Desk], line: str) -> None:
    out = desks["robot"].type(line)[1]
    assert "actions are continuous: history action.0" in out
    assert "actions: not measured" not in out


def test_a_count_of_one_head_of_several_says_so(desks: Mapping[str, Desk]) -> None:
    assert "of d0 alone, one of 2 heads: --more" in desks["parts"].type("actions")[1]


def test_where_episodes_overlap_nobody_knows_where_one_began(desks: Mapping[str, Desk]) -> None:
    rows = [line.split() for line in desks["cleanrl"].type("episodes -n 2")[1].splitlines()]
    assert ["0", "18", "-", "37", "4"] in [row[:5] for row in rows]
    assert ["0", "19", "38", "39", "2"] in [row[:5] for row in rows]


@pytest.mark.parametrize("run", ["cleanrl", "dqn"])
def test_overnight_takes_what_is_never_sent_for_no_fault(
    desks: Mapping[str, Desk], run: str
) -> None:
    assert desks[run].type("overnight")[::2] == (0, "")


def test_a_metric_that_was_never_said_is_absent(desks: Mapping[str, Desk]) -> None:
    assert desks["dqn"].type("expect 'accuracy is absent'")[0] == 0
    assert desks["dqn"].type("expect 'accuracy > 0'")[0] == 7
    assert "40 of 40" in desks["dqn"].type("find 'accuracy is absent' --env 0")[1]
