"""Settings are read from text and refuse what does not fit."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from sanctum.cli.train import train
from sanctum.errors import UsageError
from sanctum.trainer.settings import Settings, listing


def test_overrides_are_read_by_the_settings_type() -> None:
    settings = Settings().with_overrides(
        {"gamma": "0.9", "envs": "4", "anneal": "no", "task": "spirals", "target_kl": "0.02"}
    )
    assert (settings.gamma, settings.envs, settings.anneal) == (0.9, 4, False)
    assert (settings.task, settings.target_kl) == ("spirals", 0.02)
    assert settings.with_overrides({"target_kl": "none"}).target_kl is None


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("gama", "1", "'gamma'"),
        ("entropy_coeficient", "1", "'entropy_coefficient'"),
        ("envs", "1.5", "int"),
        ("envs", "0", "at least 1"),
        ("gamma", "nan", "float"),
        ("anneal", "maybe", "bool"),
        ("task", "chess", "digits, spirals"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(key: str, value: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        Settings().with_overrides({key: value})
    assert said in refused.value.sentence
    assert "\n" not in refused.value.sentence


def test_every_setting_is_explained() -> None:
    assert len(listing()) == len(vars(Settings()))
    assert all(explanation for *_, explanation in listing())


def test_settings_are_listed_without_torch() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from sanctum.cli.train import train; "
        "said = CliRunner().invoke(train, ['ppo', '--list-settings'], standalone_mode=False); "
        "assert 'gamma=0.99' in said.output; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--sanctum", "--overwatch"],
        ["--sanctum", "--no-record"],
        ["--set", "gamma"],
        ["--set", "gama=1"],
        ["--device", "nowhere"],
    ],
)
def test_a_command_line_that_makes_no_sense_is_a_usage_error(arguments: list[str]) -> None:
    said = CliRunner().invoke(train, ["ppo", *arguments], standalone_mode=False)
    assert isinstance(said.exception, UsageError)
    assert said.exception.exit_code == 2
