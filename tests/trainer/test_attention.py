"""Attention over the last states: against its definition, position by position; the memory; the way into a model file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tinycode_ls.engine.model import load_model
from tinycode_ls.model.spec import ATTENTION_WIDTH, ModelSpec
from trainer.attention import Attention, with_attention, with_reach
from trainer.cli import main
from trainer.network import Network

SPEC = ModelSpec(hidden=24, embedding=8, attention=7)


def by_definition(attention: Attention, outputs: torch.Tensor, reach: int) -> torch.Tensor:
    """Each position by itself, only with what was really read; outputs [T, H] -> found [T, W]."""
    query, key, value = attention.project(outputs).chunk(3, dim=-1)
    found = [attention.nearness.softmax(0)[0] * value[0]]  # nothing to look at but its own value, filed with no key
    for now in range(1, len(outputs)):
        keys, values = key[max(0, now - reach) : now], value[max(0, now - reach) + 1 : now + 1]
        scores = keys @ query[now] / ATTENTION_WIDTH**0.5 + attention.nearness[: len(keys)].flip(0)
        found.append(scores.softmax(0) @ values)
    return torch.stack(found)


@torch.no_grad()
def test_it_is_what_its_definition_says() -> None:
    """Softmax over the last N keys, values of one byte later, a weight for each distance; the empty beginning counts for
    nothing."""
    torch.manual_seed(0)
    attention, outputs = Attention(SPEC), torch.randn(40, 3, 24)
    attention.nearness.data.normal_()
    keys, values = (torch.zeros(shape) for shape in list(SPEC.state_shapes(3).values())[2:])
    found, _, _ = attention(outputs, keys, values)
    for stream in range(3):
        assert torch.allclose(found[:, stream], by_definition(attention, outputs[:, stream], 7), atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("reach", [1, 7, 64])
def test_reading_in_pieces_is_reading_at_once(reach: int) -> None:
    """The state carries all that later bytes need, also where it is longer than the text."""
    torch.manual_seed(0)
    network, ids = Network(ModelSpec(hidden=24, embedding=8, attention=reach)).eval(), torch.randint(0, 256, (40, 3))
    whole, after = network(ids, network.initial_state(3))
    parts, state = [], network.initial_state(3)
    for piece in (ids[:5], ids[5:6], ids[6:]):
        logits, state = network(piece, state)
        parts.append(logits)
    assert torch.allclose(torch.cat(parts), whole, atol=1e-5)
    assert [tuple(tensor.shape) for tensor in state] == list(network.spec.state_shapes(3).values())
    for one, other in zip(after, state, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_what_is_out_of_reach_has_no_influence() -> None:
    """The gradient of what is found reaches the last N states and the next, and not the one before."""
    torch.manual_seed(0)
    attention, outputs = Attention(SPEC), torch.randn(20, 1, 24, requires_grad=True)
    found, _, _ = attention(outputs, torch.zeros(1, 1, 7, ATTENTION_WIDTH + 1), torch.zeros(1, 1, 7, ATTENTION_WIDTH))
    found[15].sum().backward()
    touched = outputs.grad.abs().sum(dim=(1, 2)) > 0
    assert touched.nonzero().flatten().tolist() == list(range(8, 16))


@pytest.mark.parametrize(
    ("value", "says"), [("-1", "attention is -1"), ("1025", "from 0 to 1024"), ("x", "invalid int")]
)
def test_a_bad_reach_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], value: str, says: str) -> None:
    """Found, expected; before anything is read or written."""
    (tmp_path / "a.py").write_text("x = 1\n" * 200)
    try:
        code = main(["fit", str(tmp_path / "a.py"), "--out", str(tmp_path / "m.onnx"), f"--attention={value}"])
    except SystemExit as end:  # argparse's own
        code = end.code
    told = capsys.readouterr().err.strip().splitlines()
    assert code == 2 and says in told[-1] and told[-1].startswith("tinycode-train")
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


@pytest.mark.parametrize("tied", [False, True])
def test_added_attention_says_nothing_at_first_and_learns(tied: bool) -> None:
    """A network that was trained without goes on with the same logits, and its attention has a gradient."""
    torch.manual_seed(0)
    plain, hybrid = (Network(replace(SPEC, tie_weights=tied, attention=reach)).eval() for reach in (0, 7))
    hybrid.load_state_dict(with_attention(plain.state_dict(), hybrid.spec))
    ids = torch.randint(0, 256, (40, 3))
    logits, _ = hybrid(ids, hybrid.initial_state(3))
    assert torch.allclose(logits, plain(ids, plain.initial_state(3))[0], atol=1e-5)
    logits.pow(2).sum().backward()
    heard = (hybrid.project if hybrid.project is not None else hybrid.head).weight.grad[:, -ATTENTION_WIDTH:]
    assert heard.abs().sum() > 0


@torch.no_grad()
def test_a_longer_reach_begins_as_the_shorter_one() -> None:
    """Within the old reach nothing changes; beyond it the states that were out of reach are heard, but softly."""
    torch.manual_seed(0)
    near, far = (Network(replace(SPEC, attention=reach)).eval() for reach in (7, 12))
    far.load_state_dict(with_reach(near.state_dict(), far.spec))
    ids = torch.randint(0, 256, (12, 3))
    before, after = near(ids, near.initial_state(3))[0], far(ids, far.initial_state(3))[0]
    assert torch.allclose(before[1:8], after[1:8], atol=1e-5)
    assert 0 < (before[8:] - after[8:]).abs().max() < 0.2


def test_a_hybrid_goes_the_way_of_any_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """fit, sample, eval, tune: the tuned model has the base's shape, and starts from its weights. A model without attention
    is given it by `fit --base`, and one with a short reach a longer one; none loses any."""
    source = tmp_path / "repo"
    source.mkdir()
    for number in range(8):
        lines = [f"def name_{number}_{i}(first, second):\n    return first * {i} + second\n\n\n" for i in range(30)]
        (source / f"file{number}.py").write_text("".join(lines))
    model, tuned = tmp_path / "m.onnx", tmp_path / "t.onnx"
    flags = ["--steps", "60", "--validate-every", "30", "--threads", "1", "--quiet"]
    shape = ["--hidden", "24", "--embedding", "8", "--attention", "40", "--batch", "4", "--sequence", "32"]
    assert main(["fit", str(source), "--out", str(model), *shape, *flags, "--learning-rate", "0.02"]) == 0
    assert load_model(model).card.spec == ModelSpec(hidden=24, embedding=8, attention=40)
    assert main(["sample", str(model), "--prompt", "def ", "--bytes", "300", "--temperature", "0"]) == 0
    capsys.readouterr()
    assert main(["eval", str(model), str(source), "--lines", "2", "--json"]) == 0
    before = json.loads(capsys.readouterr().out)["bits_per_byte"]
    assert main(["tune", str(source), "--base", str(model), "--out", str(tuned), *flags, "--force"]) == 0
    assert load_model(tuned).card.spec == load_model(model).card.spec
    main(["eval", str(tuned), str(source), "--lines", "0", "--json"])
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["bits_per_byte"] < before < 6
    steps = ("plain", None, "0"), ("grown", "plain", "16"), ("far", "grown", "24"), ("again", "far", "16")
    for name, base, attention in steps:
        start = ["--base", str(tmp_path / f"{base}.onnx")] if base else shape
        out = tmp_path / f"{name}.onnx"
        assert main(["fit", str(source), "--out", str(out), *start, *flags, "--attention", attention]) == 0
    reaches = [load_model(tmp_path / f"{name}.onnx").card.spec.attention for name in ("plain", "grown", "far", "again")]
    assert reaches == [0, 16, 24, 24]
