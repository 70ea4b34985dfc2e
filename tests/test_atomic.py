"""Files that are whole or absent, and no more readable than the umask lets them be."""

import os
from pathlib import Path

import pytest

from tinycode_ls.atomic import put_in_place, write_atomic
from tinycode_ls.errors import TinycodeError


@pytest.mark.parametrize(
    ("umask", "mode", "becomes"), [(0o022, 0o644, 0o644), (0o077, 0o644, 0o600), (0, 0o600, 0o600)]
)
def test_the_mode_as_far_as_the_umask_lets_it(tmp_path: Path, umask: int, mode: int, becomes: int) -> None:
    """Somebody who wants their files private gets them so."""
    before = os.umask(umask)
    try:
        write_atomic(tmp_path / "file", b"text", mode)
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == becomes


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """Here in the middle of the writing."""
    write_atomic(tmp_path / "file", b"old")

    def full(file: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(TinycodeError, match=r"file: not written \(No space left on device\)"):
        write_atomic(tmp_path / "file", full)
    assert [path.name for path in tmp_path.iterdir()] == ["file"] and (tmp_path / "file").read_bytes() == b"old"


def test_what_a_killed_writer_left_is_dropped(tmp_path: Path) -> None:
    """Of the same file, when nobody can be writing it any more."""
    for name in (".model.onnx.01234567.part", ".model.onnx.fresh678.part", ".other.onnx.01234567.part"):
        (tmp_path / name).write_bytes(b"half")
        if "fresh" not in name:
            os.utime(tmp_path / name, (0, 0))
    write_atomic(tmp_path / "model.onnx", b"whole")
    left = [".model.onnx.fresh678.part", ".other.onnx.01234567.part", "model.onnx"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left


class InUse(type(Path())):  # type: ignore[misc]
    """A file that a virus scanner of Windows has open, for the first `times` tries."""

    times, winerror = 2, 32

    def replace(self, target: Path) -> Path:
        """As there, while it is open."""
        if not self.times:
            return super().replace(target)
        self.times -= 1
        error = PermissionError(13, "in use")
        error.winerror = self.winerror
        raise error


def test_who_has_a_file_open_is_waited_for(tmp_path: Path) -> None:
    """On Windows it cannot be renamed meanwhile: a run of hours would end so, at one of its checkpoints."""
    (tmp_path / "new").write_bytes(b"new")
    put_in_place(InUse(tmp_path / "new"), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_what_may_not_be_replaced_is_not_waited_for(tmp_path: Path) -> None:
    """No permission is another thing."""
    file = InUse(tmp_path / "new")
    file.winerror = 0
    with pytest.raises(PermissionError):
        put_in_place(file, tmp_path / "file")
    assert file.times == 1
