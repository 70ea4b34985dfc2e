"""What a network in training writes, a few lines at a time: one can see it learn.

Draws with a generator of its own, so that a run with samples takes the same steps as one without.
"""

from dataclasses import dataclass

import numpy as np
import torch

from tinycode_ls.model.document import SEPARATOR

from .corpus.shards import Bytes
from .network import Network

PROMPT_BYTES = 120
SAMPLE_BYTES = 240
TEMPERATURE = 0.6


@dataclass(frozen=True)
class Sample:
    """`text` is what the network wrote after `prompt`, the beginning of a held-out file (header included)."""

    prompt: str
    text: str


def opening(held_out: Bytes, most: int = PROMPT_BYTES) -> bytes:
    """Header and first lines of the first held-out file, cut behind a line where there is one."""
    text = held_out[:most].tobytes()
    text = text[: text.find(SEPARATOR, 1)] if text.find(SEPARATOR, 1) > 0 else text
    return text[: text.rfind(b"\n") + 1] or text


@torch.no_grad()
def sample_network(network: Network, prompt: bytes, most: int = SAMPLE_BYTES, seed: int = 1) -> Sample:
    """Up to `most` bytes after `prompt`; ends where the network ends the file. 240 bytes take 0.2 s on one core."""
    random, written, was_training = np.random.default_rng(seed), bytearray(), network.training
    device = network.head.bias.device
    network.eval()
    ids, state = torch.tensor(list(prompt or b"\0"), device=device)[:, None], network.initial_state(1)
    while len(written) < most:
        logits, state = network(ids, state)
        probs = torch.softmax(logits[-1, 0].cpu().double() / TEMPERATURE, 0).numpy()  # Apple's GPU has no doubles
        byte = int(random.choice(len(probs), p=probs / probs.sum()))
        if byte == SEPARATOR:
            break
        written.append(byte)
        ids = torch.tensor([[byte]], device=device)
    network.train(was_training)
    return Sample(prompt.decode("utf-8", "replace"), written.decode("utf-8", "replace"))
