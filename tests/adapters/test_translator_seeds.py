"""Seeds, gates, matrices and the morphology log of Esper's, as a seed's life."""

from __future__ import annotations

import pytest

from sanctum.adapters.translation import gates
from tests.adapters.esper_events import (
    Heard,
    action,
    changed,
    epoch,
    germinated,
    living,
    matrix,
    morphology,
    quiet,
    seed,
    snapshot,
    started,
)


def one_env(*events, epochs=50, rounds=2):
    return Heard(started(envs=1, epochs=epochs, rounds=rounds), *events)


def test_a_seed_is_followed_from_its_germination():
    heard = one_env(epoch(0, 1, val_accuracy=40.0), germinated(0), action(0, 1, "GERMINATE"))
    grown = living("TRAINING", grad_ratio=0.0, has_vanishing=True, accuracy_delta=0.0, alpha=0.0)
    heard.take(epoch(0, 2, seeds={"r0c1": grown}, val_accuracy=46.5)).close()
    first, *_, last = heard.seeds()
    assert (first.stage, first.step, first.cause) == ("GERMINATED", 0, "GERMINATE")
    assert first.numbers["parameters"] == 33
    assert (last.stage, last.step, last.blueprint) == ("TRAINING", 1, "norm")
    assert last.numbers["improvement"] == 6.5
    assert last.numbers["gradient_health"] == 0.0
    assert last.numbers["stage_improvement"] is None
    assert last.numbers["contribution"] is None
    assert last.numbers["contribution_velocity"] is None


def test_gradients_that_were_not_measured_are_no_zero():
    young = living("GERMINATED", grad_ratio=0.0, alpha=0.0)
    heard = one_env(epoch(0, 1, seeds={"r0c1": young})).close()
    numbers = heard.seeds()[0].numbers
    assert numbers["gradient_health"] is numbers["vanishing"] is numbers["exploding"] is None


def test_a_change_of_stage_names_the_op_behind_it_or_that_there_was_none():
    heard = one_env(epoch(0, 1), germinated(0), changed(0, "GERMINATED", "TRAINING", op="ADVANCE"))
    heard.take(changed(0, "PRUNED", "EMBARGOED")).close()
    assert [one.cause for one in heard.seeds()] == ["GERMINATE", "ADVANCE", "by itself"]


def test_a_scheduled_prune_says_that_the_seed_is_dying():
    heard = one_env(epoch(0, 1), germinated(0), changed(0, "BLENDING", "HOLDING", op="ADVANCE"))
    heard.take(epoch(0, 2, seeds={"r0c1": living("HOLDING")}))
    heard.take(changed(0, "HOLDING", "BLENDING", op="PRUNE", at=(0, 2)))
    heard.take(action(0, 2, "PRUNE", alpha_speed="MEDIUM", alpha_curve="COSINE"))
    heard.take(epoch(0, 3, seeds={"r0c1": living("BLENDING", alpha=0.25)}))
    heard.take(changed(0, "BLENDING", "PRUNED"), seed("PRUNED", 0, reason="scheduled_prune"))
    heard.close()
    states = heard.seeds()
    dying = next(one for one in states if one.stage == "BLENDING")
    assert "dying" in dying.cause
    assert dying.numbers["alpha_target"] == 0.0
    assert "over 5 epochs" in heard.messages("dying")[0].text
    assert states[-1].stage == "PRUNED"
    assert states[-1].cause == "PRUNE, once alpha had fallen to 0"


@pytest.mark.parametrize(
    ("reason", "initiator", "cause"),
    [
        ("", "policy", "PRUNE"),
        ("governor_nan", "governor", "the governor: not a number"),
        ("something new", "policy", "something new"),
        ("", "environment", "pruned by the environment"),
    ],
)
def test_a_pruning_says_its_cause_with_the_stage(reason, initiator, cause):
    heard = one_env(epoch(0, 1), germinated(0), changed(0, "TRAINING", "PRUNED", op="PRUNE"))
    heard.take(seed("PRUNED", 0, reason=reason, initiator=initiator, epochs_total=5)).close()
    last = heard.seeds()[-1]
    assert (last.stage, last.cause) == ("PRUNED", cause)
    assert heard.messages("pruned")[0].text == f"norm after 5 epochs pruned: {cause}"


