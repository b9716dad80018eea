"""What a trainer says of itself at the start."""

from sanctum.probe.hello import hello


def test_features_have_names_that_tell_them_apart() -> None:
    said = hello("demo", {"features": ["speed", "", "speed", " x ", 3]})
    assert said.features == ["speed", "feature 1", "speed (2)", "x", "3"]
