"""Small settings, and a run that only notes what it is told."""

from typing import Any

from sanctum.trainer.settings import Settings

SMALL = Settings(
    task="spirals",
    envs=4,
    updates=2,
    rollout_steps=16,
    episode_length=16,
    batch_size=16,
    validation_size=64,
    hidden=16,
    training_steps=2,
    blending_steps=3,
)


class NotedRun:
    """Stands where `sanctum.attach` would give a run; keeps every call."""

    def __init__(self, run_id: str = "noted") -> None:
        self.run_id = run_id
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def note(*positional: Any, **named: Any) -> None:
            self.calls.append((name, positional, named))

        return note

    def __enter__(self) -> "NotedRun":
        return self

    def __exit__(self, *failure: Any) -> None:
        self.calls.append(("close", (), {}))

    def told(self, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        """The calls of one kind, in order."""
        return [(positional, named) for call, positional, named in self.calls if call == name]
