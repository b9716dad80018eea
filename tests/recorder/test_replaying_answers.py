"""What replays answer, by a worker of their own, beside what the policy itself says."""

from __future__ import annotations

import math
import shutil
import sqlite3

import msgspec
import numpy as np
import pytest
import torch

from sanctum.errors import NoDataYet, SanctumError, UsageError
from sanctum.model.readings import MASKED, NOT_MEASURED, Measured, number
from sanctum.record.hall import Hall
from sanctum.record.hall import weights as of_hall
from sanctum.record.weights import saved
from sanctum.recorder.reading import opened
from sanctum.recorder.replaying import stretch
from sanctum.wire.places import hall_path
from tests.record.episodes import fame_of
from tests.recorder.replayed import FEATURES, OPS, Course, module

LEARNS_EVERY = 20
WITHIN_S = 30.0


class Made:
    """The run's record, what may be asked of it, and the policy of each update."""

    def __init__(self, folder) -> None:
        self.folder = folder
        course = self.course = Course(folder)
        course.save()
        self.policies = {0: {**course.policy.state_dict()}}
        self._clone(0)
        for _ in range(3):
            course.act(LEARNS_EVERY)
            course.learn()
            self.policies[course.version] = course.policy.state_dict()
            self._clone(course.version)
        course.act(LEARNS_EVERY)
        self.path = course.close()
        self.ask = opened(self.path)
        self._module = module(folder)

    def _clone(self, update: int) -> None:
        self.policies[update] = {name: one.clone() for name, one in self.policies[update].items()}

    def policy(self, update: int):
        found = self._module.Policy(8)
        found.load_state_dict(self.policies[update])
        return found

    def said(self, env: int, step: int, **changes):
        """The observation of a decision with some features changed, and its mask."""
        read = self.ask.decision_read(env, at=str(step))
        seen = {one.name: number(one.value) for one in read.features} | changes
        legal = [option.legal for option in read.heads[0].options]
        return torch.tensor([[seen[name] for name in FEATURES]]), torch.tensor([legal])

    def chances(self, update: int, env: int, step: int, **changes) -> list[float]:
        observation, legal = self.said(env, step, **changes)
        with torch.no_grad():
            found = self.policy(update).readings(observation, {"op": legal}, {})
        return found["probability/op"][0].tolist()

    def copy(self, name: str):
        """Another record of the same run, to be changed."""
        path = self.folder / f"{name}.sanctum.db"
        shutil.copyfile(self.path, path)
        return path


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANCTUM_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def made(home):
    return Made(home)


def test_a_decision_is_reproduced_with_the_weights_that_made_it(made):
    for step, update in ((0, 0), (19, 0), (20, 1), (45, 2), (79, 3)):
        answer = made.ask.replay_run(1, at=str(step))
        then, now = answer.evaluations
        assert (then.which, then.update, then.acted, then.reproduced) == (
            "then",
            update,
            True,
            True,
        ), step
        assert now.update == 3
        assert (now.acted, now.reproduced) == (update == 3, update == 3)
    assert answer.kept == [0, 1, 2, 3]
    assert (answer.step, answer.factory, answer.absent) == (79, "mine:made", {})
    assert (then.compared, then.dtype, then.device) == ("probabilities", "float32", "cpu")


def test_then_and_now_are_what_the_policies_say(made):
    answer = made.ask.replay_run(0, at="30")
    then, now = answer.evaluations
    for evaluation, update in ((then, 1), (now, 3)):
        again = [number(one.again) for one in evaluation.heads[0].options]
        assert again == pytest.approx(made.chances(update, 0, 30), abs=1e-6)
    recorded = [number(one.recorded) for one in now.heads[0].options]
    assert recorded == pytest.approx(made.chances(1, 0, 30), abs=1e-6)
    apart = max(abs(a - b) for a, b in zip(again, recorded, strict=True))
    assert number(now.difference) == pytest.approx(apart, abs=1e-6)
    assert now.choice == OPS[int(np.argmax(again))]
    assert answer.choice == then.choice == OPS[int(np.argmax(recorded))]


def test_a_head_that_had_no_part_is_left_out(made):
    heads = {}
    for step in range(80):
        answer = made.ask.replay_run(0, at=str(step))
        heads.setdefault(answer.action, [one.head for one in answer.evaluations[0].heads])
    assert heads["GERMINATE"] == ["op", "kind"]
    assert heads["WAIT"] == ["op"]


