"""How a question is answered: yes, no, or not known."""

from __future__ import annotations

from dataclasses import dataclass

from sanctum.model.answers import Verdict
from sanctum.model.why import Evidence, Question


@dataclass(frozen=True, slots=True)
class Asking:
    """A question before it is answered: its id, its text, the rules it comes from."""

    id: str
    text: str
    source: str

    def yes(
        self, answer: str, *evidence: Evidence, verdict: Verdict = "warn", claim: str = ""
    ) -> Question:
        """This is the cause; `claim` says so in full where the answer is short."""
        return self._settled("yes", answer, evidence, verdict, claim)

    def no(
        self, answer: str, *evidence: Evidence, verdict: Verdict = "ok", claim: str = ""
    ) -> Question:
        """It is not."""
        return self._settled("no", answer, evidence, verdict, claim)

    def unknown(self, answer: str, *evidence: Evidence, missing: str = "") -> Question:
        """Nobody can tell; `missing` is the call of the probe that would measure it."""
        return Question(
            self.id,
            self.text,
            "unknown",
            answer,
            list(evidence),
            missing=missing,
            source=self.source,
        )

    def later(self) -> Question:
        """It was not asked: the cause was found before."""
        return Question(self.id, self.text, "not asked", source=self.source)

    def _settled(
        self,
        settled: str,
        answer: str,
        evidence: tuple[Evidence, ...],
        verdict: Verdict,
        claim: str = "",
    ) -> Question:
        return Question(
            self.id,
            self.text,
            settled,  # type: ignore[arg-type]
            answer,
            list(evidence),
            verdict=verdict,
            source=self.source,
            claim=claim,
        )
