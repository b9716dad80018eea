"""The one door for command modules: Report and its blocks, Moment, Session, argument types."""

from sanctum.command.inspect import (
    FORMATS,
    GROUPS,
    Answer,
    Asked,
    InspectCommand,
    inspect_command,
    replace_report,
)
from sanctum.command.moment import Moment
from sanctum.command.session import Session
from sanctum.command.types import ENV, SEED
from sanctum.errors import (
    ExpectationFailed,
    NoDataYet,
    NoSuchRun,
    SanctumError,
    UsageError,
    did_you_mean,
)
from sanctum.view import (
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
    Value,
)
from sanctum.view.cards import Card, Cards
from sanctum.view.document import Document, Section
from sanctum.view.numbers import cell, clock, duration, number, size

__all__ = [
    "ENV",
    "FORMATS",
    "GROUPS",
    "SEED",
    "Answer",
    "Asked",
    "Block",
    "Card",
    "Cards",
    "Chart",
    "ChartLine",
    "Column",
    "Document",
    "ExpectationFailed",
    "Fact",
    "Facts",
    "InspectCommand",
    "Mark",
    "Moment",
    "NoDataYet",
    "NoSuchRun",
    "Report",
    "SanctumError",
    "Section",
    "Series",
    "Session",
    "Table",
    "Text",
    "UsageError",
    "Value",
    "cell",
    "clock",
    "did_you_mean",
    "duration",
    "inspect_command",
    "number",
    "replace_report",
    "size",
]
