"""A terminal with a screen that can be read: pexpect types, pyte draws."""

import re
import sys
import time

import pexpect
import pyte

WITHIN_S = 20.0


class Terminal:
    """``python -m sanctum ARGUMENTS`` in a pseudo terminal; `raw` is all it ever wrote."""

    def __init__(self, arguments, environ, rows, columns):
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.marks = 0
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "sanctum", *arguments],
            env=environ,
            dimensions=(rows, columns),
            timeout=WITHIN_S,
        )

    @property
    def lines(self):
        """The lines on the screen, without trailing blanks."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.lines).rstrip()

    def send(self, text):
        self.child.send(text)

    def line(self, text):
        self.child.send(text + "\r")

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def wait_for(self, *patterns, last=False):
        """Read until every pattern is on the screen (or matches its last line)."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            text = self.text
            shown = text.rpartition("\n")[2] if last else text
            if all(re.search(pattern, shown, re.MULTILINE) for pattern in patterns):
                return shown
            if time.monotonic() > deadline:
                raise AssertionError(f"{patterns} not on the screen:\n{text}\n{self.raw[-2000:]!r}")
            self._read()

    def prompt(self, pattern=r"> ?$"):
        """Wait until the last line is a prompt."""
        return self.wait_for(pattern, last=True)

    def prompt_until(self, pattern):
        """Ask for prompts until one matches: the run's state takes a moment to be known."""
        deadline = time.monotonic() + WITHIN_S
        while not re.search(pattern, self.fresh_prompt()):
            assert time.monotonic() < deadline, self.text

    def fresh_prompt(self):
        """The prompt after one more line."""
        self.marks += 1
        self.line(f"echo mark-{self.marks}")
        return self.wait_for(rf"^mark-{self.marks}\nsanctum .*>\Z").rpartition("\n")[2]

    def ended(self):
        """Read until the program ends; its exit code."""
        deadline = time.monotonic() + WITHIN_S
        while self._read():
            assert time.monotonic() < deadline, f"it did not end:\n{self.text}"
        self.child.close()
        return self.child.exitstatus

    def close(self):
        self.child.close(force=True)

    def _read(self):
        try:
            data = self.child.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self.stream.feed(data)
        return True
