import pytest
import torch

from trainer import precision
from trainer.precision import LEAST_GAIN, gain_on_cpu, use_bfloat16

CPU = torch.device("cpu")


def test_what_is_asked_for_counts() -> None:
    """`--precision float32` and `bfloat16` are taken as they are, whatever the machine gains."""
    assert not use_bfloat16("float32", CPU)
    assert use_bfloat16("bfloat16", CPU)


def test_pytorch_for_macos_has_no_library_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor the question."""
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    monkeypatch.setattr(torch.ops, "mkldnn", None)
    assert not use_bfloat16("auto", CPU)


@pytest.mark.skipif(not precision._has_bfloat16(), reason="this CPU has no bfloat16")
@pytest.mark.parametrize(("gain", "taken"), [(0.6, False), (LEAST_GAIN, True), (4.0, True)])
def test_auto_takes_it_only_where_it_is_faster(gain: float, taken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU that only claims bfloat16 trains in float32."""
    monkeypatch.setattr(precision, "gain_on_cpu", lambda: gain)
    assert use_bfloat16("auto", CPU) is taken


def test_the_gain_is_that_of_real_products_and_is_measured_once() -> None:
    """Two questions, one answer: a run does not change its mind."""
    assert gain_on_cpu() == gain_on_cpu() > 0
