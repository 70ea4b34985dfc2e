"""Several processes on one run (torchrun): who we are, and what they must agree on. One process needs none of it.

Each process reads its share of a batch's streams; gradients are averaged, so that N processes take the very steps that
one process would take on the whole batch. Nothing here knows what is trained.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import torch
import torch.distributed as dist
from torch import Tensor, nn

from tinycode_ls.errors import TrainingError


@dataclass(frozen=True)
class Group:
    """This process is `rank` of `ranks`, `local_rank` on its machine; only rank 0 writes files and talks."""

    rank: int = 0
    ranks: int = 1
    local_rank: int = 0

    @property
    def leads(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def average_gradients(self, network: nn.Module) -> None:
        """One all-reduce over all gradients, flattened, so that small tensors do not pay a round trip each."""
        if self.ranks == 1:
            return
        gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        with self._others():
            dist.all_reduce(flat)
        flat /= self.ranks
        at = 0
        for gradient in gradients:
            gradient.copy_(flat[at : at + gradient.numel()].view_as(gradient))
            at += gradient.numel()

    def mean(self, *values: float) -> list[float]:
        """Of each value over all processes: the same numbers, and so the same decisions, everywhere."""
        if self.ranks == 1:
            return list(values)
        tensor = _numbers(values)
        with self._others():
            dist.all_reduce(tensor)
        return [value / self.ranks for value in tensor.tolist()]

    def agree(self, value: float) -> float:
        """Rank 0's value, everywhere: decisions by the clock must be the same in all processes."""
        if self.ranks == 1:
            return value
        tensor = _numbers([value])
        with self._others():
            dist.broadcast(tensor, 0)
        return float(tensor.item())

    def any(self, asked: bool) -> bool:
        """Whether one of the processes says yes (Ctrl-C reaches them at different moments)."""
        return self.mean(float(asked))[0] > 0

    def wait(self) -> None:
        """Until all processes are here."""
        self.mean(0.0)

    def gather_states(self, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The recurrent state of all streams [L, B, H], in rank order, for a checkpoint."""
        if self.ranks == 1:
            return state
        gathered = []
        for tensor in state:
            parts = [torch.empty_like(tensor) for _ in range(self.ranks)]
            with self._others():
                dist.all_gather(parts, tensor.contiguous())
            gathered.append(torch.cat(parts, dim=1))
        return tuple(gathered)

    @contextmanager
    def _others(self) -> Iterator[None]:
        """What a collective operation raises when another process is gone, in one line for a person."""
        try:
            yield
        except RuntimeError as error:  # gloo's own; NCCL's is a sub-class
            raise _alone("another process of the group ended") from error


def join_group(device: torch.device) -> Group:
    """The group that torchrun describes in the environment, or a group of one. May be called again."""
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    if ranks == 1:
        return Group()
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    if not dist.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(local_rank)
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        signal.signal(signal.SIGTERM, _told_to_stop)
    return Group(dist.get_rank(), dist.get_world_size(), local_rank)


def leave_group() -> None:
    """Say goodbye, where there is a group."""
    if dist.is_initialized():
        dist.destroy_process_group()


def end_follower() -> None:
    """End a process that does not lead and has nothing left to do, without Python's own clean-up: gloo's threads may still
    let go of tensors then, for which they want an interpreter that is gone, and the process aborts (PyTorch 179291)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _told_to_stop(number: int, frame: FrameType | None) -> None:
    """torchrun sends SIGTERM to the others when a process ends, often before they see it by themselves."""
    raise _alone("told to stop, most likely since another process of the group ended")


def _alone(what: str) -> TrainingError:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # one line is enough; we are leaving
    return TrainingError(
        f"process {dist.get_rank()} of {dist.get_world_size()}: {what}; nothing half-written is left: "
        "go on from the last checkpoint with `fit --resume RUN`"
    )


def _numbers(values: tuple[float, ...] | list[float]) -> Tensor:
    tensor = torch.tensor(values, dtype=torch.float64)
    return tensor.cuda() if dist.get_backend() == "nccl" else tensor
