"""The text about one metric."""

from __future__ import annotations

from typing import NamedTuple


class About(NamedTuple):
    """What a person asks next of a reading; empty where there is nothing to say.

    `formula` is how it comes about, `when_off` what it usually means when it is off, `next` the
    line to type then (``{env}`` stands for an environment), `healthy` its range in words, where
    thresholds do not say it.
    """

    formula: str = ""
    when_off: str = ""
    next: str = ""
    healthy: str = ""
