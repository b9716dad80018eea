"""Streams of Esper's events: clocks, groups, attempts, what is missing, and what makes no sense."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanctum.telemetry import Gap, RunEnded, Step
from tests.adapters.esper_events import (
    Heard,
    action,
    batch,
    changed,
    epoch,
    event,
    germinated,
    living,
    outcome,
    quiet,
    rolled_back,
    snapshot,
    started,
    updated,
)


def test_a_step_is_an_inner_epoch_of_a_round():
    heard = Heard(started(envs=2, epochs=3), *quiet(), *quiet(round=1)).close()
    run_id, time, about = heard.attempts[0]
    assert (run_id, about["envs"], about["rollout_steps"]) == ("it", 2, 3)
    assert (about["planned_updates"], about["planned_episodes"], about["planned_steps"]) == (
        2,
        4,
        6,
    )
    assert about["trainer"] == "esper PPO"
    assert about["config"]["lr"] == 3e-4
    assert time > 1.7e9
    assert [heard.cells(step, "env_step") for step in (0, 2, 3)] == [[1, 1], [3, 3], [1, 1]]
    assert heard.cells(4, "episode") == [2, 3]
    assert heard.gaps == []


def test_the_runs_own_label_names_it_unless_one_is_asked_for():
    assert Heard(started(), run_id=None).attempts[0][0] == "ppo_7"
    assert Heard(started(episode_id=""), run_id=None).attempts[0][0].startswith("esper-2026-01-")


def test_what_is_said_carries_the_time_of_its_event():
    events = [started(), epoch(0, 1), germinated(0), epoch(1, 1), action(0, 1), updated(), batch()]
    heard = Heard(*events).close()

    def seconds(event):
        return datetime.fromisoformat(event["timestamp"]).timestamp()

    assert heard.seeds()[0].time == heard.messages("germinated")[0].time == seconds(events[2])
    assert heard.end.time == seconds(events[-1])
    assert heard.attempts[0][1] == seconds(events[0])
    assert heard.all(Step)[0].time == seconds(events[3])
    assert heard.updates[0].time == seconds(events[5])


def test_a_row_is_one_message_for_all_environments():
    heard = Heard(started(envs=2, epochs=3), *quiet()).close()
    assert [frame.step for frame in heard.frames["it"] if hasattr(frame, "columns")] == [0, 1, 2]


def test_a_row_that_was_written_early_is_added_to():
    heard = Heard(started(), epoch(0, 1), action(0, 1))
    heard.translator.idle()
    assert heard.cells(0, "reward") == [0.125, None]
    heard.take(epoch(1, 1), action(1, 1)).close()
    assert heard.cells(0, "reward") == [0.125, 0.125]
    assert heard.cells(0, "accuracy") == [50.0, 50.0]
    assert heard.gaps == []


def test_an_update_waits_for_the_last_words_of_its_round():
    heard = Heard(started(), *quiet(), updated(), batch())
    heard.translator.idle()
    assert heard.updates == []
    heard.translator.idle()
    assert len(heard.updates) == 1
    heard.take(snapshot("action_distribution", action_counts={"WAIT": 6})).close()
    assert heard.updates[-1].scalars["action_count.WAIT"] == 6


def test_a_rollback_explains_a_decision_that_is_missing():
    heard = Heard(started(), epoch(0, 1), epoch(1, 1), action(0, 1), rolled_back(1))
    heard.take(epoch(0, 2), epoch(1, 2), action(0, 2), action(1, 2)).close()
    assert heard.cells(0, "rollback") == [0.0, 1.0]
    assert heard.cells(0, "reward") == [0.125, None]
    assert heard.gaps == []
    (line,) = heard.messages("rollback")
    assert (line.env, line.step, line.severity) == (1, 0, "critical")
    assert "divergence" in line.text and "9.5" in line.text


def test_an_epoch_that_did_not_come_is_a_gap():
    heard = Heard(started(epochs=4), epoch(0, 1), epoch(1, 1), epoch(0, 4), epoch(1, 4)).close()
    (gap,) = heard.gaps
    assert (gap.what, gap.first_step, gap.last_step, gap.count) == ("columns", 1, 2, 4)


def test_epochs_that_are_missing_at_the_start_are_a_gap():
    (gap,) = Heard(started(), epoch(0, 3), epoch(1, 3)).close().gaps
    assert (gap.what, gap.first_step, gap.last_step, gap.count) == ("columns", 0, 1, 4)


def test_an_environment_that_fell_silent_is_one_gap_over_all_its_steps():
    heard = Heard(started(epochs=5), *quiet(epochs=1))
    for inner in (2, 3, 4):
        heard.take(epoch(0, inner), action(0, inner))
    heard.take(epoch(0, 5), epoch(1, 5), action(0, 5), action(1, 5)).close()
    (gap,) = heard.gaps
    assert (gap.first_step, gap.last_step) == (1, 3)
    assert gap.reason == "no EPOCH_COMPLETED of environment 1"


def test_a_decision_that_nothing_explains_is_a_gap():
    heard = Heard(started(), *quiet(epochs=1), epoch(0, 2), epoch(1, 2), action(0, 2))
    heard.take(epoch(0, 3), epoch(1, 3), action(0, 3), action(1, 3)).close()
    (gap,) = heard.gaps
    assert (gap.first_step, gap.last_step, gap.count) == (1, 1, 1)
    assert "no last_action of environment 1" in gap.reason


def test_an_episode_whose_end_was_not_told_is_a_gap():
    ends = [outcome(0), outcome(1), outcome(1, episode=3)]
    heard = Heard(started(), *quiet(), *ends[:2], batch(1), *quiet(round=1), ends[2], batch(2))
    (gap,) = (one for one in heard.close().gaps if one.what != "updates")
    assert (gap.what, gap.first_step, gap.last_step, gap.count) == ("episodes", 5, 5, 1)
    assert gap.reason == "no EPISODE_OUTCOME of environment 0"


def test_episodes_end_with_their_round_where_no_epoch_is_told():
    ends = [outcome(episode % 2, episode=episode) for episode in range(4)]
    log = event("MORPHOLOGY_CAUSAL_LOG", {"env_id": 0, "action_id": "morph-b1-e2-env0-r0c0-op1"})
    heard = Heard(started(), *ends[:2], batch(1), log, *ends[2:], batch(2)).close()
    assert [one.step for one in heard.episodes] == [2, 2, 5, 5]
    assert [one.what for one in heard.gaps] == ["updates", "updates"]


def test_a_run_that_was_resumed_in_the_middle_of_a_count_goes_on_by_rounds():
    rounds = (3, 5, 7)
    events = [
        epoch(env, inner, episode=first + env)
        for first in rounds
        for inner in (1, 2, 3)
        for env in (0, 1)
    ]
    heard = Heard(started(rounds=5, n_episodes=9, start_episode=3), *events).close()
    assert [heard.cells(step, "episode") for step in (3, 6, 9)] == [[3, 4], [5, 6], [7, 8]]
    assert heard.gaps == [] and len(heard.attempts) == 1


def test_a_run_that_never_tells_decisions_has_no_gaps_for_it():
    heard = Heard(started(), *(epoch(env, inner) for inner in (1, 2, 3) for env in (0, 1))).close()
    assert heard.gaps == []


def test_what_the_sender_dropped_is_a_gap_and_counted():
    heard = Heard(started(), epoch(0, 1))
    heard.translator.drop(5)
    heard.translator.drop(5)
    heard.translator.drop(12)
    heard.close()
    assert [gap.count for gap in heard.gaps] == [5, 7]
    assert heard.source.dropped == 12


def test_lines_that_could_not_be_read_are_kept_up_to_a_number_and_counted():
    heard = Heard()
    for number in range(25):
        heard.translator.refuse(f"line {number}: not JSON")
    heard.take(started(), epoch(0, 1)).close()
    assert heard.source.refused_count == 25
    assert heard.source.refused[0] == "line 0: not JSON"
    assert len(heard.source.refused) == len(heard.messages("import")) == 20
    assert heard.messages("import")[0].severity == "warn"


@pytest.mark.parametrize(
    ("strange", "sentence"),
    [
        ({"event_type": "EPOCH_COMPLETED", "data": [1]}, "are no object"),
        ({"data": {}}, "it has no event_type"),
        (epoch(7, 2), "environment 7; there are 0 to 1"),
        (epoch(0, 99), "inner epoch 99; there are 1 to 3"),
        (epoch(0, 1), "has told of epoch 1 already"),
        (event("SEED_GERMINATED", {"env_id": 0}), "it names no slot"),
        (event("SEED_PRUNED", {"slot_id": "r0c0"}), "it names no environment"),
        (event("TRAINING_STARTED", {}), "does not say n_envs"),
        (event("MORPHOLOGY_CAUSAL_LOG", {"env_id": 0}), "it has no action_id"),
        (event("PHASE_PROFILE_COMPLETED", {}), "it names no epoch"),
    ],
)
def test_an_event_that_makes_no_sense_is_said_once_and_counted(strange, sentence):
    again = {**strange, "event_id": "another"}
    heard = Heard(started(), epoch(0, 1), strange, again, epoch(1, 1)).close()
    (line,) = heard.messages("import")
    assert sentence in line.text
    assert heard.source.refused_count == 2
    assert heard.cells(0, "accuracy") == [50.0, 50.0]


def test_an_event_that_stands_twice_in_a_file_counts_once():
    twice = [*quiet(epochs=1), germinated(0), outcome(0), batch(1)]
    heard = Heard(started(), *(one for one in twice for _ in range(2))).close()
    assert len(heard.messages("germinated")) == len(heard.episodes) == 1
    assert heard.source.refused_count == len(twice)
    (line,) = heard.messages("import")
    assert "came before" in line.text


def test_fields_of_a_newer_esper_are_kept_where_they_are_numbers():
    seeds = {"r0c1": living(share=0.25, step=9, words="x")}
    heard = Heard(started(), epoch(0, 1, seeds=seeds, committed_accuracy=48.5, words="x")).close()
    assert heard.cells(0, "context/committed_accuracy") == [48.5, None]
    assert heard.seeds()[-1].numbers["share"] == 0.25
    assert heard.seeds()[-1].step == 0


def test_an_event_of_an_unknown_type_is_kept_whole():
    heard = Heard(started(), epoch(0, 1), event("BRAND_NEW", {"x": [1, {"y": 2}]})).close()
    (line,) = heard.messages("esper")
    assert line.data["event_type"] == "BRAND_NEW"
    assert line.data["data"] == {"x": [1, {"y": 2}]}
    assert heard.source.unknown == 1
    assert heard.source.counts == {"TRAINING_STARTED": 1, "EPOCH_COMPLETED": 1, "BRAND_NEW": 1}


def test_groups_are_runs_of_their_own_and_nameless_events_follow_their_environment():
    heard = Heard(started(group_id="A"), *quiet(group_id="A"), run_id="ab")
    heard.take(started(group_id="B"), *quiet(epochs=2, group_id="B"), rolled_back(1))
    hacking = event("REWARD_HACKING_SUSPECTED", {"pattern": "x"}, seed_id="ep1_env1_seed_0")
    heard.take(hacking, event("GRADIENT_ANOMALY", {"anomaly_type": "lstm_nan"}, group_id=""))
    heard.close()
    assert [run.run_id for run in heard.translator.runs] == ["ab-A", "ab-B"]
    for type in ("rollback", "reward_hacking", "lstm_nan"):
        assert heard.messages(type, "ab-A") == []
        assert len(heard.messages(type, "ab-B")) == 1
    assert heard.messages("reward_hacking", "ab-B")[0].env == 1
    assert heard.cells(2, "accuracy", "ab-A") == [50.0, 50.0]


def test_groups_whose_names_are_no_names_of_runs_are_told_apart():
    heard = Heard(*(started(group_id=name) for name in ("\u00c4", "\u00d6", "a b", "A" * 99)))
    names = [run.run_id for run in heard.close().translator.runs]
    assert names == ["it-group1", "it-group2", "it-ab", f"it-{'A' * 20}"]


def test_a_reading_too_large_for_its_column_is_not_made_infinite():
    heard = Heard(started(), epoch(0, 1, val_loss=1e300), epoch(1, 1)).close()
    assert heard.cells(0, "val_loss") == [1e300, 1.25]


def test_a_second_start_is_the_next_attempt():
    heard = Heard(started(), *quiet(), batch(1), started(), *quiet()).close()
    assert [run_id for run_id, _, _ in heard.attempts] == ["it", "it"]
    first, second = heard.all(RunEnded)
    assert first.how == second.how == "ended"
    assert first.why == "the recording stops after 1 of 2 rounds"


def test_a_run_that_goes_on_from_a_checkpoint_begins_at_its_round():
    loaded = event("CHECKPOINT_LOADED", {"path": "a.pt", "start_episode": 2})
    heard = Heard(loaded, started(start_episode=2, resume_path="a.pt"), *quiet(round=1)).close()
    assert heard.cells(3, "env_step") == [1.0, 1.0]
    assert heard.cells(3, "policy_version") == [1.0, 1.0]
    assert len(heard.messages("checkpoint")) == 1
    assert heard.gaps == []


def test_a_recording_that_begins_in_the_middle_is_taken_as_it_is():
    middle = quiet(envs=2, epochs=3, round=4)[4:]
    heard = Heard(*middle, updated(5, inner_epoch=3), batch(5, rounds=9)).close()
    (_, _, about) = heard.attempts[0]
    assert (about["envs"], about["rollout_steps"], about["planned_updates"]) == (2, 3, 9)
    assert about["slots"] == ("r0c0", "r0c1")
    assert heard.cells(13, "env_step") == [2.0, 2.0]
    assert heard.gaps == []
    assert "no TRAINING_STARTED" in heard.messages("import")[0].text
    assert heard.end.why == "the recording stops after 5 of 9 rounds"


def test_a_few_events_without_a_start_are_a_run_too():
    heard = Heard(*quiet(envs=2, epochs=2)).close()
    assert heard.attempts[0][2]["envs"] == 2
    assert heard.cells(1, "accuracy") == [50.0, 50.0]


def test_events_that_show_no_environment_are_counted():
    heard = Heard(event("PLATEAU_DETECTED", {})).close()
    assert heard.attempts == []
    assert heard.translator.counts == {"PLATEAU_DETECTED": 1}


def test_a_start_that_was_lost_is_seen_when_the_steps_go_back():
    heard = Heard(started(), *quiet(), *quiet(round=1), *quiet(epochs=2)).close()
    assert len(heard.attempts) == 2
    first, _ = heard.all(RunEnded)
    assert "the steps go back" in first.why


@pytest.mark.parametrize(
    ("rounds_done", "how", "why"),
    [(2, "finished", None), (1, "ended", "the recording stops after 1 of 2 rounds")],
)
def test_how_it_ended_is_told_by_the_episodes_that_were_planned(rounds_done, how, why):
    heard = Heard(started())
    for number in range(rounds_done):
        heard.take(*quiet(round=number), batch(number + 1))
    heard.close()
    assert (heard.end.how, heard.end.why) == (how, why)
    assert heard.translator.is_finished == (how == "finished")


def test_a_recording_that_stops_within_a_round_says_where():
    heard = Heard(started(), *quiet(), batch(1), *quiet(epochs=2, round=1)).close()
    assert heard.end.why == "the recording stops after 1 of 2 rounds, in epoch 2 of 3 of the next"


def test_who_closes_it_may_say_how_and_twice_is_once():
    heard = Heard(started(), *quiet()).close("interrupted", "Ctrl-C")
    heard.close()
    assert (heard.end.how, heard.end.why) == ("interrupted", "Ctrl-C")


def heuristic(number, **about):
    return started(envs=1, epochs=2, rounds=2, episode_id=f"heur_{1000 * number}", **about)


def test_a_heuristic_run_starts_every_episode_and_stays_one_run():
    sums = {"gradient_norm": 0.5, "gradient_health": 0.75}
    heard = Heard(snapshot("heuristic_config", episodes=2, slots=["r0c0"]), run_id=None)
    for number in (1, 2):
        heard.take(heuristic(number))
        for inner in (1, 2):
            heard.take(epoch(0, inner, 0, seeds={"__aggregate__": sums}, train_loss=0.5))
        done = {"episode": number, "episodes_total": 2, "final_accuracy": 70.0}
        heard.take(snapshot("heuristic_episode", total_reward=1.5, **done))
    heard.close()
    ((run_id, _, about),) = heard.attempts
    assert run_id == "heur_1000"
    assert about["trainer"] == "esper heuristic"
    assert [heard.cells(step, "env_step", run_id)[0] for step in range(4)] == [1, 2, 1, 2]
    assert heard.cells(3, "episode", run_id) == [1.0]
    assert heard.cells(0, "loss", run_id) == [0.5]
    assert heard.cells(0, "seeds_gradient_norm", run_id) == [0.5]
    assert len(heard.messages("heuristic_config", run_id)) == 1
    assert len(heard.messages("heuristic_episode", run_id)) == 2
    assert heard.all(Gap, run_id) == []
    assert heard.all(RunEnded, run_id)[0].how == "finished"


def test_an_epoch_that_did_not_come_is_known_from_the_action():
    heard = Heard(started(envs=1, epochs=5), epoch(0, 1), action(0, 1))
    heard.take(germinated(0, at=(0, 2)), action(0, 2, "GERMINATE")).close()
    assert heard.seeds()[0].step == 1
    assert heard.cells(1, "reward") == [0.125]
    assert heard.cells(1, "accuracy") == []


def test_a_change_of_environments_is_said():
    heard = Heard(started(), *quiet(), updated(), batch(1, n_envs=3)).close()
    assert "a round of 3 environments" in heard.messages("import")[0].text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
SOUND = [
    *quiet(),
    germinated(0),
    epoch(0, 3, 3, seeds={"r0c1": living()}),
    updated(),
    batch(),
    rolled_back(0),
]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_that_an_event_holds_raises(data):
    heard = Heard(started(), *quiet(epochs=1))
    for _ in range(6):
        one = dict(data.draw(st.sampled_from(SOUND)))
        key = data.draw(st.sampled_from(["data", "event_type", "timestamp", "group_id", "inside"]))
        if key == "inside" and isinstance(one["data"], dict):
            inside = data.draw(st.sampled_from(sorted(one["data"])))
            one["data"] = {**one["data"], inside: data.draw(JSON)}
        else:
            one[key] = data.draw(JSON)
        heard.take(one)
    heard.translator.idle()
    heard.close()
    for frames in heard.frames.values():
        assert any(isinstance(one, RunEnded) for one in frames)
    assert [run.refused for run in heard.translator.runs] == [0] * len(heard.translator.runs)


def test_events_in_any_order_raise_nothing():
    events = [started(), *SOUND, *quiet(round=1)]
    for number in range(20):
        random.Random(number).shuffle(events)
        Heard(*events).close()


def test_what_an_environment_says_in_an_epoch_is_of_it_though_its_end_was_lost():
    heard = Heard(started(epochs=4), *quiet(epochs=1), epoch(0, 2), action(0, 2), action(1, 2))
    heard.take(changed(1, "PRUNED", "EMBARGOED"), rolled_back(1)).close()
    assert heard.seeds(env=1)[0].step == 1
    assert heard.messages("rollback")[0].step == 1
    assert heard.source.refused_count == 0


def test_rounds_whose_end_was_lost_are_over_when_the_next_begins():
    heard = Heard(started(rounds=5), *quiet(), *quiet(round=1), *quiet(epochs=2, round=2)).close()
    assert heard.end.why == "the recording stops after 2 of 5 rounds, in epoch 2 of 3 of the next"
