"""The mixer that is fitted is the mixer that serves."""

import random

import numpy as np
import pytest
import torch

from tinycode_ls.engine.mixer import FEATURES, RECENT, SLOTS, gate_features, mixer_from_bytes, mixer_to_bytes
from tinycode_ls.engine.model import Model
from tinycode_ls.errors import CorpusError, ModelFileError
from tinycode_ls.index.evidence import Evidence
from trainer.mixer import Examples, MixerNetwork, collect, fit_mixer, judge_mixer
from trainer.practice import Edit, make_project, make_release


def some_evidence(batch: int) -> tuple[np.ndarray, Evidence, np.ndarray, np.ndarray, np.ndarray]:
    """Log probabilities, sparse counts, last bytes, columns and recent hits, at random."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(batch, 256)).astype(np.float32) * 3
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    counts = np.where(rng.random((batch, SLOTS, 256)) < 0.02, rng.integers(1, 9, (batch, SLOTS, 256)), 0)
    totals = counts.sum(axis=2).astype(np.float32)
    places, slots, codes = np.repeat(np.nonzero(counts), counts[counts > 0], axis=1)
    evidence = Evidence(totals, totals, places, slots, codes.astype(np.uint8))
    recent = rng.random((batch, RECENT)).astype(np.float32)
    return log_p, evidence, rng.integers(0, 256, batch), rng.integers(0, 80, batch), recent


def test_numpy_and_torch_agree() -> None:
    """The formula stands twice, for speed and for gradients; both give the same distribution."""
    torch.manual_seed(0)
    network = MixerNetwork()
    torch.nn.init.normal_(network.out.weight, std=0.1)
    torch.nn.init.normal_(network.judge_out.weight, std=0.3)
    log_p, evidence, *rest = some_evidence(5)
    features = gate_features(log_p, evidence, *rest)
    assert features.shape == (5, FEATURES)
    everything = torch.arange(256).expand(5, 256)
    with torch.no_grad():
        counts, taken = torch.from_numpy(evidence.table()), torch.from_numpy(np.maximum(evidence.taken, 1))
        logits = network(*map(torch.from_numpy, (features, log_p)), everything, counts, taken)
    expected = torch.log_softmax(logits, dim=1).numpy()
    found = network.to_mixer().mix(log_p, evidence, *rest)
    assert np.abs(found - expected).max() < 1e-3
    assert np.allclose(np.exp(found).sum(axis=1), 1, atol=1e-4)


def test_a_stored_mixer_is_read_back_and_a_damaged_one_named() -> None:
    """float16 in the file; other bytes raise."""
    mixer = MixerNetwork().to_mixer()
    back = mixer_from_bytes(mixer_to_bytes(mixer))
    assert np.allclose(back.gate_in, mixer.gate_in, atol=1e-3)
    with pytest.raises(ModelFileError, match="damaged"):
        mixer_from_bytes(b"no mixer")


def test_fitting_beats_the_network_alone(tiny_model: Model) -> None:
    """On a project whose files repeat each other, counting knows much that an untrained network does not."""
    names = [f"value_{number}" for number in range(30)]
    rng = random.Random(0)
    lines = [f"    self.{a} = {b}.compute({a})" for a in names for b in names[:3]]
    files = {f"{n}.py": "\n".join(rng.sample(lines, 60)).encode() + b"\n" for n in range(6)}
    practised = collect(tiny_model, make_project("p", files, ["0.py", "1.py"], blocks=12, seed=1))
    held_out = collect(tiny_model, make_project("p", files, ["2.py", "3.py"], blocks=6, seed=2))
    unfitted, fitted = (judge_mixer(fit_mixer(practised, epochs), held_out) for epochs in (0, 30))
    assert fitted.bits < 0.8 * unfitted.bits < 0.8 * fitted.network_bits
    with pytest.raises(CorpusError, match="places to practise on; expected 1024 or more"):
        fit_mixer(Examples(*(getattr(practised, name)[:1000] for name in Examples.__dataclass_fields__)))


def test_an_edit_hides_what_it_adds_further_down() -> None:
    """Lines of later blocks are neither below the cursor nor in the file before; those above are there."""
    text = b"".join(b"line %d of the file\n" % number for number in range(200))
    edit = Edit.of("f.py", text, 10, random.Random(3))
    added = {edit.lines[n] for begin, end in edit.blocks for n in range(begin, end)}
    assert not any(line in edit.before.split(b"\n") for line in added)
    for exercise in edit.exercises(random.Random(4)):
        assert exercise.line in added
        assert not any(line in exercise.right.split(b"\n") for line in added)
        assert edit.text.startswith(exercise.left + exercise.line)


def test_lines_between_two_releases_are_what_was_written() -> None:
    """Each with the newer text above it and the older below; a file written anew is nobody's edit."""
    old = b"".join(b"line %d = old\n" % number for number in range(40))
    new = old.replace(b"line 9 = old\n", b"line 9 = old\nadded after nine\nand a second\n")
    new = new.replace(b"line 30 = old\n", b"line 30 = changed\n")
    edit = Edit.between("f.py", old, new)
    written = {exercise.line: exercise for exercise in edit.sample(9, random.Random(1))}
    assert set(written) == {b"added after nine", b"and a second", b"line 30 = changed"}
    second = written[b"and a second"]
    assert second.left.endswith(b"line 9 = old\nadded after nine\n") and second.right.startswith(b"line 10 = old\n")
    assert b"changed" not in second.right and written[b"line 30 = changed"].right.startswith(b"line 31")

    anew = {"g.py": b"".join(b"other %d\n" % number for number in range(40))}
    project = make_release("p", {"f.py": old, "g.py": old}, {"f.py": new, **anew}, files=4, lines=9, seed=1)
    assert project is not None and [path for path, _, _ in project.files] == ["f.py"]
    assert make_release("p", {"x.py": old}, {"f.py": new, "g.py": new}, files=4, lines=9, seed=1) is None


def test_what_is_practised_is_all_kinds_of_lines_and_files() -> None:
    """Blank lines and lone brackets at their own rate (a mixer that never met them gave blank lines 14 bits), and new files
    from the top, with nothing of them below the cursor or in the workspace."""
    text = {f"{n}.c": b"".join(b"int f%d_%d(void) {\n\n}\n\n" % (n, k) for k in range(40)) for n in range(20)}
    project = make_project("p", text, sorted(text), blocks=10, seed=1)
    lines = [exercise.line for _, _, exercises in project.files for exercise in exercises]
    assert 0.4 < sum(line == b"" for line in lines) / len(lines) < 0.6 and b"}" in lines
    new = {path for path, _, exercises in project.files if not any(exercise.right for exercise in exercises)}
    assert 2 <= len(new) <= 15
    for path, _, exercises in project.files:
        context = b" f" + path.removesuffix(".c").encode() + b"_"
        low, high = project.workspace.start(context)
        assert (low[0, len(context) - 1] == high[0, len(context) - 1]) == (path in new)
        assert path not in new or min(len(exercise.left) for exercise in exercises) < 500
