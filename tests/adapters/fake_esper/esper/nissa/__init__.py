"""The hub."""

from esper.nissa.output import ConsoleOutput, NissaHub, get_hub, reset_hub

__all__ = ["ConsoleOutput", "NissaHub", "get_hub", "reset_hub"]
