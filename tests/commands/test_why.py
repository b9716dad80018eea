"""Why, as a person reads it: what may be typed, the claim first, what nobody measured."""

from __future__ import annotations

import json

import msgspec
import pytest

from sanctum.command import Facts, Report, Table, UsageError
from sanctum.command.reasons import meant
from sanctum.model.answers import ActionShare, RunAnswer
from sanctum.model.readings import NOT_MEASURED, reading
from sanctum.model.why import NO_SEEDS, Question, WhyAnswer
from sanctum.render import Screen, render
from tests.commands.asking import ask
from tests.commands.fake_run import FakeQueries

ASCII = Screen(width=80, encoding_ascii=True, interactive=True)


class Changed(FakeQueries):
    """The rich run with other fields in its answer, and perhaps another program's words."""

    def __init__(self, trainer: str = "", **fields: object) -> None:
        super().__init__()
        self.trainer, self.fields = trainer, fields

    def run_read(self, at: str | None = None) -> RunAnswer:
        whole = super().run_read(at)
        header = msgspec.structs.replace(whole.header, trainer=self.trainer)
        return msgspec.structs.replace(whole, header=header)

    def why_read(self, *args: object, **asked: object) -> WhyAnswer:
        whole = super().why_read(*args, **asked)  # type: ignore[arg-type]
        return msgspec.structs.replace(whole, **self.fields)


def chain(report: Report) -> dict[str, tuple[object, str]]:
    block = report.blocks[0]
    assert isinstance(block, Facts)
    return {one.name: (one.value, one.note) for one in block.facts}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), (None, None, None)),
        (("7",), (7, None, None)),
        (("FOSSILIZE",), (None, None, "FOSSILIZE")),
        (("7", "germinate"), (7, None, "germinate")),
        (("7.r0c1", "FOSSILIZE"), (7, "r0c1", "FOSSILIZE")),
        (("7.r0c1",), (7, "r0c1", None)),
    ],
)
def test_what_may_be_typed(words: tuple[str, ...], found: object) -> None:
    assert meant(words) == found


@pytest.mark.parametrize("line", ["why 7 1200", "why 7 GERMINATE now", "why WAIT CULL"])
def test_a_word_too_many_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="one word too many"):
        ask(line)


@pytest.mark.parametrize("line", ["why-not", "why-not 7"])
def test_why_not_needs_an_action_or_a_slot(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(line)
    assert caught.value.hint == "why-not 7 GERMINATE, or why-not 7.r0c1 FOSSILIZE"


def test_it_asks_what_was_typed() -> None:
    queries = FakeQueries()
    ask("why-not 7.r0c1 FOSSILIZE --at 1200", queries)
    assert ("why", {"env": 7, "action": "FOSSILIZE", "slot": "r0c1", "negated": True}) in [
        (name, {k: v for k, v in given.items() if k != "at"}) for name, given in queries.asked
    ]


def test_the_claim_comes_first_and_the_chain_stops_at_the_cause() -> None:
    report = ask("why")
    assert report.headline.startswith("acting costs more than it brings")
    assert report.verdict == "warn"
    found = chain(report)
    assert list(found)[-1] == "acting costs too much?"
    assert found["acting costs too much?"][0] == "YES"
    assert found["forced by a mask?"] == ("no", "0 of 1,930 WAITs (limit 50 %); by own ops 56 %")


def test_more_shows_the_evidence_and_what_was_not_asked() -> None:
    report = ask("why --more")
    tables = [one for one in report.blocks if isinstance(one, Table)]
    assert [(one.id, one.settled) for one in tables[0].items][5:] == [
        ("cost", "yes"),
        ("reward", "not asked"),
        ("critic", "not asked"),
        ("heads", "not asked"),
        ("env", "not asked"),
    ]
    (evidence,) = (one for one in tables if one.title == "evidence")
    assert [piece.evidence.name for piece in evidence.items] == ["denied", "price of GERMINATE"]


def test_a_program_gets_every_op_even_where_a_screen_has_no_room_for_them() -> None:
    found = json.loads(render(ask("why 7"), "json", Screen()))
    ops = [row for block in found["blocks"] for row in block.get("rows", []) if "op" in row]
    assert [row["op"] for row in ops] == ["WAIT", "GERMINATE", "FOSSILIZE", "CULL"]


UNKNOWN = [
    Question("mask", "forced by a mask?", "unknown", "masks: not measured", missing="run.step(x)")
]


def test_what_nobody_measured_names_the_call_to_those_who_make_calls() -> None:
    report = ask("why", Changed(questions=UNKNOWN))
    assert chain(report)["forced by a mask?"] == ("?", "masks: not measured; run.step(x)")
    report = ask("why", Changed("stable-baselines3 PPO", questions=UNKNOWN))
    assert chain(report)["forced by a mask?"] == ("?", "masks: not measured")


def test_nothing_stands_for_0_that_was_not_measured() -> None:
    bare = Changed(
        actions=[], components=[], reward=NOT_MEASURED, ripe=[], ripe_unknown="not measured: masks"
    )
    shown = render(ask("why", bare), "plain", ASCII)
    assert "ops: not measured" in shown
    assert "components: not measured" in shown
    assert "not measured: masks" in shown


def test_a_run_without_masks_says_of_no_op_that_it_was_legal() -> None:
    absent = NOT_MEASURED
    ops = [ActionShare(op, 9, absent, 0, absent, 0, absent, reading(0.5)) for op in "AB"]
    shown = render(ask("why", Changed(actions=ops)), "plain", ASCII)
    assert "p where legal" not in shown
    rows = render(ask("why --more", Changed(actions=ops)), "json", Screen())
    (table,) = (one for one in json.loads(rows)["blocks"] if "taken" in str(one.get("columns")))
    assert [row["legal"] for row in table["rows"]] == [None, None]


def test_a_run_that_has_no_seeds_is_not_told_about_ripe_ones() -> None:
    shown = render(ask("why", Changed(ripe=[], ripe_unknown=NO_SEEDS)), "plain", ASCII)
    assert "ripe" not in shown


@pytest.mark.parametrize("line", ["why", "why 7", "why-not 7 CULL", "why-not 7.r0c1 FOSSILIZE"])
@pytest.mark.parametrize("format", ["table", "plain"])
def test_it_reads_on_the_dumbest_of_terminals(line: str, format: str) -> None:
    lines = render(ask(line), format, ASCII).splitlines()
    assert len(lines) <= 22
    assert max(map(len, lines)) <= 79
    assert all(one.isascii() for one in lines)
