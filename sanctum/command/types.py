"""Argument types of commands: they check form only; whether it exists is the recorder's to say."""

from __future__ import annotations

import re
from typing import Any

import click

_MOMENT = re.compile(
    r"(live|now|end|find|\d[\d,]*|-\d+|u\d+|-[\d.]+[smhd]|\d{1,2}:\d\d(:\d\d)?|hall:\d+(:\S+)?)"
    r"([+-]\d+)?\Z"
)
_SEED = re.compile(r"(\d+)\.([^\s.]+)\Z")


def is_moment(text: str) -> bool:
    """Whether `text` has the form of a moment: ``1200``, ``-50``, ``u41``, ``live``, ``hall:2``."""
    return _MOMENT.match(text) is not None


class EnvType(click.ParamType):  # type: ignore[type-arg]
    """An environment's number, as in ``env 7``."""

    name = "env"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; a clear sentence for anything else."""
        if isinstance(value, int):
            return value
        if not str(value).isdecimal():
            self.fail(f"'{value}' is not an environment: a number is expected, as in 7", param, ctx)
        return int(value)


class SeedType(click.ParamType):  # type: ignore[type-arg]
    """A seed's place, ``N.SLOT``, as in ``7.r0c1``."""

    name = "seed"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, str]:
        """Environment and slot."""
        if isinstance(value, tuple):
            return value
        found = _SEED.match(str(value))
        if found is None:
            self.fail(f"'{value}' is not a seed: N.SLOT is expected, as in 7.r0c1", param, ctx)
        return int(found[1]), found[2]


ENV = EnvType()
SEED = SeedType()
