"""A package of a manifest -> its archive in the cache, by the ordinary clients (apt-get, pip, npm), checked by sha256.

Resumable: an archive is stored under its own hash, whole or not at all, and never fetched twice. Names no host: apt-get
is given the machine's own Debian sources with source packages switched on, pip and npm use their own settings.
"""

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import platformdirs

from tinycode_ls.atomic import put_in_place
from tinycode_ls.errors import CorpusError, reason_of

from .apt import apt_command, prepare_state
from .digest import sha256_of
from .manifest import Package
from .workplace import workplace

_MINUTES = 15


def default_cache() -> Path:
    """Where downloads and unpacked packages are kept between runs."""
    return Path(platformdirs.user_cache_dir("tinycode-ls", appauthor=False)) / "corpora"


def fetch(package: Package, cache: Path) -> Path:
    """The package's archive; raises CorpusError when it is gone, its hash differs or its client is missing."""
    archive = cache / "downloads" / f"{package.name.replace('/', '-')}_{package.sha256[:16]}"
    if archive.is_file() and sha256_of(archive) == package.sha256:
        return archive
    try:
        with workplace(archive) as folder:
            _client(package, folder, cache)
            put_in_place(_fetched(package, folder), archive)
    except OSError as error:
        reason = f"{package.name} not stored ({reason_of(error)})"
        raise CorpusError(f"{cache}: {reason}; free some space or choose another --cache") from error
    return archive


def _client(package: Package, folder: Path, cache: Path) -> None:
    """Run the client that downloads into `folder`."""
    name, version = package.name, package.version
    if package.kind == "debian-source":
        _debian_source(package, folder, cache)
    elif package.kind == "debian-binary":
        _run(package, [*_apt(package, cache), "download", f"{name}={version}"], folder)
    elif package.kind == "pypi-sdist":
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        _run(package, [*pip, "--no-binary", name, f"{name}=={version}"], folder)  # its build tools may be wheels
    elif package.kind == "npm":
        _run(package, ["npm", "pack", "--loglevel=error", f"{name}@{version}"], folder)


def _debian_source(package: Package, folder: Path, cache: Path) -> None:
    """By version; where its suite has it no more, what the suite has instead, if that is the same archive: a release of
    the suite brings new patches (1.2-3+deb13u1 for 1.2-3), and seldom another upstream."""
    apt, get = _apt(package, cache), ["source", "--download-only", "--tar-only"]
    try:
        _run(package, [*apt, *get, f"{package.name}={package.version}"], folder)
    except CorpusError:
        _run(package, [*apt, "update"], folder)
        with suppress(CorpusError):
            _run(package, [*apt, *get, "--only-source", package.name], folder)
        if not any(sha256_of(path) == package.sha256 for path in folder.iterdir()):
            raise


def _fetched(package: Package, folder: Path) -> Path:
    """The archive among what the client left: the one with the right hash."""
    files = [path for path in sorted(folder.iterdir()) if not path.name.endswith((".asc", ".dsc"))]
    hashes = {path: sha256_of(path) for path in files}
    right = [path for path in files if hashes[path] == package.sha256]
    if right:
        return right[0]
    found = ", ".join(f"{path.name} {digest[:16]}…" for path, digest in hashes.items()) or "nothing"
    raise CorpusError(
        f"{package.name} {package.version}: sha256 differs, found {found}, expected {package.sha256[:16]}…; "
        "check the package, then correct the manifest"
    )


def _run(package: Package, command: list[str], folder: Path) -> None:
    """Run a client in `folder`; a failure is one line with its own last words."""
    where = f"{package.name} {package.version}"
    program = shutil.which(command[0]) or command[0]  # that of npm is npm.cmd on Windows, which is not found by itself
    try:
        done = subprocess.run(
            [program, *command[1:]], cwd=folder, timeout=60 * _MINUTES, capture_output=True, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError as error:
        raise CorpusError(
            f"{where}: needs {command[0]}, which is not installed; install it or drop the package"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise CorpusError(f"{where}: {command[0]} took longer than {_MINUTES} minutes; try again") from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        said = [line for line in lines if line.startswith(("E:", "ERROR", "npm error"))] or ["no reason"]
        raise CorpusError(f"{where}: gone or out of reach ({said[0]}); try again, or build with --skip-missing")


def _apt(package: Package, cache: Path) -> list[str]:
    """apt-get for the package's suite; its lists are fetched once."""
    state = cache / "apt-state" / package.suite
    command = apt_command(state)
    if not (state / "updated").exists():
        prepare_state(state, package.suite)
        _run(package, [*command, "update"], state)
        (state / "updated").touch()
    return command
