"""What a person may call a metric of a run, and where it is said.

A name is looked for as conditions do: what the run's updates say, its columns, its seeds; then what
Sanctum works out itself, then the catalogue, of which the run may have said nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from sanctum.record.moments import Scope
from sanctum.record.questions.policy import LOOK_BACK_UPDATES
from sanctum.record.questions.rewards import PREFIX as COMPONENT
from sanctum.record.questions.rewards import component_names
from sanctum.record.questions.seeds import FIELDS, others_of, slots_of
from sanctum.record.questions.series import scalars, update_rows
from sanctum.telemetry.metrics import ALIASES, CATALOGUE, canonical
from sanctum.telemetry.metrics.about import ANSWERS, OTHER_WORDS
from sanctum.telemetry.metrics.said import per

VITAL = "vital/"
_PREFIXES = (COMPONENT, VITAL, "context/", f"{VITAL}observation_")
_SEED = "seed/"


class Found(NamedTuple):
    """A name, what there is one of, and the column that has it."""

    name: str
    per: str
    column: str = ""


class Names:
    """What the run says by the moment, and where."""

    def __init__(self, of: Scope) -> None:
        self._of = of
        rows = update_rows(of, LOOK_BACK_UPDATES)
        said = [scalars(row[3]) for row in rows]
        self.updates = {name for values, masked in said for name in (*values, *masked)}
        self.columns = {
            name for name in of.columns.said() if not name.startswith((_SEED, "action/"))
        }
        self.components = component_names(of)
        slots = slots_of(of)
        self.seeds = {*FIELDS, *(name for slot in slots for name in others_of(of, slot))}
        self.has_seeds = bool(slots)

    def find(self, typed: str) -> Found | None:
        """What is meant by a name as a person or another library spells it."""
        name = canonical(OTHER_WORDS.get(typed, typed))
        spellings = dict.fromkeys((name, name.replace(".", "/")))
        if name in self.updates:
            return Found(name, "update")
        for one in spellings:
            if (found := self._column(one)) is not None:
                return found
        if name in self.seeds and (self.has_seeds or name in CATALOGUE):
            return Found(name, "seed")
        for one in (f"{prefix}{name}" for prefix in _PREFIXES):
            if (found := self._column(one)) is not None:
                return found
        if name in ANSWERS:
            return Found(name, ANSWERS[name].per)
        if name in CATALOGUE or self._is_of_a_head(name):
            return Found(name, per(name), name if per(name) != "update" else "")
        lowered = {one.lower(): one for one in self.every()}
        other = lowered.get(typed.lower())
        return None if other is None or other == typed else self.find(other)

    def _column(self, name: str) -> Found | None:
        if name.startswith(_SEED):
            field = name.rsplit("/", 1)[-1]
            return Found(field, "seed") if field in self.seeds else None
        if name.removeprefix(COMPONENT) in self.components and name.startswith(COMPONENT):
            return Found(name, "environment", name)
        if name not in self.columns:
            return None
        return Found(name, "run" if name.startswith(VITAL) else "environment", name)

    def _is_of_a_head(self, name: str) -> bool:
        """Whether it would be a reading of one of the run's heads, or the Q of one of its ops."""
        stem, dot, part = name.partition(".")
        heads = self._of.header.actions
        parts = {one for options in heads.values() for one in options} if stem == "q" else heads
        return bool(dot) and part in parts and (stem in CATALOGUE or f"{stem}.*" in CATALOGUE)

    def alike(self, found: Found) -> list[str]:
        """Other readings that the last part of the name may mean."""
        short = found.name.rsplit("/", 1)[-1]
        others = [f"{COMPONENT}{short}"] if short in self.components else []
        if short in self.columns and found.per == "update":
            others.append(f"{short} of every step")
        if short in self.seeds and self.has_seeds and found.per != "seed":
            others.append(short)
        return [one for one in others if one != found.name]

    def every(self) -> list[str]:
        """Every name that would be understood, this run's own first."""
        components = [f"{COMPONENT}{one}" for one in self.components]
        said = [*self.updates, *self.columns, *self.seeds, *components, *self.components]
        return [*sorted(said), *CATALOGUE, *ANSWERS, *OTHER_WORDS, *ALIASES]
