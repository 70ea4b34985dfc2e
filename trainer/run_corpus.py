"""The corpus of a run: one that was built before, or made in the run's folder."""

from collections.abc import Collection
from pathlib import Path

from tinycode_ls.errors import TrainingError

from .corpus.build import build_corpus
from .corpus.join import join_corpora
from .corpus.store import Corpus, is_corpus, open_corpus
from .lessons import TRAINED_SUFFIXES, suffixes_of
from .order import Order
from .parallel import Group

VALID_SHARE = 0.06
"""Of the files of a repository, held out. A corpus built beforehand brings its own split."""


def prepare_corpus(paths: list[Path], folder: Path, languages: Collection[str] = ()) -> Corpus:
    """A corpus that is built already, or one made in the run's folder: several joined, or text collected from `paths`, of some
    languages or of all."""
    built = [path for path in paths if is_corpus(path)]
    if built and len(built) < len(paths):
        other = next(path for path in paths if path not in built)
        raise TrainingError(
            f"{built[0]} is a built corpus and {other} is not; expected text only or built corpora only"
        )
    if built:
        return open_corpus(built[0]) if len(built) == 1 else join_corpora(built, folder / "corpus")
    suffixes = suffixes_of(languages) if languages else TRAINED_SUFFIXES
    return build_corpus(paths, folder / "corpus", valid_share=VALID_SHARE, suffixes=suffixes)


def corpus_of_run(order: Order, folder: Path) -> Corpus:
    """The corpus that `prepare_corpus` gave; raises CorpusError when it is not there, or not whole, any more."""
    only = Path(order.paths[0])
    return open_corpus(only if len(order.paths) == 1 and is_corpus(only) else folder / "corpus")


def prepare_together(group: Group, paths: list[Path], folder: Path) -> Corpus:
    """One process builds the corpus, the others open it; a machine that does not share the folder builds its own.

    Raises TrainingError when they do not all hold the same text.
    """
    corpus = prepare_corpus(paths, folder) if group.leads else None
    group.wait()
    if not group.local_rank and not is_corpus(folder / "corpus"):
        corpus = corpus or prepare_corpus(paths, folder)
    group.wait()
    corpus = corpus or open_corpus(paths[0] if len(paths) == 1 and is_corpus(paths[0]) else folder / "corpus")
    key = int(corpus.hash[:12], 16)  # exact as a float
    if group.any(group.agree(key) != key):
        raise TrainingError(
            f"the processes read different corpora (process {group.rank}: {corpus.hash[:8]}); "
            "give them the same folder, or the same built corpus on each machine"
        )
    return corpus