def test_a_fossilized_seed_keeps_what_it_contributes():
    said = {"blueprint_id": "norm", "counterfactual": 2.5, "params_added": 33, "alpha": 1.0}
    heard = one_env(epoch(0, 1), germinated(0), seed("FOSSILIZED", 0, op="FOSSILIZE", **said))
    last = heard.close().seeds()[-1]
    assert (last.stage, last.numbers["contribution"], last.cause) == (
        "FOSSILIZED",
        2.5,
        "FOSSILIZE",
    )
    assert heard.messages("fossilized")[0].data["params_added"] == 33


def test_seeds_are_gone_when_the_environment_is_rebuilt():
    heard = one_env(epoch(0, 1), germinated(0), action(0, 1, "GERMINATE"), epochs=1)
    heard.take(epoch(0, 1, episode=1), action(0, 1, episode=1)).close()
    last = heard.seeds()[-1]
    assert (last.stage, last.step, last.cause) == ("DORMANT", 1, "the environment was rebuilt")


def test_a_stage_that_no_event_told_is_taken_from_the_epoch():
    heard = one_env(epoch(0, 1), germinated(0), epoch(0, 2, seeds={"r0c1": living("TRAINING")}))
    heard.take(epoch(0, 3)).close()
    states = [(one.step, one.stage, one.cause) for one in heard.seeds()]
    assert states[1:] == [
        (1, "TRAINING", "no event told of it"),
        (2, "DORMANT", "no event told of it"),
    ]


def test_alpha_goes_where_the_decision_said():
    heard = one_env(epoch(0, 1), germinated(0), action(0, 1, "GERMINATE", alpha_target=1.0))
    heard.take(epoch(0, 2, seeds={"r0c1": living()}))
    heard.take(action(0, 2, "SET_ALPHA_TARGET", alpha_target=0.5))
    heard.take(epoch(0, 3, seeds={"r0c1": living()}))
    heard.take(action(0, 3, "SET_ALPHA_TARGET", alpha_target=0.7, action_success=False)).close()
    targets = [(s.step, t) for s in heard.seeds() if (t := s.numbers.get("alpha_target"))]
    assert targets == [(0, 1.0), (1, 1.0), (1, 0.5), (2, 0.5)]


def test_a_gate_that_refuses_says_what_is_lacking_and_what_was_needed():
    said = {
        "gate": "G2",
        "passed": False,
        "target_stage": "BLENDING",
        "checks_passed": ["no_exploding_gradients"],
        "checks_failed": ["insufficient_training_3_of_10", "gradient_health_low_0.50_need_0.70"],
    }
    heard = one_env(epoch(0, 1), germinated(0), seed("GATE_EVALUATED", 0, **said)).close()
    last = heard.seeds()[-1]
    assert last.gate == "G2"
    assert last.gate_inputs == {
        "training": (3.0, 10.0),
        "gradient_health": (0.5, 0.7),
        "no_exploding_gradients": (1.0, 1.0),
    }
    (line,) = heard.messages("gate")
    assert line.text.startswith("gate G2 keeps norm out of BLENDING: insufficient_training_3_of_10")


@pytest.mark.parametrize(
    ("check", "name", "value"),
    [
        ("alpha_target_not_full_0.50", "alpha_target", (0.5, 1.0)),
        ("alpha_not_at_target_0.68_target_0.70_mode_UP", "alpha", (0.68, 0.7)),
        ("alpha_not_at_target_0.70_target_0.50_mode_DOWN", "alpha_at_target", (0.0, 1.0)),
        ("exploding_gradients", "exploding_gradients", (0.0, 1.0)),
        ("something_new_3_of_4", "something_new_of", (0.0, 1.0)),
    ],
)
def test_checks_of_gates_become_values_and_needs(check, name, value):
    assert gates.inputs(["trained_12_epochs"], [check]) == {name: value}


