"""A policy's weights and what it takes to make it again: spaces, classes, the normaliser."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np
import torch

from sanctum.adapters.sb3.actions import Heads
from sanctum.adapters.sb3.decisions import log_probabilities, torch_distribution
from sanctum.adapters.sb3.library import BaseAlgorithm, VecNormalize, spaces
from sanctum.adapters.sb3.observations import Features
from sanctum.adapters.sb3.recurrent import arguments, size, states

FACTORY = "sanctum.adapters.sb3.policies:rebuilt"
NORMALISER = "vec_normalize"
_SPACE = "space"
_CLASS = "class"
_TRANSFORMED = ("observation_space", "action_space", "lr_schedule")


class NotPlain(Exception):
    """Something that cannot be written as JSON and made again; a sentence."""


def weights(model: BaseAlgorithm) -> dict[str, Any]:
    """The policy's tensors, and the statistics of a `VecNormalize` around its environments."""
    return {**model.policy.state_dict(), **_statistics(model.get_vec_normalize_env())}


def about(model: BaseAlgorithm) -> dict[str, Any]:
    """What `rebuilt` needs beside the tensors; ``no_factory`` says why it cannot be done."""
    policy: Any = model.policy
    said: dict[str, Any] = {"algorithm": type(model).__name__}
    try:
        given = policy._get_constructor_parameters()
        if hasattr(policy, "share_features_extractor"):
            given["share_features_extractor"] = policy.share_features_extractor
        given |= arguments(policy)
        said["policy"] = _plain(type(policy))
        said["observation_space"] = _plain(policy.observation_space)
        said["action_space"] = _plain(policy.action_space)
        said["arguments"] = {
            name: _plain(value)
            for name, value in given.items()
            if name not in _TRANSFORMED and value is not None
        }
    except NotPlain as reason:
        said["no_factory"] = str(reason)
    normaliser = model.get_vec_normalize_env()
    if normaliser is not None:
        said[NORMALISER] = {
            name: getattr(normaliser, name)
            for name in ("norm_obs", "norm_reward", "clip_obs", "clip_reward", "epsilon", "gamma")
        }
    return said


def rebuilt(weights: Mapping[str, torch.Tensor], about: Mapping[str, Any]) -> Asked:
    """The policy as it was saved: the factory of its weights, for replay."""
    kind = _made(about["policy"])
    arguments = {name: _made(value) for name, value in about["arguments"].items()}
    policy = kind(
        _made(about["observation_space"]), _made(about["action_space"]), _no_schedule, **arguments
    )
    statistics = {
        name.removeprefix(NORMALISER + "."): value.double()
        for name, value in weights.items()
        if name.startswith(NORMALISER + ".")
    }
    policy.load_state_dict(
        {name: one for name, one in weights.items() if not name.startswith(NORMALISER + ".")}
    )
    policy.set_training_mode(False)
    made = Recurrent if size(policy) else Rebuilt
    return made(policy, statistics, about.get(NORMALISER, {}))


class Asked:
    """A policy that was saved, asked in a record's terms.

    `statistics` of the normaliser are tensors by name; `normaliser` its settings.
    """

    def __init__(
        self,
        policy: Any,
        statistics: Mapping[str, torch.Tensor],
        normaliser: Mapping[str, Any],
    ) -> None:
        self.policy = policy
        self.heads = Heads.of(policy.action_space)
        self.features = Features.of(policy.observation_space)
        self._statistics, self._normaliser = statistics, normaliser
        self._takes_masks = "action_masks" in signature(policy.get_distribution).parameters

    def normalised(self, raw: torch.Tensor) -> torch.Tensor:
        """Raw observations (batch, features) as the policy would have seen them at that time."""
        if not self._normaliser.get("norm_obs") or "mean" not in self._statistics:
            return raw
        mean = self._statistics["mean"].reshape(-1)
        spread = (self._statistics["var"].reshape(-1) + self._normaliser["epsilon"]).sqrt()
        most = self._normaliser["clip_obs"]
        normal: torch.Tensor = ((raw - mean) / spread).clamp(-most, most)
        return normal.float()

    def _readings(
        self,
        observation: torch.Tensor,
        masks: Mapping[str, torch.Tensor],
        of_actor: Mapping[str, Any],
        of_critic: Mapping[str, Any],
    ) -> dict[str, torch.Tensor]:
        """Under the record's names, with what actor and critic take besides the observation."""
        seen = self._unflattened(observation)
        more = {}
        if masks and self._takes_masks:
            more["action_masks"] = torch.cat([masks[head] for head in self.heads.options], dim=1)
        self.policy.get_distribution(seen, **more, **of_actor)
        distribution = torch_distribution(self.policy)
        found = {
            f"probability/{head}": one.exp()
            for head, one in log_probabilities(distribution, self.heads).items()
        }
        if not found and self.heads.dimensions:
            for index, name in enumerate(self.heads.dimensions):
                found[name.replace("action", "action_mean", 1)] = distribution.mean[:, index]
                found[name.replace("action", "action_std", 1)] = distribution.stddev[:, index]
        found["value"] = self.policy.predict_values(seen, **of_critic).squeeze(1)
        return found

    def _unflattened(self, observation: torch.Tensor) -> Any:
        if self.features.summaries:
            raise ValueError(
                f"the record holds a summary of {', '.join(self.features.summaries)}:"
                " what the policy saw cannot be put together again"
            )
        parts, at = {}, 0
        for part in self.features.parts:
            flat = observation[:, at : at + len(part.names)]
            at += len(part.names)
            shaped = flat.reshape(len(flat), *(part.space.shape or ()))
            discrete = isinstance(part.space, spaces.Discrete | spaces.MultiDiscrete)
            parts[part.key] = shaped.long() if discrete else shaped
        return parts.get(None, parts)


