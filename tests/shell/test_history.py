import stat

from sanctum.shell.history import KEPT_LINES, TRIM_BYTES, CappedHistory, history_path


def test_history_is_kept_for_its_owner_only(tmp_path):
    path = tmp_path / "state" / "history"
    CappedHistory(path).append_string("env 7")
    CappedHistory(path).append_string("brain\nseeds top")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(CappedHistory(path).load_history_strings()) == ["seeds top", "brain", "env 7"]


def test_a_long_history_is_read_from_its_end_and_cut(tmp_path):
    path = tmp_path / "history"
    path.write_text("x" * 60 + "\n" + f"{'y' * 99}\n" * (TRIM_BYTES // 100 + 10))
    history = CappedHistory(path)
    assert len(list(history.load_history_strings())) == KEPT_LINES
    history.append_string("brain")
    assert len(path.read_text().splitlines()) == KEPT_LINES + 1


def test_without_a_place_to_write_the_session_goes_on(tmp_path):
    (tmp_path / "file").write_text("")
    history = CappedHistory(tmp_path / "file" / "history")
    history.append_string("brain")
    assert history.get_strings() == ["brain"]


def test_history_can_be_turned_off(monkeypatch):
    monkeypatch.setenv("SANCTUM_HISTORY", "/dev/null")
    assert history_path() is None
