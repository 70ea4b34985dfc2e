"""Suggested blocks: only where one opens, only as long as it is sure, and never what stands there already."""

import pytest
import torch

from tinycode_ls.completer import Completer
from tinycode_ls.deadline import Deadline
from tinycode_ls.engine.mixer import mixer_to_bytes
from tinycode_ls.engine.model import Model, open_model
from tinycode_ls.model.card import ModelCard
from tinycode_ls.suggestion import Request, Suggestion
from trainer.export import model_bytes, to_arrays
from trainer.mixer import MixerNetwork
from trainer.network import Network

BLOCK = "for (const item of items) {\n    total += item.price;\n    count += 1;\n}\nreport(total);\n"


def trusting(network: Network, weight: float) -> Model:
    """An untrained network with a mixer that trusts every count so much."""
    torch.manual_seed(0)
    mixer = MixerNetwork()
    torch.nn.init.constant_(mixer.out.bias, weight)
    content = model_bytes(to_arrays(network.state_dict()), ModelCard(network.spec), mixer_to_bytes(mixer.to_mixer()))
    return open_model(content, "test")


@pytest.fixture(scope="module")
def model(tiny_network: Network) -> Model:
    """One that is sure of what it has seen."""
    return trusting(tiny_network, 2.0)


def ask(model: Model, left: str, right: str = "", most_lines: int = 12, asked: bool = True) -> Suggestion:
    """The best whole line, with its block."""
    request = Request("a.js", left, right, whole_lines=asked, most_lines=most_lines)
    return Completer(lambda _: model).complete(request, Deadline())[0]


def test_a_block_goes_on_to_the_line_that_closes_it(model: Model) -> None:
    """And not to the line after that; its probability is that of all lines."""
    suggestion = ask(model, BLOCK * 3 + "for (const item")
    assert suggestion.text == " of items) {\n    total += item.price;\n    count += 1;\n}"
    assert ask(model, BLOCK * 3 + "for (const item", asked=False).text == suggestion.text
    alone = ask(model, BLOCK * 3 + "for (const item", most_lines=1)
    assert alone.text == " of items) {" and suggestion.probability <= alone.probability


def test_lines_are_limited_by_the_setting(model: Model) -> None:
    """The line itself counts."""
    assert ask(model, BLOCK * 3 + "for (const item", most_lines=2).text == " of items) {\n    total += item.price;"


def test_a_line_that_opens_nothing_stays_alone(model: Model) -> None:
    """What follows it is not indented deeper."""
    assert ask(model, BLOCK * 3 + "repo").text == "rt(total);"


def test_a_block_that_stands_below_is_not_said_again(model: Model) -> None:
    """The line below the cursor is the one that would follow."""
    below = "\n    total += item.price;\n    count += 1;\n}\n"
    assert ask(model, BLOCK * 3 + "for (const item", below).text == " of items) {"


def test_text_after_the_cursor_keeps_the_suggestion_on_its_line(model: Model) -> None:
    """A block cannot be put in front of the rest of a line."""
    assert "\n" not in ask(model, BLOCK * 3 + "for (const item", ") {\n").text


def test_a_block_that_is_not_sure_is_left_out(tiny_network: Network) -> None:
    """The same text, and a mixer that believes it less."""
    unsure = trusting(tiny_network, 0.1)
    assert ask(unsure, BLOCK * 3 + "for (const item", asked=False).text == " of items) {"
