"""On trainers that are really ill, ``why`` names what makes them so, and not something else.

The reference trainer learns for a moment in this process, with each fault and without one, over
several seeds. What is checked beside the cause is how far from its limits each run is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import sanctum
from sanctum.cli.importing import importing
from sanctum.model.queries import Queries
from sanctum.model.readings import number
from sanctum.model.why import Evidence, WhyAnswer
from sanctum.probe.hello import About
from sanctum.probe.run import Run
from sanctum.recorder.reading import opened
from sanctum.trainer.settings import Settings
from sanctum.trainer.train import train
from sanctum.wire.places import record_path
from tests.live.running import Home

SEEDS = range(5)
SHORT = {
    "task": "spirals",
    "envs": "8",
    "updates": "3",
    "rollout_steps": "24",
    "episode_length": "24",
    "batch_size": "16",
    "validation_size": "64",
    "hidden": "16",
    "training_steps": "2",
    "blending_steps": "3",
    "seed_every": "3",
}
Trained = Callable[..., Queries]


@pytest.fixture
def trained(home: Home, monkeypatch: pytest.MonkeyPatch) -> Trained:
    def record(seed: int, **more: str) -> Queries:
        settings = Settings().with_overrides({**SHORT, "seed": str(seed), **more})
        with importing() as made, monkeypatch.context() as patch:

            def attach(run_id: str | None, **about: Any) -> Run:
                known = {name: about[name] for name in About.__annotations__ if name in about}
                return made.open(run_id or "trained", 1_790_000_000.0, **known)  # type: ignore[arg-type]

            patch.setattr(sanctum, "attach", attach)
            train(settings, run_id="trained")
            made.finish()
        return opened(record_path("trained"))

    return record


def evidence(answer: WhyAnswer, question: str, name: str) -> Evidence:
    (asked,) = (one for one in answer.questions if one.id == question)
    (found,) = (one for one in asked.evidence if one.name == name)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_price_too_high_is_named_where_acting_cannot_pay(trained: Trained, seed: int) -> None:
    answer = trained(seed, fault="wait-by-cost").why_read()
    assert (answer.subject, answer.cause) == ("WAIT", "cost")
    assert "(action_cost)" in answer.claim
    assert number(evidence(answer, "mask", "denied").value) == 0.0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mask_that_forbids_what_could_be_done_is_named(trained: Trained, seed: int) -> None:
    answer = trained(seed, fault="wait-by-mask").why_read()
    assert (answer.subject, answer.cause) == ("WAIT", "mask")
    assert "'cooling down' forbids GERMINATE" in answer.claim
    assert (number(evidence(answer, "mask", "denied").value) or 0.0) > 0.8


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_a_healthy_run_has_neither(trained: Trained, seed: int) -> None:
    run = trained(seed)
    answer = run.why_read()
    assert (answer.cause, answer.verdict) == ("chosen", "ok")
    assert "chosen" in answer.claim
    assert number(evidence(answer, "mask", "denied").value) == 0.0
    refused = run.why_read(action="GERMINATE", negated=True)
    assert refused.cause not in ("cost", "legal")


def test_an_update_that_does_nothing_is_named(trained: Trained) -> None:
    assert trained(0, learning_rate="0").why_read().cause == "update"


def test_the_past_is_explained_by_what_was_known_then(trained: Trained) -> None:
    run = trained(1, fault="wait-by-mask")
    then, now = run.why_read(at="u2"), run.why_read()
    assert then.cause == now.cause == "mask"
    assert then.last_step is not None
    assert then.last_step < 48
    assert then.decisions <= now.decisions
