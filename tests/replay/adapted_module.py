"""A script that trains as it is imported, its run begun by an adapter."""

from sanctum.probe.openings import attached

run = attached("another", 0.0)
"""What an adapter's run is begun with."""
