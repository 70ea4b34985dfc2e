"""Bits per byte and next-byte accuracy of a network on held-out bytes (the torch side; eval measures the served file)."""

import math
from dataclasses import dataclass

import torch

from .batches import Streams, fitting_batch
from .corpus.shards import Bytes
from .network import Network, next_byte_loss


@dataclass(frozen=True)
class Quality:
    """`bits` per byte and `accuracy` (0..1) of the next byte, over `count` bytes."""

    bits: float
    accuracy: float
    count: int


def can_measure(data: Bytes) -> bool:
    """Whether there is a byte to judge by."""
    return Streams(data, *fitting_batch(len(data), 64, 64)).chunks > 0


@torch.no_grad()
def measure(network: Network, data: Bytes, most: int, device: torch.device, autocast: bool = False) -> Quality:
    """Read up to `most` bytes of `data`, spread evenly over it, state carried along; dropout off.

    The first 64 bytes of each stream only warm the state up.
    """
    batch, sequence = fitting_batch(len(data), 64, 64)
    streams = Streams(data, batch, sequence)
    was_training, losses, hits, count = network.training, 0.0, 0, 0
    network.eval()
    state = network.initial_state(batch)
    for number in range(min(streams.chunks, max(2, most // (batch * sequence)))):
        ids, targets = (tensor.to(device) for tensor in streams.chunk(0, number))
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
            logits, state = network(ids, state)
        if number or streams.chunks == 1:
            losses += float(next_byte_loss(logits, targets)) * targets.numel()
            hits += int((logits.argmax(-1) == targets).sum())
            count += targets.numel()
    network.train(was_training)
    return Quality(losses / max(count, 1) / math.log(2), hits / max(count, 1), count)
