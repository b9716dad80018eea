"""Hosts and seeds: isolation, contributions, lanes."""

import dataclasses

import pytest
import torch

from sanctum.trainer import data
from sanctum.trainer.blueprints import BLUEPRINTS
from sanctum.trainer.host import SLOTS, Hosts
from sanctum.trainer.lanes import Lanes, lanes
from sanctum.trainer.seeds import Seeds
from sanctum.trainer.stages import Stage
from tests.trainer.hand_made import SMALL

CPU = torch.device("cpu")


def hosts() -> Hosts:
    loaded = data.load(SMALL.task, SMALL.envs, SMALL.validation_size, torch.Generator())
    made = Hosts(SMALL, loaded, torch.Generator(), CPU)
    for env in range(SMALL.envs):
        made.renew(env)
    return made


def planted(stage: Stage, alpha: float) -> tuple[Hosts, Seeds]:
    """Hosts with a seed of every blueprint somewhere, all of them in one stage."""
    made, seeds = hosts(), Seeds(SMALL)
    for kind in range(len(BLUEPRINTS)):
        env, slot = kind % SMALL.envs, kind % len(SLOTS)
        made.plant(env, slot, kind)
        seeds.germinate(env, slot, kind, 50.0)
        seeds.stage[env, slot] = stage
        seeds.alpha[env, slot] = alpha
    return made, seeds


def bare() -> Lanes:
    return Seeds(SMALL).lanes(CPU)


def test_a_seed_in_training_leaves_its_host_as_it_would_be_without_it() -> None:
    alone, (joined, seeds) = hosts(), planted(Stage.TRAINING, 0.0)
    # Planting drew random numbers; from here on both see the same minibatches.
    alone._generator.manual_seed(5)
    joined._generator.manual_seed(5)
    inputs = torch.randn(SMALL.envs, 9, 2)
    for _ in range(4):
        assert torch.equal(
            alone.outputs(bare(), inputs),
            joined.outputs(seeds.lanes(CPU), inputs)[: SMALL.envs],
        )
        assert torch.equal(alone.learn(bare()).loss, joined.learn(seeds.lanes(CPU)).loss)
    assert torch.equal(alone._hosts, joined._hosts)


@pytest.mark.parametrize("kind", range(len(BLUEPRINTS)))
def test_a_seed_in_training_learns_from_the_task(kind: int) -> None:
    made, seeds = hosts(), Seeds(SMALL)
    made.plant(1, 2, kind)
    seeds.germinate(1, 2, kind, 50.0)
    seeds.stage[1, 2] = Stage.TRAINING
    row = 1 * len(SLOTS) + 2
    before = made._seeds[row].clone()
    learned = made.learn(seeds.lanes(CPU))
    assert not torch.equal(before, made._seeds[row])
    assert learned.gradient_health[1, 2] > 0
    assert learned.gradient_health.isnan().sum() == learned.gradient_health.numel() - 1


def test_a_new_seed_adds_nothing_whatever_its_blueprint() -> None:
    made, seeds = planted(Stage.HOLDING, 1.0)
    inputs = torch.randn(SMALL.envs, 9, 2)
    with_seeds = made.outputs(seeds.lanes(CPU), inputs)
    torch.testing.assert_close(with_seeds, made.outputs(bare(), inputs))


def test_a_contribution_is_the_accuracy_with_the_seed_minus_without_it() -> None:
    made, seeds = planted(Stage.HOLDING, 1.0)
    seeds.alpha[0, 0] = 0.5
    for _ in range(30):
        made.learn(seeds.lanes(CPU))
    judged = seeds.counterfactuals(CPU)
    accuracy = made.validate(judged)[1]
    seeds.measured(judged, accuracy, torch.full(seeds.alpha.shape, torch.nan))
    found = 0
    for env, slot in (seeds.alpha > 0).nonzero().tolist():
        without = seeds.alpha.clone()
        without[env, slot] = 0.0
        none = torch.zeros_like(without, dtype=torch.bool)
        passes = [
            lanes(alpha, seeds.blueprint, none, alpha, CPU) for alpha in (seeds.alpha, without)
        ]
        kept, left_out = (made.validate(each)[1][env] for each in passes)
        assert float(seeds.contribution[env, slot]) == pytest.approx(float(kept - left_out))
        found += bool(kept != left_out)
    assert found, "no seed made a difference, so nothing was tested"
    assert seeds.contribution[seeds.alpha == 0].isnan().all()


def test_a_seed_on_trial_is_judged_by_what_it_would_add() -> None:
    made, seeds = planted(Stage.TRAINING, 0.0)
    for _ in range(30):
        made.learn(seeds.lanes(CPU))
    judged = seeds.counterfactuals(CPU)
    accuracy = made.validate(judged)[1]
    seeds.measured(judged, accuracy, torch.full(seeds.alpha.shape, torch.nan))
    occupied = seeds.stage == Stage.TRAINING
    assert seeds.contribution.isnan().all()
    assert not seeds.trial_gain[occupied].isnan().any()
    full = torch.where(occupied, 1.0, 0.0)
    only = torch.zeros_like(full)
    only[0, 0] = full[0, 0]
    none = torch.zeros_like(occupied)
    switched_on = made.validate(lanes(only, seeds.blueprint, none, only, CPU))[1][0]
    assert float(seeds.trial_gain[0, 0]) == pytest.approx(float(switched_on - accuracy[0]))


def test_environments_differ() -> None:
    made = hosts()
    assert len({tuple(row.tolist()) for row in made._hosts}) == SMALL.envs
    split = made._data
    for env in range(SMALL.envs):
        assert not set(split.training[env].tolist()) & set(split.validation[env].tolist())
    assert not torch.equal(split.validation[0], split.validation[1])


@pytest.mark.parametrize("task", ["digits", "spirals"])
def test_both_tasks_can_be_learned_by_a_host(task: str) -> None:
    settings = dataclasses.replace(SMALL, task=task, batch_size=64)
    loaded = data.load(task, SMALL.envs, 100, torch.Generator())
    made = Hosts(settings, loaded, torch.Generator(), CPU)
    for env in range(SMALL.envs):
        made.renew(env)
    before = made.validate(bare())[1].mean()
    for _ in range(40):
        made.learn(bare())
    assert made.validate(bare())[1].mean() > before + 20


def test_blueprints_differ_in_parameters() -> None:
    sizes = [blueprint.parameters(12) for blueprint in BLUEPRINTS]
    assert len(set(sizes)) == len(sizes) >= 4
    for blueprint, size in zip(BLUEPRINTS, sizes, strict=True):
        assert blueprint.initial(12, torch.Generator()).shape == (size,)