def test_a_gate_that_passes_is_an_event_alone():
    said = {"gate": "G1", "passed": True, "target_stage": "TRAINING", "checks_passed": ["x"]}
    heard = one_env(epoch(0, 1), germinated(0), seed("GATE_EVALUATED", 0, **said)).close()
    assert len(heard.seeds()) == 1
    assert heard.messages("gate")[0].text == "gate G1 lets norm into TRAINING"


def counterfactual(accuracies, **data):
    heard = one_env(matrix(0, accuracies, **data), epoch(0, 1))
    (line,) = heard.close().messages("counterfactual")
    return line.data


def test_the_repeated_mask_of_one_seed_is_the_whole_not_another_seed():
    data = counterfactual({"0": 80.0, "1": 82.0, "1'": 83.0}, strategy="ablation_only")
    assert data["configs"] == [
        {"on": [], "accuracy": 80.0},
        {"on": ["r0c0"], "accuracy": 83.0},
    ]
    assert data["contributions"] == {"r0c0": 3.0}
    assert data["repeated"] == [{"on": ["r0c0"], "accuracy": 82.0}]
    assert data["synergy"] is None
    assert data["pairs"] == []


def test_two_seeds_have_the_synergy_that_follows_from_their_matrix():
    data = counterfactual({"00": 55.0, "10": 58.0, "01": 56.0, "11": 61.0})
    assert data["contributions"] == {"r0c0": 5.0, "r0c1": 3.0}
    assert data["pairs"] == [{"slots": ["r0c0", "r0c1"], "synergy": 2.0}]
    assert data["synergy"] == 2.0


def test_three_seeds_have_contributions_pairs_and_a_synergy():
    accuracies = {"000": 50, "100": 52, "010": 51, "001": 50, "110": 55, "101": 52, "011": 51}
    data = counterfactual({**{m: float(a) for m, a in accuracies.items()}, "111": 57.0})
    assert data["contributions"] == {"r0c0": 6.0, "r0c1": 5.0, "r0c2": 2.0}
    assert [one["synergy"] for one in data["pairs"]] == [2.0, 0.0, 0.0]
    assert data["synergy"] == 4.0


def test_four_seeds_lack_the_triples_that_their_label_promises():
    masks = ["0000", "1000", "0100", "0010", "0001", "1100", "1010", "1001", "0110", "0101"]
    accuracies = {mask: 50.0 + mask.count("1") for mask in [*masks, "0011", "1111"]}
    data = counterfactual(accuracies)
    assert data["strategy"] == "full_factorial"
    assert data["contributions"] == {}
    assert len(data["pairs"]) == 6
    assert data["synergy"] == 0.0


def test_of_five_seeds_the_accuracy_without_any_is_a_stand_in():
    data = counterfactual({"00000": 40.0, "10000": 45.0, "11111": 60.0})
    assert data["none"] is None
    assert data["stand_in"] == 40.0
    assert data["synergy"] is None


def test_a_matrix_belongs_to_the_epoch_that_follows_it():
    heard = one_env(epoch(0, 1), germinated(0), matrix(0, {"0": 80.0, "1": 83.0}, slots=["r0c1"]))
    heard.take(epoch(0, 2, seeds={"r0c1": living()})).close()
    assert heard.messages("counterfactual")[0].step == 1
    assert heard.seeds()[-1].numbers["contribution"] == 3.0


def test_interactions_are_computed_for_two_seeds_and_absent_where_nobody_did():
    two = {"r0c0": living(), "r0c1": living()}
    heard = one_env(
        matrix(0, {"00": 55.0, "10": 58.0, "01": 56.0, "11": 61.0}), epoch(0, 1, seeds=two)
    )
    numbers = heard.close().seeds()[0].numbers
    assert (numbers["interaction_sum"], numbers["boost_received"]) == (2.0, 2.0)
    alone = one_env(epoch(0, 1, seeds={"r0c1": living()})).close().seeds()[0].numbers
    assert alone["interaction_sum"] is alone["boost_received"] is None
    three = {slot: living() for slot in ("r0c0", "r0c1", "r0c2")}
    many = one_env(epoch(0, 1, seeds=three)).close().seeds()[0].numbers
    assert (many["interaction_sum"], many["boost_received"]) == (0.0, 0.0)


