"""An archive -> a folder of its source files. Only regular source files are written, and nothing outside the folder."""

import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from tinycode_ls.errors import CorpusError, reason_of
from tinycode_ls.index.files import MOST_FILE_BYTES
from tinycode_ls.index.names import judge_name

from .manifest import Package
from .workplace import put, workplace

STAMP = ".unpacked"
"""Holds the archive's hash and which of its names were wanted: the folder is whole, and of this version."""


def unpack(package: Package, archive: Path, folder: Path) -> Path:
    """Unpack into `folder` unless that was done before; raises CorpusError for a damaged or hostile archive."""
    stamp, content = folder / STAMP, "\n".join([package.sha256, *package.include])
    if stamp.is_file() and stamp.read_text("utf-8") == content:
        return folder
    try:
        with workplace(folder) as work, _opened(package, archive) as tar:
            whole = _extract(package, tar, work)
            (whole / STAMP).write_text(content, "utf-8")
            put(whole, folder, work)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise CorpusError(
            f"{package.name} {package.version}: damaged archive ({_first_line(error)}); delete {archive}"
        ) from error
    except OSError as error:
        raise CorpusError(f"{folder}: not unpacked ({reason_of(error)}); free some space or choose --cache") from error
    return folder


@contextmanager
def _opened(package: Package, archive: Path) -> Iterator[tarfile.TarFile]:
    """A tar to read from front to back; that of a .deb comes from dpkg-deb."""
    if package.kind != "debian-binary":
        with tarfile.open(archive) as tar:
            yield tar
        return
    command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as tar,
    ):
        yield tar


def _extract(package: Package, tar: tarfile.TarFile, folder: Path) -> Path:
    """Write the wanted members; returns the folder they share (of a .deb: all of usr/share/cargo/registry/NAME)."""
    tops: set[str] = set()
    parents: set[str] = set()
    for member in tar:
        path = PurePosixPath(member.name)
        tops.update(path.parts[:1])
        if member.isfile() and member.size <= MOST_FILE_BYTES and _wanted(package, path):
            tar.extract(member, folder, filter="data")
            parents.add(str(path.parent))
    shared = os.path.commonpath(parents) if parents and package.kind == "debian-binary" else ""
    top = folder / (shared or (tops.pop() if len(tops) == 1 else ""))
    top.mkdir(exist_ok=True)
    return top


def _wanted(package: Package, path: PurePosixPath) -> bool:
    """Source by its name, and matched by a pattern of `include` that speaks of names only (`*.go`)."""
    patterns = package.include
    named = not patterns or any("/" in pattern or path.match(pattern) for pattern in patterns)
    return named and not judge_name(Path("/", *path.parts[1:]), Path("/"))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(":")
