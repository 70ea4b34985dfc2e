"""The workspace as it was: the files of a commit, read from git, chosen and indexed as those on disk would be."""

from pathlib import Path

from ..index.files import MOST_FILE_BYTES, Verdict, ignore_rules, judge_content
from ..index.names import judge_name
from ..index.workspace import Stamp, Workspace
from .repository import Blob, Repository

OWN_IGNORE_FILE = ".tinycodeignore"


class PastWorkspace(Workspace):
    """Between one commit and the next only the blobs that differ are read; the index is then made anew, as exactly."""

    def __init__(self, repository: Repository, budget_mb: float) -> None:
        super().__init__([repository.folder], budget_mb)
        self._repository = repository
        self._commit = ""
        self._tree: dict[Path, Blob] = {}

    def go_to(self, commit: str, path: str) -> None:
        """To the files of `commit` (a revision), with the document `path` open."""
        documents = {self._repository.folder / path: None}
        if commit == self._commit:
            self.refresh((), documents)
            return
        files = self._repository.files(commit)
        self._commit, self._tree = commit, {self._repository.folder / name: blob for name, blob in files.items()}
        self.refresh(None, documents)

    def _list(self) -> dict[Path, Path]:
        root = self._repository.folder
        rules = self._tree.get(root / OWN_IGNORE_FILE)
        text = self._repository.read(rules.id) if rules else None
        ignored = ignore_rules(text or b"", OWN_IGNORE_FILE, self._left_out.tell_once)
        return {
            path: root
            for path in self._tree
            if not judge_name(path, root) and not ignored.match_file(path.relative_to(root).as_posix())
        }

    def _stamp(self, path: Path) -> Stamp | None:
        blob = self._tree.get(path)
        return Stamp(blob.id, blob.size) if blob else None

    def _look(self, path: Path) -> Verdict:
        blob = self._tree[path]
        if blob.size > MOST_FILE_BYTES:
            return Verdict(path, f"too large ({blob.size} bytes, at most {MOST_FILE_BYTES})")
        content = self._repository.read(blob.id)
        return Verdict(path, "unreadable (not in this clone)") if content is None else judge_content(path, content)
