"""What happens to one file, in a sentence: the answer to `--why FILE`."""

from collections.abc import Sequence
from pathlib import Path

from tinycode_ls.errors import CorpusError
from tinycode_ls.index.files import is_secret, judge, judge_name, language_of, list_files
from tinycode_ls.model.document import document_header

from .source import MOST_NAMED_BYTES


def explain_file(path: str | Path, roots: Sequence[str | Path] = ()) -> str:
    """`tests/x.py: kept (python, 812 bytes), read as "tests/x.py"`, or `…: left out, <reason>`.

    `roots` are what is trained on; without any, the file's own folder is meant. Raises CorpusError for an absent file.
    """
    path = Path(path)
    if not path.exists() and not path.is_symlink():
        raise CorpusError(f"{path}: not found; name a file that exists")
    if path.is_dir():
        raise CorpusError(f"{path}: a folder; name one file in it")
    places = [Path(root) for root in roots] or [path.parent]
    root = next((place for place in places if path.absolute().is_relative_to(place.absolute())), None)
    reason = _left_out(path, root) if root else f"not below {', '.join(map(str, places))}"
    return (
        f"{path}: left out, {reason}"
        if reason
        else f"{path}: kept ({_kept(path, root)}), unless another file repeats it"
    )


def _left_out(path: Path, root: Path) -> str:
    """The reason, or ''; cheap ones first, and a secret is not opened."""
    if is_secret(path):
        return judge_name(path, path.parent)
    if root.absolute() == path.absolute():
        return judge(path, path.parent, MOST_NAMED_BYTES).reason
    inside = root / path.absolute().relative_to(root.absolute())
    reason = judge(inside, root).reason
    return reason or ("" if inside in list_files(root) else "ignored (by git, .tinycodeignore, or a hidden folder)")


def _kept(path: Path, root: Path | None) -> str:
    name = path.absolute().relative_to(root.absolute()) if root and root.absolute() != path.absolute() else path.name
    header = document_header(name).strip(b"\0\n").decode("utf-8", "replace")
    return f'{language_of(path)}, {path.stat().st_size} bytes, headed "{header}"'
