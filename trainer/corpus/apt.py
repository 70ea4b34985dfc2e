"""How apt-get is pointed at a suite without touching the machine's own set-up: options, and a private sources list.

Names no host: the address is that of the machine's own Debian source, with source packages switched on.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tinycode_ls.errors import CorpusError

_SOURCES = ("/etc/apt/sources.list.d", "/etc/apt")
_STANZA = """Types: deb deb-src
URIs: {uri}
Suites: {suite}
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


def apt_command(state: Path) -> list[str]:
    """apt-get with lists, cache and sources below `state`."""
    options = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": state / "sources",
        "Dir::State::Lists": state / "lists",
        "Dir::Cache": state / "cache",
        "Dir::Cache::pkgcache": "pkgcache.bin",  # container images switch these two off; they save 3 s a package
        "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
        "APT::Architecture": "amd64",  # one file, and one hash, on every machine; the sources in it are the same
    }
    if sys.platform != "win32" and os.geteuid() == 0:  # else apt warns that its own user cannot write to our folder
        options["APT::Sandbox::User"] = "root"
    return ["apt-get", "-qq", *(part for key, value in options.items() for part in ("-o", f"{key}={value}"))]


def prepare_state(state: Path, suite: str, folders: Iterable[str] = _SOURCES) -> None:
    """Folders and a sources list for `suite`; raises CorpusError on a machine without a Debian source."""
    uri = next(_debian_addresses(folders), "")
    if not uri:
        raise CorpusError(f"{suite}: this machine has no Debian package source to take it from; build on Debian")
    for name in ("sources", "lists/partial", "cache/archives/partial"):
        (state / name).mkdir(parents=True, exist_ok=True)
    (state / "sources" / "private.sources").write_text(_STANZA.format(uri=uri, suite=suite), "utf-8")


def _debian_addresses(folders: Iterable[str]) -> Iterator[str]:
    """The addresses in the machine's sources lists (either format) that end like a Debian archive."""
    files = [file for folder in folders for kind in ("*.sources", "*.list") for file in sorted(Path(folder).glob(kind))]
    for file in files:
        for line in file.read_text("utf-8", "replace").splitlines():
            if line.lower().startswith(("uris:", "deb ")):
                yield from (word for word in line.split() if word.rstrip("/").endswith("/debian"))
