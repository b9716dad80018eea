"""Reports: raw values, units and verdicts, before anything knows a screen."""

from sanctum.view.report import (
    Block,
    Chart,
    ChartLine,
    Column,
    Fact,
    Facts,
    Mark,
    Report,
    Series,
    Table,
    Text,
)
from sanctum.view.values import Value, absence, age_steps, plain

__all__ = [
    "Block",
    "Chart",
    "ChartLine",
    "Column",
    "Fact",
    "Facts",
    "Mark",
    "Report",
    "Series",
    "Table",
    "Text",
    "Value",
    "absence",
    "age_steps",
    "plain",
]
