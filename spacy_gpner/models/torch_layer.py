"""Torch modules as thinc layers that are built once their sizes are known."""

from collections.abc import Callable
from typing import Any, Optional

import safetensors.torch
import srsly
import torch
from thinc.api import PyTorchShim
from thinc.util import get_torch_default_device


class LazyTorchShim(PyTorchShim):
    """Holds a torch module that is built when its sizes are known: at initialization, or when it is loaded.
    Weights are stored as safetensors, so that loading never runs code.

    build (Callable[..., torch.nn.Module]): Makes the module from its sizes, given as keywords.
    """

    def __init__(self, build: Callable[..., torch.nn.Module]) -> None:
        super().__init__(None)
        self._build = build

    @property
    def module(self) -> Optional[torch.nn.Module]:
        """The module, or None before its sizes are known."""
        return self._model

    def build(self, **sizes: int) -> None:
        """Make the module.

        sizes (int): Its sizes.
        """
        self.cfg = sizes
        self._model = self._build(**sizes).to(get_torch_default_device())

    def resize(self, **sizes: int) -> None:
        """Make the module larger and keep what it has learned: of each parameter the leading rows are the old.

        sizes (int): The new sizes, not smaller than the old.
        """
        old = self._model.state_dict()
        self.build(**sizes)
        with torch.no_grad():
            for name, weights in self._model.state_dict().items():
                weights[: len(old[name])] = old[name].to(weights)
        # The optimizer keeps its moments by this number; those of the old shapes no longer fit.
        self.id = PyTorchShim(None).id

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): The sizes and weights."""
        state = b"" if self._model is None else safetensors.torch.save(_on_cpu(self._model.state_dict()))
        return srsly.msgpack_dumps({"config": self.cfg, "state": state})

    def from_bytes(self, bytes_data: bytes) -> "LazyTorchShim":
        """Load sizes and weights.

        bytes_data (bytes): What `to_bytes` gave.
        RETURNS (LazyTorchShim): This object.
        """
        msg = srsly.msgpack_loads(bytes_data)
        if msg["state"]:
            self.build(**msg["config"])
            self._model.load_state_dict(safetensors.torch.load(msg["state"]))
        return self


def _on_cpu(state: dict[str, Any]) -> dict[str, Any]:
    return {name: weights.detach().cpu().contiguous() for name, weights in state.items()}
