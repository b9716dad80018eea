"""``seed N.SLOT``: one seed: where it stands, what its next gate lacks, and its life so far."""

from __future__ import annotations

import click

from sanctum.command import (
    SEED,
    Block,
    Column,
    Fact,
    Facts,
    Moment,
    Report,
    Table,
    cell,
    columns,
    inspect_command,
    story,
)
from sanctum.command.readings import listed
from sanctum.model.answers import Curve, GateInput, SeedAnswer, SeedRow, Verdict
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading


def missing(one: GateInput) -> Reading:
    """How far an input is from what its gate needs; 0 once it passes."""
    value, needed = number(one.value), number(one.needed)
    if one.passed:
        return reading(0.0)
    return NOT_MEASURED if value is None or needed is None else reading(abs(needed - value))


LIFE = 12
"""Lines of a life that a screen has room for."""

GATE = (
    Column("input", lambda g: g.name, priority=0),
    Column("value", lambda g: g.value, priority=0),
    Column("needed", lambda g: g.needed, priority=0),
    Column("missing", missing, priority=0),
    Column("passed", lambda g: g.passed, priority=0),
)


@inspect_command("seed", group="look", examples=("seed 7.r0c1", "seed 7.r0c1 --more"))
@click.argument("seed", type=SEED, metavar="N.SLOT")
@click.option("--more", is_flag=True, help="all its readings, and its whole life")
def command(moment: Moment, seed: tuple[int, str], more: bool) -> Report:
    """Show one seed: stage, alpha, contribution, its next gate, its life.

    A gate opens when every input passes; an input that was not measured does not pass. Its life is
    told a line a step: what was tried, what came of it, why; the same several times in a row is one
    line. Of a slot that is empty, the life of the last seed in it.
    """
    env, slot = seed
    answer = moment.seed(env, slot)
    row = answer.row
    blocks: list[Block] = []
    if row is not None and not columns.is_empty(row):
        blocks.append(Facts([*_facts(row), columns.last_event(answer.events, answer.at)]))
        if more and row.numbers:
            blocks.append(Facts(_numbers(answer, row), "all readings"))
        if row.gate_inputs:
            blocks.append(Table(GATE, row.gate_inputs))
        curves = (("contribution", answer.contribution), ("alpha", answer.alpha))
        blocks += [
            columns.course(curve, name)
            for name, curve in curves
            if curve and curve.values and (more or not _is_flat(curve))
        ]
    if more or not blocks:
        blocks.append(_life(answer, more))
    return Report(
        f"seed {env}.{slot}",
        *blocks,
        headline=_headline(answer),
        verdict=columns.harms(row) if row is not None else None,
        at=answer.at,
        next=f"env {env}" if more or answer.row is None else f"seed {env}.{slot} --more",
    )


def _life(answer: SeedAnswer, more: bool) -> Table:
    lines = story.told(story.last_life(answer.events))
    return Table(
        story.COLUMNS,
        lines if more else lines[-LIFE:],
        title="its life",
        empty="no event of this slot",
        total=len(lines),
        detail=story.DETAIL,
    )


def _numbers(answer: SeedAnswer, row: SeedRow) -> list[Fact]:
    return [Fact(name, one, answer.units.get(name, "")) for name, one in row.numbers.items()]


def _is_flat(curve: Curve) -> bool:
    """Whether a curve says nothing that its last value does not."""
    return len({number(value) for value in curve.values}) < 2


def _headline(answer: SeedAnswer) -> str:
    row = answer.row
    if row is None:
        return f"slot {answer.slot} of env {answer.env} is empty, and nothing was ever in it"
    if columns.is_empty(row):
        return f"slot {answer.slot} of env {answer.env} is empty ({row.stage})"
    words = row.stage if row.blueprint is None else f"{row.stage} {row.blueprint}"
    harm = columns.harms(row)
    if harm == "crit":
        words += f" contributes {cell(row.contribution)}"
    elif harm is not None:
        does = "takes away" if harm == "warn" else "adds"
        words += f" {does} {cell(row.contribution, 2).lstrip('-')} points"
    if not row.gate_inputs:
        return f"{words}; no gate ahead"
    open_ = [one.name for one in row.gate_inputs if not one.passed]
    if not open_:
        return f"{words}; gate {row.gate or 'ahead'} is open"
    return f"{words}; gate {row.gate or 'ahead'} lacks {listed(open_)}"


def _facts(row: SeedRow) -> list[Fact]:
    said = f"reported {row.said_age_steps:,} steps ago" if row.said_age_steps else ""
    size = number(row.parameters)
    return [
        Fact("stage", row.stage, note=said),
        Fact(
            "blueprint", row.blueprint, note="" if size is None else f"{cell(size, 0)} parameters"
        ),
        Fact("age", row.age_steps, "steps", note=f"{cell(row.stage_steps, 0)} in this stage"),
        Fact("alpha", row.alpha, "0-1", note=f"goes to {cell(row.alpha_target, 2)}", digits=2),
        Fact("contribution", row.contribution, "points", columns.harms(row), digits=2),
        Fact("improvement", row.improvement, "points", digits=2),
        Fact("gradient_health", row.gradient_health, "0-1", *_gradient(row), digits=2),
        *_shapley(row),
    ]


def _gradient(row: SeedRow) -> tuple[Verdict | None, int | None, str]:
    """Verdict, age (its own) and words of the gradients, where they vanish or explode."""
    if number(row.numbers.get("exploding")):
        return "crit", None, "gradients explode"
    if number(row.numbers.get("vanishing")):
        return "warn", None, "gradients vanish"
    return None, None, ""


def _shapley(row: SeedRow) -> list[Fact]:
    """Its Shapley value, where one was computed."""
    if "shapley" not in row.numbers:
        return []
    spread = number(row.numbers.get("shapley_std"))
    note = "" if spread is None else f"+- {cell(spread, 2)}"
    return [Fact("shapley", row.numbers["shapley"], "points", note=note, digits=2)]
