"""What happens to one file, in a sentence: the answer to `--why FILE`."""

import shlex
from collections.abc import Collection, Sequence
from pathlib import Path

from tinycode_ls.errors import CorpusError
from tinycode_ls.index.files import judge, list_files
from tinycode_ls.index.names import is_secret, judge_name, language_of
from tinycode_ls.model.document import document_header

from .source import MOST_NAMED_BYTES, check_reach


def explain_file(
    path: str | Path,
    roots: Sequence[str | Path] = (),
    suffixes: Collection[str] | None = None,
    apart: Collection[str] = (),
) -> str:
    """`tests/x.py: kept (python, 812 bytes), read as "tests/x.py"`, or `…: left out, <reason>`.

    `roots` are what is trained on; without any, the file's own folder is meant. Of folders only files with one of `suffixes`
    are read (None: all); those `apart` are for another run of `tune`. Raises CorpusError for a file that is absent or out of
    reach.
    """
    path = Path(path)
    check_reach(path, "name a file that exists")
    if path.is_dir():
        raise CorpusError(f"{path}: a folder; name one file in it")
    places = [Path(root) for root in roots] or [path.parent]
    for place in places:
        check_reach(place, "name what is trained on")
    root = next((root for root in places if _real(path).is_relative_to(_real(root))), None)
    if root is None:
        return f"{path}: left out, not below {', '.join(map(str, places))}"
    inside = _real(path).relative_to(_real(root))  # "." where the file itself is what is trained on
    reason = _left_out(path, root, inside, suffixes, apart)
    return (
        f"{path}: left out, {reason}"
        if reason
        else f"{path}: kept ({_kept(path, inside)}), unless another file repeats it"
    )


def _real(path: Path) -> Path:
    """Absolute, without `..` and without links, but for a link to a file, which is judged as one."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _left_out(path: Path, root: Path, inside: Path, suffixes: Collection[str] | None, apart: Collection[str]) -> str:
    """The reason, or ''; cheap ones first, and a secret is not opened."""
    if is_secret(path):
        return judge_name(path, path.parent)
    if not inside.name:
        return judge(path, path.parent, MOST_NAMED_BYTES).reason
    if reason := judge(root / inside, root).reason:
        return reason
    suffix, language = path.suffix.lower(), language_of(path) or "a script"
    if suffixes is not None and suffix not in suffixes and suffix not in apart:
        return f"{language} ({path.suffix or path.name}) is trained on only where the file itself is named"
    if root / inside not in list_files(root):
        return "ignored (by git, .tinycodeignore, or a hidden folder)"
    return f"another model learns {language}: `{tune_command([root], language)}`" if suffix in apart else ""


def tune_command(paths: Sequence[str | Path], language: str) -> str:
    """What to type to tune the model of a language."""
    return shlex.join(["tinycode-train", "tune", *map(str, paths), "--language", language])


def _kept(path: Path, inside: Path) -> str:
    header = document_header(inside if inside.name else path.name).strip(b"\0\n").decode("utf-8", "replace")
    return f'{language_of(path) or "a script"}, {path.stat().st_size} bytes, headed "{header}"'
