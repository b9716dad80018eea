"""What a tag of TensorBoard is in Sanctum: under which name, and of what it is a reading."""

from __future__ import annotations

import functools
import re
from typing import Final, NamedTuple

from sanctum.telemetry.metrics import CATALOGUE, canonical
from sanctum.telemetry.metrics.policy import POLICY

UPDATE: Final = "update"
RETURN: Final = "return"
LENGTH: Final = "length"
STEP: Final = "step"

_UPDATES = frozenset(one.name for one in POLICY)
_LEARNING = ("losses", "loss", "train")
_EPISODES = {
    "episodic_return": RETURN,
    "episode_return": RETURN,
    "episodic_length": LENGTH,
    "episode_length": LENGTH,
}
_OURS = ("seed", "action", "reward", "probability", "mask", "vital", "context")
_TAKEN = frozenset(
    {"observation", "recurrent", "done", "episode", "env_step", "policy_version"}
    | {"rewards", "actions", "probabilities", "masks", "vitals", "envs", "steps", "heads"}
)
"""What columns and the keywords of `Run` mean already."""
_UNFIT = re.compile(r"\W+")


class Tag(NamedTuple):
    """A tag's name in the record, and its kind.

    UPDATE is said of a policy update, RETURN and LENGTH of an episode that ended, STEP of the run
    at a step.
    """

    name: str
    kind: str


@functools.lru_cache(8192)
def tag_of(tag: str) -> Tag:
    """What a tag is. Names of other libraries become the catalogue's, any other stays as it is.

    Characters that conditions cannot spell become ``_``. What would be mistaken for something of
    Sanctum's own (``seed/...``, ``action/...``) is put under ``tag/``.
    """
    name = canonical(tag)
    if name == tag:
        name = _of_an_update(tag) or _spelled(tag)
    return Tag(name, _kind(tag, name))


def _of_an_update(tag: str) -> str | None:
    """``train/ratio_max.op`` is ``ratio_max.op``, where the catalogue knows that of updates."""
    prefix, _, rest = tag.partition("/")
    return rest if prefix in _LEARNING and _is_of_updates(rest) else None


def _kind(tag: str, name: str) -> str:
    prefix, _, leaf = tag.rpartition("/")
    if prefix in ("", "charts") and leaf in _EPISODES:
        return _EPISODES[leaf]
    if name in CATALOGUE or _is_of_updates(name):
        return UPDATE if _is_of_updates(name) else STEP
    return UPDATE if tag.partition("/")[0].lower() in _LEARNING else STEP


def _is_of_updates(name: str) -> bool:
    return name.partition(".")[0] in _UPDATES


def _spelled(tag: str) -> str:
    """The tag as a name that conditions can spell: words with slashes or dots between them."""
    parts = [_UNFIT.sub("_", part).strip("_") or "_" for part in re.split(r"[/.]", tag.strip())]
    seams = re.findall(r"[/.]", tag.strip())
    name = "".join(part + seam for part, seam in zip(parts, [*seams, ""], strict=True))
    if name[:1].isdigit():
        name = f"_{name}"
    mistaken = "/" in name and parts[0] in _OURS
    return f"tag/{name}" if mistaken or name in _TAKEN else name
