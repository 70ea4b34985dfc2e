"""Figures of `eval`: each voice measured as the engine speaks, and never on what it could look up."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tinycode_ls.engine.draft import Draft
from tinycode_ls.engine.mixer import mixer_to_bytes
from tinycode_ls.engine.mixture import Predictor
from tinycode_ls.engine.model import Model, log_softmax, open_model
from tinycode_ls.errors import CorpusError
from tinycode_ls.index.document import document_index
from tinycode_ls.index.suffixes import SuffixIndex
from tinycode_ls.model.card import ModelCard
from tinycode_ls.model.document import document_header
from trainer import voice_quality
from trainer.byte_quality import ByteQuality
from trainer.cli import main
from trainer.corpus.build import build_corpus
from trainer.evaluate import Measure, byte_figures, read_held_out
from trainer.export import model_bytes, to_arrays
from trainer.mixer import MixerNetwork
from trainer.network import Network
from trainer.voice_quality import WorkspaceWithout, line_log_probs, voice_qualities


@pytest.fixture(scope="module")
def content(tiny_network: Network) -> bytes:
    """An untrained network with a mixer that trusts every count, as a model file."""
    torch.manual_seed(0)
    mixer = MixerNetwork()
    torch.nn.init.normal_(mixer.out.weight, std=0.05)
    torch.nn.init.constant_(mixer.out.bias, 0.5)
    return model_bytes(
        to_arrays(tiny_network.state_dict()), ModelCard(tiny_network.spec), mixer_to_bytes(mixer.to_mixer())
    )


@pytest.fixture(scope="module")
def model(content: bytes) -> Model:
    """That file, loaded."""
    return open_model(content, "test")


TEXT = b"def add(first, second):\n    return first + second\n\n\ndef sub(first, second):\n    return first\n"
OTHER = b"def mul(first, second):\n    return first * second\n" * 3


@pytest.mark.parametrize("at_once", [voice_quality.MOST_AT_ONCE, 7])
def test_a_batch_of_positions_is_the_engine_byte_by_byte(
    model: Model, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Every line of a file: the same distributions as the search that serves sees."""
    monkeypatch.setattr(voice_quality, "MOST_AT_ONCE", at_once)
    assert model.mixer is not None
    logits, state = model.read(document_header("a.py"))
    begin, workspace = 0, SuffixIndex(OTHER)
    for line in TEXT.splitlines(keepends=True):
        predictor = Predictor(model, model.mixer, document_index(TEXT[:begin], b""), workspace)
        counted = predictor.count(TEXT[:begin], b"")
        draft = Draft.begin(predictor, predictor.start(counted, b"", logits[None]), state)
        one_by_one = [draft.look([line[:count]])[0] for count in range(len(line))]
        after, state = model.read_all(line, state)
        batch = line_log_probs(predictor, model.mixer, TEXT[:begin], line, np.concatenate([logits[None], after[:-1]]))
        assert np.abs(np.exp(batch) - np.exp(np.array(one_by_one))).max() < 5e-3
        logits, begin = after[-1], begin + len(line)


def test_the_network_s_bits_are_those_of_its_distributions(model: Model) -> None:
    """Worked out by hand, the state begun anew with each file."""
    lost = 0.0
    for path in ("a.py", "b.py"):
        logits, state = model.read(document_header(path))
        for byte in TEXT:
            lost -= float(log_softmax(logits)[byte])
            logits, state = model.read(bytes([byte]), state)
    found = voice_qualities(model, [("a.py", TEXT), ("b.py", TEXT)], None)["network"]
    assert found.count == 2 * len(TEXT)
    assert found.bits == pytest.approx(lost / math.log(2) / found.count, rel=0.02)


def test_quality_of_a_known_example() -> None:
    """Two bytes, one of them the likeliest: one bit and three bits lost."""
    log_probs = np.log(np.full((2, 256), 1e-9, np.float32))
    log_probs[0, 65], log_probs[1, 66], log_probs[1, 67] = np.log(0.5), np.log(0.125), np.log(0.8)
    found = ByteQuality()
    found.add(log_probs, np.array([65, 66], np.uint8))
    assert found.bits == pytest.approx(2.0) and found.accuracy == 0.5


def test_the_index_helps_where_the_repository_has_the_text(model: Model) -> None:
    """And says nothing of text that nobody wrote yet; the file's own lines above count too."""
    alone = voice_qualities(model, [("a.py", OTHER[:50])], None)
    given = voice_qualities(model, [("a.py", OTHER[:50])], SuffixIndex(OTHER))
    assert given["mixture"].bits < alone["mixture"].bits and given["index"].bits < alone["index"].bits
    repeated = voice_qualities(model, [("a.py", OTHER)], None)
    assert repeated["index"].bits < alone["index"].bits