def changed(path, update: int, tensor: str):
    """Change one number of a tensor of saved weights, in the file itself."""
    with sqlite3.connect(path) as db:
        ((data,),) = db.execute("SELECT data FROM weights WHERE number = ?", (update,)).fetchall()
        size = int.from_bytes(data[:8], "little")
        begin, _ = msgspec.json.decode(data[8 : 8 + size])[tensor]["data_offsets"]
        at = 8 + size + begin
        (value,) = np.frombuffer(data[at : at + 4], "<f4")
        data = data[:at] + np.float32(value + 0.05).tobytes() + data[at + 4 :]
        db.execute("UPDATE weights SET data = ? WHERE number = ?", (data, update))
    db.close()
    return opened(path)


@pytest.mark.parametrize("tensor", ["trunk.weight", "op.bias", "critic.weight"])
def test_one_changed_weight_is_seen(made, tensor):
    ask = changed(made.copy(f"changed-{tensor}"), 2, tensor)
    ask = _by_the_worker_of(made, ask)
    then = ask.replay_run(0, at="45").evaluations[0]
    assert (then.acted, then.reproduced) == (True, False)
    is_of_value = tensor == "critic.weight"
    assert (number(then.difference) > 1e-5) is not is_of_value
    assert (number(then.value_difference) > 1e-3) is is_of_value
    assert ask.replay_run(0, at="65").evaluations[0].reproduced is True


def _by_the_worker_of(made, ask):
    """Have another record's replays computed by the worker that has torch loaded already."""
    _replays(ask)._jobs = _replays(made.ask)._jobs
    return ask


def _replays(ask):
    return ask._record.replays


def test_weights_that_were_thinned_out_are_stood_for_by_the_nearest_before(made):
    path = made.copy("thinned")
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM weights WHERE number IN (0, 2)")
    db.close()
    ask = _by_the_worker_of(made, opened(path))
    answer = ask.replay_run(0, at="45")
    then = answer.evaluations[0]
    assert (then.update, then.acted, then.reproduced) == (1, False, False)
    assert answer.notes == ["the weights of u2 are not kept: u1 is the nearest before"]
    early = ask.replay_run(0, at="5")
    assert [one.which for one in early.evaluations] == ["now"]
    assert early.absent["then"].startswith("no weights were kept that acted by step 5")
    whole = ask.replay_stretch(0, "0", "79")
    assert (whole.first_step, len(whole.rows)) == (20, 60)
    assert whole.notes == [
        "the weights of u2 are not kept: the nearest before stand for them",
        "20 decisions are left out: no weights were kept that acted by step 19; the first are"
        " those of u1",
    ]


def test_weights_that_go_while_a_stretch_is_evaluated_cost_their_rows_alone(made):
    path = made.copy("going")
    ask = _by_the_worker_of(made, opened(path))
    case = stretch.case_of(_replays(ask)._source, 0, "0", "79", None, False)
    plan = stretch.replay_stretch(case)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM weights WHERE number = 1")
    db.close()
    jobs = _replays(made.ask)._jobs
    answer = jobs.wait(jobs.ask(plan), WITHIN_S)
    assert [row.update for row in answer.rows] == [0] * 20 + [2] * 20 + [3] * 20
    assert answer.notes == ["20 decisions are left out: their weights went meanwhile"]
    assert answer.reproduced == 60