def test_a_contribution_that_no_matrix_told_is_taken_from_the_decision():
    heard = one_env(epoch(0, 1, seeds={"r0c1": living()}))
    heard.take(action(0, 1, components={"seed_contribution": -2.0})).close()
    assert heard.seeds()[-1].numbers["contribution"] == -2.0


def test_a_matrix_that_does_not_fit_its_slots_is_left_out():
    heard = one_env(matrix(0, {"00": 50.0}, slots=["r0c1"]))
    heard.take(epoch(0, 1)).close()
    assert "a mask of 2 for 1 slots" in heard.messages("import")[0].text


def test_shapley_values_come_before_the_last_epoch_and_belong_to_it():
    heard = one_env(epoch(0, 1), germinated(0), epochs=2)
    values = {"r0c1": {"mean": 12.5, "std": "0.5", "n_samples": 20}}
    heard.take(snapshot("shapley_computed", env_id=0, episode_idx=0, shapley_values=values))
    heard.take(epoch(0, 2, seeds={"r0c1": living()})).close()
    last = heard.seeds()[-1]
    assert (last.step, last.numbers["shapley"], last.numbers["shapley_std"]) == (1, 12.5, 0.5)
    (line,) = heard.messages("shapley")
    assert line.step == 1
    assert line.data["values"]["r0c1"]["n_samples"] == 20


def test_shapley_values_after_the_last_epoch_are_not_kept_waiting():
    heard = one_env(*quiet(envs=1, epochs=2), epochs=2)
    heard.take(snapshot("shapley_computed", env_id=0, episode_idx=0, shapley_values={}))
    heard.translator.idle()
    assert heard.messages("shapley")[0].step == 1


def test_the_log_of_an_action_is_one_event():
    phases = ("proposal", "verdict", "mutation", "dispatch", "commit")
    heard = one_env(epoch(0, 1), *(morphology(0, phase) for phase in phases))
    heard.take(action(0, 1, "GERMINATE", style="SIGMOID_ADD", alpha_algorithm="ADD")).close()
    (line,) = heard.messages("morphology")
    assert (line.text, line.severity, line.step, line.slot) == (
        "GERMINATE norm done",
        "debug",
        0,
        "r0c1",
    )
    assert line.data["phases"] == list(phases)
    assert line.data["rng_seed"] == "16313928295285828931"
    assert (line.data["approved"], line.data["style"]) == (True, "SIGMOID_ADD")


def test_an_action_that_the_governor_blocked_is_a_warning_that_says_why():
    heard = one_env(epoch(0, 1), morphology(0, "proposal"))
    blocked = {"governor_approved": False, "governor_blocked_factor": "active_seed_capacity"}
    heard.take(morphology(0, "verdict", severity="warning", **blocked), action(0, 1)).close()
    (line,) = heard.messages("morphology")
    assert line.severity == "warn"
    assert line.text == "GERMINATE norm blocked: active_seed_capacity"
    assert line.data["blocked"] == "active_seed_capacity"


def test_an_action_that_was_undone_later_is_a_second_event_of_then():
    phases = ("proposal", "verdict", "mutation", "dispatch", "commit")
    heard = one_env(epoch(0, 1), *(morphology(0, phase) for phase in phases))
    heard.take(action(0, 1, "GERMINATE"), epoch(0, 2))
    for phase in ("rollback", "cooldown", "audit"):
        heard.take(morphology(0, phase, severity="warning", watch_window_evidence=9.5))
    heard.close()
    _, undone = heard.messages("morphology")
    assert (undone.step, undone.severity) == (1, "warn")
    assert undone.text == "GERMINATE norm undone by the governor at loss 9.5"