def test_a_sample_of_lines_is_reported_and_the_same_for_a_seed(model: Model) -> None:
    """So many bytes at least, the three voices on the same ones."""
    files = [("a.py", TEXT * 4), ("b.py", OTHER)]
    found = voice_qualities(model, files, None, most_bytes=100, seed=3)
    again = voice_qualities(model, files, None, most_bytes=100, seed=3)
    assert found == again
    assert len({quality.count for quality in found.values()}) == 1 and 100 <= found["network"].count < 200


def test_what_is_measured_is_not_in_the_index(model: Model, tmp_path: Path) -> None:
    """A file of the repository itself is left out of the index, by whatever path it was named."""
    (tmp_path / "kept.py").write_bytes(OTHER)
    (tmp_path / "measured.py").write_bytes(TEXT)
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    for named in (tmp_path / "measured.py", tmp_path / "link" / "measured.py"):
        workspace = WorkspaceWithout(tmp_path, [named], 8)
        workspace.build()
        assert [Path(path).name for path, _ in workspace.texts()] == ["kept.py"]
    files, places = read_held_out([tmp_path / "measured.py"])
    figures = byte_figures(model, files, places, Measure(index=tmp_path), lambda done, of: None)
    assert figures["index_files"] == 1 and figures["bytes"] == len(TEXT)


def test_files_of_the_same_name_all_count(model: Model, tmp_path: Path) -> None:
    """Two projects with a `m.py` each: all bytes of both, and lines drawn from both."""
    texts = {"one": TEXT, "two": OTHER}
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.py").write_bytes(text)
    files, places = read_held_out([tmp_path / "one", tmp_path / "two"])
    assert len(places) == 2
    for most in (0, len(TEXT + OTHER)):
        figures = byte_figures(model, files, places, Measure(most_bytes=most), lambda done, of: None)
        assert figures["bytes"] == len(TEXT + OTHER)


def test_an_index_of_nothing_is_an_error(model: Model, tmp_path: Path) -> None:
    """One line that says what was expected."""
    (tmp_path / "a.py").write_bytes(TEXT)
    files, places = read_held_out([tmp_path / "a.py"])
    with pytest.raises(CorpusError, match="expected a repository"):
        byte_figures(model, files, places, Measure(index=tmp_path / "nowhere"), lambda done, of: None)


def test_the_command_prints_all_voices(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON, and only JSON, on standard output."""
    (tmp_path / "model.onnx").write_bytes(content)
    for name, text in (("repo/a.py", OTHER), ("new/b.py", TEXT)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(text)
    words = [str(tmp_path / "model.onnx"), str(tmp_path / "new"), "--index", str(tmp_path / "repo"), "--lines", "0"]
    assert main(["eval", *words, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    for voice in ("", "index_", "mixture_"):
        assert figures[f"{voice}bits_per_byte"] > 0 and 0 <= figures[f"{voice}next_byte_accuracy"] <= 1
    assert figures["bytes"] == len(TEXT) and figures["index_bytes"] == len(OTHER)


def test_what_is_named_twice_counts_once_and_what_is_named_counts_whole(tmp_path: Path) -> None:
    """A file beside its folder; one that is larger than what is taken of a folder."""
    large = tmp_path / "plays.txt"
    large.write_text("All the world's a stage.\n" * 50_000)
    (tmp_path / "a.py").write_text("x = 1\n")
    assert read_held_out([tmp_path, tmp_path / "a.py", tmp_path / "a.py"])[0] == [("a.py", b"x = 1\n")]
    assert len(read_held_out([large, large])[0][0][1]) == large.stat().st_size


def test_a_built_corpus_is_not_measured(model: Model, tmp_path: Path) -> None:
    """Of its folder only the card would be read as source; and an index is a folder."""
    (tmp_path / "a.py").write_text("x = 1\n" * 50)
    build_corpus([tmp_path / "a.py"], tmp_path / "built")
    with pytest.raises(CorpusError, match="a built corpus; expected files"):
        read_held_out([tmp_path / "built"])
    files, places = read_held_out([tmp_path / "a.py"])
    with pytest.raises(CorpusError, match=r"a\.py: no folder; expected a repository"):
        byte_figures(model, files, places, Measure(index=tmp_path / "a.py"), lambda done, of: None)