def test_a_stretch_is_evaluated_row_by_row_with_the_weights_of_each(made):
    answer = made.ask.replay_stretch(1, "0", "live")
    assert [row.step for row in answer.rows] == list(range(80))
    assert [row.update for row in answer.rows] == [step // LEARNS_EVERY for step in range(80)]
    assert (answer.reproduced, answer.compared, answer.now_update) == (80, 80, 3)
    assert number(answer.worst) < 1e-5
    for row in answer.rows[10:70:13]:
        then, now = (made.chances(update, 1, row.step) for update in (row.update, 3))
        assert row.then_choice == OPS[int(np.argmax(then))]
        assert row.disagrees == (np.argmax(then) != np.argmax(now))
        assert number(row.then) == pytest.approx(then[OPS.index(row.action)], abs=1e-6)
        assert number(row.recorded) == pytest.approx(number(row.then), abs=1e-6)
        assert number(row.now) == pytest.approx(now[OPS.index(row.action)], abs=1e-6)
    assert answer.disagreements == sum(row.disagrees for row in answer.rows) > 0


def test_a_stretch_too_long_is_answered_in_part_and_says_so(made, monkeypatch):
    monkeypatch.setattr(stretch, "MOST_ROWS", 10)
    answer = made.ask.replay_stretch(1, "20", "60")
    assert (answer.first_step, answer.last_step) == (20, 29)
    assert "these are the first 10 of 41 decisions; from step 30 on are the others" in answer.notes


def test_what_if_is_what_the_policy_says_of_the_changed_observation(made):
    answer = made.ask.replay_whatif(0, {"growth": 2.5, "spare": -1.0}, at="33")
    before = [number(one.before) for one in answer.options]
    after = [number(one.after) for one in answer.options]
    assert before == pytest.approx(made.chances(1, 0, 33), abs=1e-6)
    assert after == pytest.approx(made.chances(1, 0, 33, growth=2.5, spare=-1.0), abs=1e-6)
    assert (answer.choice_before, answer.choice_after) == (
        OPS[int(np.argmax(before))],
        OPS[int(np.argmax(after))],
    )
    first = answer.changes[0]
    assert (first.feature, first.after) == ("growth", 2.5)
    decision = made.ask.decision_read(0, at="33")
    growth = next(one for one in decision.features if one.name == "growth")
    assert first.before == pytest.approx(number(growth.value))
    assert number(first.distance) == pytest.approx(
        (2.5 - first.before) / number(growth.spread), rel=1e-4
    )


def test_a_change_of_what_never_moved_has_no_size(made):
    (change,) = made.ask.replay_whatif(0, {"still": 1.0}, at="33").changes
    assert change.distance == MASKED


def test_a_sweep_goes_through_the_range(made):
    answer = made.ask.replay_sweep(0, "accuracy", -2, 2, 5, at="33", which="now")
    assert [one.feature_value for one in answer.points] == [-2, -1, 0, 1, 2]
    assert (answer.update, answer.options) == (3, OPS)
    for point in answer.points:
        wanted = made.chances(3, 0, 33, accuracy=point.feature_value)
        assert [number(one) for one in point.probabilities] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("step", range(3, 80, 11))
def test_a_flip_flips_and_most_of_it_does_not(made, step):
    answer = made.ask.replay_flip(0, at=str(step))
    assert answer.features == 3
    assert answer.choice == made.ask.replay_run(0, at=str(step)).evaluations[0].choice
    assert answer.flips == sorted(answer.flips, key=lambda one: abs(one.distance))
    assert answer.notes == [f"not searched, since they never moved in steps 0 to {step - 1}: still"]
    for flip in answer.flips:
        whole = made.ask.replay_whatif(0, {flip.feature: flip.after}, at=str(step))
        assert (whole.choice_before, whole.choice_after) == (answer.choice, flip.choice)
        chosen = next(one for one in whole.options if one.name == flip.choice)
        assert number(chosen.after) == pytest.approx(flip.probability, abs=1e-6)
        part = flip.before + 0.9 * (flip.after - flip.before)
        most = made.ask.replay_whatif(0, {flip.feature: part}, at=str(step))
        assert most.choice_after == answer.choice
        rows, place = made.course.observations[:step], FEATURES.index(flip.feature)
        seen = [float(value) for row in rows for value in row[:, place]]
        assert (number(flip.least), number(flip.greatest)) == (min(seen), max(seen))


def test_a_flip_to_an_action_is_to_that_one(made):
    for step in range(0, 78, 3):  # CULL is legal at every third
        answer = made.ask.replay_flip(0, at=str(step)) if step else None
        if answer is None or answer.choice == "CULL":
            continue
        wanted = made.ask.replay_flip(0, "cull", at=str(step))
        assert wanted.wanted == "CULL"
        assert {flip.choice for flip in wanted.flips} <= {"CULL"}


def test_what_the_policy_chooses_already_needs_no_flip(made):
    choice = made.ask.replay_flip(0, at="33").choice
    with pytest.raises(UsageError, match=f"{choice} is what the policy chooses already"):
        made.ask.replay_flip(0, choice, at="33")


def test_before_anything_was_seen_no_change_has_a_size(made):
    answer = made.ask.replay_flip(0, at="0")
    assert (answer.features, answer.flips) == (0, [])
    (note,) = answer.notes
    assert note == "nothing was seen before this decision: no change has a size to search by"


@pytest.mark.parametrize("step", [1, 33, 70])
def test_saliency_adds_up_to_the_difference_of_log_probabilities(made, step):
    answer = made.ask.replay_saliency(0, at=str(step))
    taken = made.ask.replay_run(0, at=str(step)).action
    assert answer.action == taken
    update = step // LEARNS_EVERY
    own = math.log(made.chances(update, 0, step)[OPS.index(taken)])
    assert answer.log_probability == pytest.approx(own, abs=1e-5)
    difference = answer.log_probability - answer.baseline_log_probability
    assert answer.total == pytest.approx(difference, rel=0.01)
    assert number(answer.error) < 0.01
    assert sum(one.integrated for one in answer.features) == pytest.approx(answer.total)
    sizes = [abs(one.integrated) for one in answer.features]
    assert sizes == sorted(sizes, reverse=True)
    assert answer.baseline == f"the mean observation of steps 0 to {step - 1}"
    decision = made.ask.decision_read(0, at=str(step))
    means = {one.name: number(one.mean) for one in decision.features}
    assert {one.feature: one.baseline for one in answer.features} == pytest.approx(means, abs=1e-5)


def test_without_anything_before_it_saliency_is_from_zeros(made):
    answer = made.ask.replay_saliency(0, at="0")
    assert answer.baseline == "zeros"
    assert all(one.baseline == 0.0 for one in answer.features)


@pytest.mark.parametrize(
    ("asked", "sentence", "hint"),
    [
        (lambda ask: ask.replay_run(7), "no environment 7: this run has 2, 0 to 1", None),
        (lambda ask: ask.replay_run(0, at="99"), "99 is after the last step", None),
        (
            lambda ask: ask.replay_whatif(0, {"grwth": 1.0}),
            "there is no feature 'grwth'",
            "did you mean growth?",
        ),
        (
            lambda ask: ask.replay_whatif(0, {"zzzzzzz": 1.0}),
            "there is no feature 'zzzzzzz'",
            "there are growth, accuracy, still, spare",
        ),
        (
            lambda ask: ask.replay_whatif(0, {"growth": math.nan}),
            "growth=nan is not a finite number",
            None,
        ),
        (
            lambda ask: ask.replay_whatif(0, {"growth": 1e39}),
            "growth=1e+39 is not a finite number",
            None,
        ),
        (lambda ask: ask.replay_whatif(0, {}), "no change was given", "one is expected"),
        (lambda ask: ask.replay_sweep(0, "growth", 0, 1, 1), "1 points: 2 to 500", None),
        (lambda ask: ask.replay_sweep(0, "growth", 1, 1, 9), "growth from 1 to 1 is no", None),
        (lambda ask: ask.replay_flip(0, "PRUNE"), "'PRUNE' is no option of op", "there are WAIT"),
        (lambda ask: ask.replay_flip(0, "CULL", at="1"), "CULL was not legal at step 1", "legal"),
        (lambda ask: ask.replay_flip(0, which="soon"), "'soon' names no weights", "then, now"),
        (lambda ask: ask.replay_saliency(0, "GERMINAT"), "'GERMINAT' is no", "GERMINATE?"),
        (lambda ask: ask.replay_stretch(0, "9", "3"), "9 is after 3", "earlier"),
    ],
)
def test_what_cannot_be_asked_is_said(made, asked, sentence, hint):
    with pytest.raises(UsageError) as refused:
        asked(made.ask)
    assert refused.value.sentence.startswith(sentence)
    assert hint is None or hint in refused.value.hint


def test_a_hall_that_is_empty_is_said(made):
    with pytest.raises(NoDataYet, match="the hall of fame of digits is empty"):
        made.ask.replay_flip(0, which="hall:1")


@pytest.fixture
def course(home, tmp_path):
    """A run of a test's own, in the home of all."""
    folder = home / tmp_path.name
    folder.mkdir()
    return lambda **about: Course(folder, **about)


def ask_of(course, home):
    """Its record, put where this user's own are."""
    path = course.close()
    place = home / f"{path.parent.name}.sanctum.db"
    shutil.copyfile(path, place)
    return opened(place)


def test_a_run_without_weights_is_told_the_call_that_keeps_them(course, home):
    run = course()
    run.act(3)
    with pytest.raises(NoDataYet, match="no weights of the policy were kept") as none:
        ask_of(run, home).replay_run(0)
    assert none.value.hint.startswith('run.save_policy(update, policy, factory="module:function")')


def test_a_run_without_observations_is_told_the_call_that_records_them(course, home):
    run = course()
    run.save()
    run.act(3, leave_out=("observation",))
    with pytest.raises(NoDataYet, match="no observation of environment 0 was recorded") as none:
        ask_of(run, home).replay_saliency(0)
    assert none.value.hint.startswith("run.step(observation=...)")


def test_a_run_without_a_factory_is_told_to_name_one(course, home):
    run = course()
    run.save(factory=None)
    run.act(3)
    ask = ask_of(run, home)
    with pytest.raises(SanctumError, match="nobody said what makes a policy of") as none:
        ask.replay_flip(0)
    assert 'factory="module:function"' in none.value.hint
    with pytest.raises(SanctumError, match="nobody said what makes a policy of"):
        ask.replay_run(0)


def test_a_factory_in_the_script_itself_is_said_to_be_none(course, home):
    run = course()
    run.save(factory="__main__:made")
    run.act(3)
    with pytest.raises(SanctumError, match="one in __main__ cannot be imported elsewhere"):
        ask_of(run, home).replay_flip(0)


def test_a_record_of_another_host_is_run_only_when_it_is_trusted(made, course, home):
    run = course(host="far", directory=str(made.folder), path=[str(made.folder)])
    run.save()
    run.act(3)
    ask = _by_the_worker_of(made, ask_of(run, home))
    with pytest.raises(SanctumError, match="it is of a run on far") as refused:
        ask.replay_flip(0)
    assert refused.value.hint.startswith("--trust")
    with pytest.raises(SanctumError, match="it is of a run on far"):
        ask.replay_stretch(0, "0", "live")
    assert ask.replay_run(0, trust=True).evaluations[0].reproduced is True


def test_each_way_to_fail_is_said_and_the_other_weights_are_tried(made, course, home):
    run = course(directory=str(made.folder), path=[str(made.folder)])
    run.save(factory="mine:broken")
    run.act(2)
    run.learn(hidden=4)
    run.act(2)
    run.learn(factory="gone:made")
    run.act(2)
    run.learn()
    run.act(2)
    ask = _by_the_worker_of(made, ask_of(run, home))
    sentences = []
    for step in (0, 2, 4):
        answer = ask.replay_run(0, at=str(step))
        sentences.append(answer.absent["then"])
        assert [one.which for one in answer.evaluations] == ["now"]
    assert sentences[0] == "mine:broken failed: RuntimeError: this factory needs the simulator"
    assert sentences[1].startswith("the weights of update 1 do not fit the policy: trunk.weight")
    assert sentences[2] == "the factory's module gone is not found"
    with pytest.raises(SanctumError, match="needs the simulator") as failed:
        ask.replay_flip(0, at="0")
    assert "in broken" in failed.value.__notes__[0]


def test_a_policy_of_other_options_than_the_runs_is_not_compared(made, course, home):
    run = course(directory=str(made.folder), path=[str(made.folder)])
    run.save(factory="mine:other", says={"probability/op": 2})
    run.act(2)
    run.learn()
    run.act(2)
    ask = _by_the_worker_of(made, ask_of(run, home))
    sentence = "the policy that was made again has 2 options of op, the run 3"
    for asked in (
        lambda: ask.replay_stretch(0, "0", "live"),
        lambda: ask.replay_whatif(0, {"growth": 1.0}, at="1"),
    ):
        with pytest.raises(SanctumError, match=sentence):
            asked()
    assert ask.replay_run(0, at="1").absent == {"then": sentence}


def test_what_the_policy_does_not_say_again_is_named(made, course, home):
    run = course(directory=str(made.folder), path=[str(made.folder)])
    run.save(factory="mine:other", says={"probability/kind": 2, "value": 2})
    run.act(2)
    answer = _by_the_worker_of(made, ask_of(run, home)).replay_run(0)
    assert "then: the policy says no probability/op" in answer.notes


CONTINUOUS = ("actions", "probabilities", "masks")


def test_continuous_actions_are_compared_by_their_distribution(made, course, home):
    run = course(actions={}, directory=str(made.folder), path=[str(made.folder)])
    run.save(factory="mine:arm")
    numbers = np.array([0.5, 1.5])
    run.act(3, leave_out=CONTINUOUS, **{"action.0": numbers, "action_mean.0": numbers})
    ask = _by_the_worker_of(made, ask_of(run, home))
    then = ask.replay_run(0).evaluations[0]
    (head,) = then.heads
    (one,) = head.options
    assert (head.head, one.name, number(one.recorded)) == ("distribution", "action_mean.0", 0.5)
    assert then.compared == "distribution"
    assert number(then.difference) == pytest.approx(abs(number(one.again) - 0.5))
    (moved,) = ask.replay_whatif(0, {"growth": 3.0}).options
    assert number(moved.after) != number(moved.before) == pytest.approx(number(one.again))
    with pytest.raises(SanctumError, match="actions are continuous"):
        ask.replay_flip(0)
    with pytest.raises(NoDataYet, match="actions are continuous"):
        ask.decision_read(0)


def test_a_run_that_names_no_actions_is_not_called_continuous(made, course, home):
    run = course(actions={}, directory=str(made.folder), path=[str(made.folder)])
    run.save()
    run.act(3, leave_out=CONTINUOUS)
    ask = _by_the_worker_of(made, ask_of(run, home))
    for asked in (lambda: ask.replay_flip(0), lambda: ask.replay_whatif(0, {"growth": 1.0})):
        with pytest.raises(SanctumError, match="this run names no actions") as none:
            asked()
        assert "attach(actions=...)" in none.value.hint
    assert ask.replay_run(0).evaluations[0].compared == "value"


def test_of_a_single_head_the_recorded_log_probability_is_compared(made, course, home):
    run = course(actions={"op": OPS}, directory=str(made.folder), path=[str(made.folder)])
    run.save(factory="mine:other", says={"probability/op": 3, "value": 2})
    run.act(1, leave_out=("probabilities",), log_prob=np.log([0.25, 0.5]))
    answer = _by_the_worker_of(made, ask_of(run, home)).replay_run(0)
    again = {one.name: number(one.again) for one in answer.evaluations[0].heads[0].options}
    apart = abs(np.log(again[answer.action]) - np.log(0.25))
    assert answer.evaluations[0].compared == "log-probability"
    assert number(answer.evaluations[0].difference) == pytest.approx(apart, abs=1e-6)


def test_what_the_record_lacks_is_named_with_its_call(made, course, home):
    run = course(directory=str(made.folder), path=[str(made.folder)])
    run.save()
    run.act(1, leave_out=("probabilities", "value", "masks"))
    missing = _by_the_worker_of(made, ask_of(run, home)).replay_run(0).missing
    assert missing == {
        "value": "run.step(value=...)",
        "probabilities": "run.step(probabilities=...)",
        "legal ops": "run.step(masks=...)",
    }


def test_the_run_of_an_adapter_is_told_of_no_call_it_cannot_make(course, home):
    run = course(trainer="stable-baselines3 PPO")
    run.act(3)
    with pytest.raises(NoDataYet, match="no weights of the policy were kept") as none:
        ask_of(run, home).replay_run(0)
    assert none.value.hint is None


def in_the_hall(course, home, **about):
    """The hall of fame that holds one episode of a run, and the run's record to be asked."""
    run = course(task=f"halls{len(list(home.rglob('*.hall.db')))}", **about)
    into = Hall(hall_path(run.to.header.task), run.to.header.task)
    fame, _ = fame_of(run.to, into)
    run.save()
    for peak in (60.0, 90.0, 70.0):
        run.act(2, accuracy=np.full(2, peak))
        run.learn()
    run.run.episode(0, 0, step=5)
    fame.settle()
    return into, ask_of(run, home)


def test_an_entry_of_the_hall_holds_the_weights_of_its_peak(made, course, home):
    place = {"directory": str(made.folder), "path": [str(made.folder)]}
    into, ask = in_the_hall(course, home, **place)
    _by_the_worker_of(made, ask)
    assert into.entry(1).best_step == 2
    (weights,) = saved(into.reader(into.entry(1)), 1)
    assert weights == (1, 1)
    *_, best = ask.replay_run(1, at="5", hall=1).evaluations
    assert (best.which, best.update, best.acted, best.reproduced) == ("hall:1", 1, False, False)
    at_peak = ask.replay_run(0, at="hall:1")
    then, now = at_peak.evaluations
    assert (then.update, then.acted, then.reproduced, now.update) == (1, True, True, 3)
    assert at_peak.at.hall == 1
    assert ask.replay_flip(0, at="hall:1").update == 1
    assert ask.replay_whatif(0, {"growth": 0.0}, at="5", which="hall:1").update == 1
    later = ask.replay_stretch(0, "2", "3", at="hall:1:end")
    assert (later.reproduced, later.now_update) == (2, 3)


def test_an_entry_without_weights_says_so(made, course, home, monkeypatch):
    monkeypatch.setattr(of_hall, "MOST_BYTES", 100)
    place = {"directory": str(made.folder), "path": [str(made.folder)]}
    _, ask = in_the_hall(course, home, **place)
    _by_the_worker_of(made, ask)
    answer = ask.replay_run(0, hall=1)
    assert [one.which for one in answer.evaluations] == ["then", "now"]
    assert answer.absent["hall:1"].startswith("entry 1 of the hall of fame holds no weights: ")
    assert "those of u1 are" in answer.absent["hall:1"]
    assert ask.replay_run(0, at="hall:1").absent["then"] == answer.absent["hall:1"]
    with pytest.raises(UsageError, match="no rank 2"):
        ask.replay_run(0, hall=2)


def test_without_torch_the_extra_to_install_is_named(course, home):
    run = course()
    stub = home / "stub"
    stub.mkdir()
    (stub / "torch.py").write_text("raise ImportError('no torch here')\n")
    run.to.header.path.insert(0, str(stub))
    run.to.begin(run.to.header, 2.0, "boot")
    run.save()
    run.act(3)
    with pytest.raises(SanctumError, match="torch cannot be imported here") as none:
        ask_of(run, home).replay_run(0)
    assert "sanctum[replay]" in none.value.hint


def test_less_is_compared_where_less_was_recorded(made, course, home):
    run = course(directory=str(made.folder), path=[str(made.folder)])
    run.save()
    run.act(1, leave_out=("probabilities", "policy_version"))
    taken = np.array([[0.25], [0.5]])
    run.act(1, leave_out=("probabilities", "value"), **{"confidence.op": taken[:, 0]})
    run.act(1, leave_out=("probabilities", "value", "policy_version"))
    ask = _by_the_worker_of(made, ask_of(run, home))
    value, confidence, nothing = (
        ask.replay_run(0, at=str(step)).evaluations[0] for step in range(3)
    )
    assert (value.compared, value.reproduced, value.acted) == ("value", True, None)
    assert number(value.difference) < 1e-5
    again = {one.name: number(one.again) for one in confidence.heads[0].options}
    action = ask.replay_run(0, at="1").action
    assert confidence.compared == "confidence"
    assert number(confidence.difference) == pytest.approx(abs(again[action] - 0.25), abs=1e-6)
    assert (nothing.compared, nothing.reproduced, nothing.acted) == ("", None, None)
    assert nothing.difference == NOT_MEASURED


def test_a_feature_that_is_not_finite_is_said_and_nothing_is_made_up(made, course, home):
    run = course(directory=str(made.folder), path=[str(made.folder)])
    run.save()
    run.act(5)
    seen = np.zeros((2, 4), np.float32)
    seen[0, 1] = np.nan
    run.act(1, observation=seen)
    ask = _by_the_worker_of(made, ask_of(run, home))
    answer = ask.replay_run(0)
    assert answer.notes == ["not finite in the observation: accuracy"]
    assert not isinstance(answer.evaluations[0].heads[0].options[0].again, Measured)
    assert answer.evaluations[0].reproduced is False
    with pytest.raises(SanctumError, match="what the policy saw is not finite: accuracy"):
        ask.replay_saliency(0)
    with pytest.raises(SanctumError, match="accuracy was nan at step 5"):
        ask.replay_whatif(0, {"accuracy": 1.0})
