"""What all tests need, however they were started."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Heed Ctrl-C again where a background job was told to ignore it: processes inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
