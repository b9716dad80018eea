"""Reports: raw values, units and verdicts, before anything knows a screen."""

from sanctum.view.report import Block, Column, Fact, Facts, Report, Series, Table, Text
from sanctum.view.values import Value, absence, age_steps, plain

__all__ = [
    "Block",
    "Column",
    "Fact",
    "Facts",
    "Report",
    "Series",
    "Table",
    "Text",
    "Value",
    "absence",
    "age_steps",
    "plain",
]