class Rebuilt(Asked):
    """A policy that decides from what it sees."""

    def readings(
        self,
        observation: torch.Tensor,
        masks: Mapping[str, torch.Tensor],
        actions: Mapping[str, torch.Tensor],
    ) -> dict[str, torch.Tensor]:
        """What the record holds of decisions, under its names, from recorded observations.

        `observation` is (batch, features), as the policy saw it; `masks` (batch, n) bool by head.
        Raises ValueError when the record holds a summary of the observation only.
        """
        return self._readings(observation, masks, {}, {})


class Recurrent(Asked):
    """A policy that decides from what it sees and what it remembers."""

    def readings(
        self,
        observation: torch.Tensor,
        masks: Mapping[str, torch.Tensor],
        actions: Mapping[str, torch.Tensor],
        recurrent: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """As those of `Rebuilt`, from the recorded state (batch, numbers) before each decision."""
        actor, critic = states(self.policy, recurrent)
        # A state that was reset as its episode began was recorded as such.
        begins = torch.zeros(len(observation))
        return self._readings(
            observation,
            masks,
            {"lstm_states": actor, "episode_starts": begins},
            {"lstm_states": critic, "episode_starts": begins},
        )


def _statistics(normaliser: VecNormalize | None) -> dict[str, Any]:
    """Running means and variances by name, as arrays of float64."""
    if normaliser is None:
        return {}
    found = {}
    seen: Any = getattr(normaliser, "obs_rms", None)
    of = {f"{key}.": one for key, one in seen.items()} if isinstance(seen, dict) else {"": seen}
    of["return."] = normaliser.ret_rms
    for stem, one in of.items():
        if one is not None:
            for name in ("mean", "var", "count"):
                found[f"{NORMALISER}.{stem}{name}"] = np.asarray(getattr(one, name), np.float64)
    return found


def _plain(value: Any) -> Any:
    """`value` as JSON that `_made` makes it again from. Raises NotPlain."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, spaces.Space):
        return {_SPACE: _plain_space(value)}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, type):
        place = f"{value.__module__}:{value.__qualname__}"
        if value.__module__ == "__main__" or "<locals>" in place:
            raise NotPlain(f"{value.__qualname__} cannot be imported elsewhere: put it in a module")
        return {_CLASS: place}
    raise NotPlain(f"a {type(value).__name__} among the policy's arguments is not plain")


def _plain_space(space: spaces.Space[Any]) -> dict[str, Any]:
    match space:
        case spaces.Box():
            bounds = {name: _bound(getattr(space, name)) for name in ("low", "high")}
            return {"kind": "Box", "shape": list(space.shape), "dtype": str(space.dtype), **bounds}
        case spaces.Discrete():
            return {"kind": "Discrete", "n": int(space.n), "start": int(space.start)}
        case spaces.MultiDiscrete():
            return {"kind": "MultiDiscrete", "nvec": space.nvec.tolist()}
        case spaces.MultiBinary():
            return {"kind": "MultiBinary", "n": _plain(space.n)}
        case spaces.Dict():
            return {"kind": "Dict", "spaces": {k: _plain_space(v) for k, v in space.items()}}
    raise NotPlain(f"the space {space} cannot be written down")


def _bound(bound: Any) -> Any:
    """One number where all are the same, as in images."""
    return bound.flat[0].item() if (bound == bound.flat[0]).all() else bound.tolist()


def _made(value: Any) -> Any:
    """What `_plain` wrote down."""
    if isinstance(value, list):
        return [_made(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    if set(value) == {_SPACE}:
        return _made_space(value[_SPACE])
    if set(value) == {_CLASS}:
        module, _, name = str(value[_CLASS]).partition(":")
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found
    return {key: _made(one) for key, one in value.items()}


def _made_space(said: Mapping[str, Any]) -> spaces.Space[Any]:
    given = {name: value for name, value in said.items() if name != "kind"}
    if said["kind"] == "Box":
        shape, dtype = tuple(given["shape"]), np.dtype(given["dtype"])
        low, high = (np.full(shape, given[name], dtype) for name in ("low", "high"))
        return spaces.Box(low, high, shape, dtype)
    if said["kind"] == "Dict":
        parts = OrderedDict((key, _made_space(one)) for key, one in given["spaces"].items())
        return spaces.Dict(parts)  # of a plain dict it would sort the keys, and weights with them
    if said["kind"] == "MultiDiscrete":
        return spaces.MultiDiscrete(np.asarray(given["nvec"]))
    kinds: dict[str, Any] = {"Discrete": spaces.Discrete, "MultiBinary": spaces.MultiBinary}
    made: spaces.Space[Any] = kinds[said["kind"]](**given)
    return made


def _no_schedule(_: float) -> float:
    """In place of the learning rate's: nothing is learned any more."""
    return 0.0
