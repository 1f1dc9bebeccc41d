"""ONNX graphs as torch modules, so that thinc runs, stores and loads them as it does any other."""

import os
from typing import Any, Optional

import numpy
import torch
from torch import Tensor, nn

# How the names of architectures that run graphs begin
COMPACT = "spacy-gpner.Compact"
NOT_TRAINED = (
    "A compact pipeline can't be trained. Train the pipeline that it was made from, and make that compact."
)
NO_GRAPH = (
    "A compact pipeline can't be trained or initialized: `spacy gpner compact` makes it of a trained one."
)


class OnnxModule(nn.Module):
    """Runs an ONNX graph with ONNX Runtime, on the CPU, and is stored as the graph's bytes. It can't learn.
    Activations are quantized by the range that they have in their batch: results depend on it a little.

    A session is made when one is first needed, for as many threads as torch has if the graph gains by more
    than one, and again in a process that was forked since: a session's threads don't live on there.

    graph (bytes): The graph, serialized; empty for one that is yet to be loaded.
    """

    graph: Tensor
    is_parallel = True

    def __init__(self, graph: bytes = b"") -> None:
        super().__init__()
        self.register_buffer("graph", torch.tensor(numpy.frombuffer(graph, dtype=numpy.uint8)))
        self._session: Optional[tuple[int, Any]] = None

    def run(self, **inputs: Tensor) -> Tensor:
        """Run the graph.

        inputs (Tensor): Its inputs by name.
        RETURNS (Tensor): Its only output, on the device of the inputs.
        RAISES (ValueError): In training, or if there is no graph yet.
        RAISES (ImportError): If ONNX Runtime is not installed.
        """
        # Not self.training, which thinc switches while other threads may be predicting.
        if torch.is_grad_enabled():
            raise ValueError(NOT_TRAINED)
        device = next(iter(inputs.values())).device
        (output,) = self._get_session().run(None, {name: x.cpu().numpy() for name, x in inputs.items()})
        return torch.from_numpy(output).to(device)

    def _get_session(self) -> Any:
        if not len(self.graph):
            raise ValueError(NO_GRAPH)
        if self._session is None or self._session[0] != os.getpid():
            runtime = import_runtime()
            options = runtime.SessionOptions()
            options.intra_op_num_threads = torch.get_num_threads() if self.is_parallel else 1
            session = runtime.InferenceSession(
                self.graph.cpu().numpy().tobytes(), options, providers=["CPUExecutionProvider"]
            )
            self._session = (os.getpid(), session)
        return self._session[1]

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:
        """Take over a graph, of whatever size: torch calls this in `load_state_dict`, of a parent's too.

        RAISES (ImportError): If ONNX Runtime, which will run it, is not installed.
        """
        import_runtime()
        if (graph := state_dict.get(f"{prefix}graph")) is not None:
            self.graph = torch.empty_like(graph)
        self._session = None
        super()._load_from_state_dict(state_dict, prefix, *args)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None}


def import_runtime() -> Any:
    """ONNX Runtime.

    RAISES (ImportError): If it is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise ImportError("A compact pipeline needs ONNX Runtime: pip install onnxruntime") from None
    return onnxruntime
