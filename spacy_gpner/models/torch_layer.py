"""Torch modules as thinc layers that are built once their sizes are known."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Optional, cast

import safetensors.torch
import srsly
import torch
from thinc.api import ArgsKwargs, Model, PyTorchShim, torch2xp, xp2torch
from thinc.types import Floats2d
from thinc.util import get_torch_default_device
from torch import Tensor

from ..errors import PipelineError
from .dropout import set_training_dropout

Backprop = Callable[[Sequence[Tensor], Sequence[Tensor]], list[Floats2d]]


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

    def build(self, **sizes: Any) -> None:
        """Make the module.

        sizes (Any): Its sizes.
        """
        self.put(self.make(**sizes), **sizes)

    def make(self, **sizes: Any) -> torch.nn.Module:
        """Make a module like the one that `build` would hold.

        sizes (Any): Its sizes.
        RETURNS (torch.nn.Module): The module.
        """
        return self._build(**sizes)

    def put(self, module: torch.nn.Module, **sizes: Any) -> None:
        """Hold a module that was made elsewhere.

        module (torch.nn.Module): The module.
        sizes (Any): Its sizes, from which another like it could be made.
        """
        self.cfg = sizes
        self._model = module.to(get_torch_default_device())

    def resize(self, **sizes: Any) -> None:
        """Make the module larger and keep what it has learned: the leading part of each parameter, along all
        of its axes.

        sizes (Any): Sizes that change, none of them smaller than before.
        """
        old = self._model.state_dict()
        self.build(**{**self.cfg, **sizes})
        with torch.no_grad():
            for name, weights in self._model.state_dict().items():
                weights[tuple(map(slice, old[name].shape))] = old[name].to(weights)
        # The optimizer keeps its moments by this number; those of the old shapes no longer fit.
        self.id = PyTorchShim(None).id

    def predict(self, inputs: ArgsKwargs) -> Any:
        """Run the module without a way back. It is left in evaluation mode: thinc's own shim switches back,
        which turns dropout on for other threads that are predicting.

        inputs (ArgsKwargs): Its inputs.
        RETURNS (Any): Its output.
        """
        self._model.eval()
        with torch.no_grad():
            return self._model(*inputs.args, **inputs.kwargs)

    @contextlib.contextmanager
    def use_params(self, params: dict[tuple[int, str], Any]) -> Iterator[None]:
        """Set weights for a while, such as the averages that an optimizer keeps. (thinc's own shim looks for
        keys that the optimizer doesn't use, and so never finds them.)

        params (Dict[Tuple[int, str], FloatsXd]): Weights by id and name of the parameter.
        """
        own = [] if self._model is None else self._model.named_parameters()
        swapped = [(p, p.data, params[self.id, name]) for name, p in own if (self.id, name) in params]
        for parameter, weights, given in swapped:
            parameter.data = xp2torch(given, device=weights.device)
        try:
            yield
        finally:
            for parameter, weights, _ in swapped:
                parameter.data = weights

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): The sizes and weights."""
        state = b"" if self._model is None else safetensors.torch.save(_on_cpu(self._model.state_dict()))
        return srsly.msgpack_dumps({"config": self.cfg, "state": state})

    def from_bytes(self, bytes_data: bytes) -> "LazyTorchShim":
        """Load sizes and weights.

        bytes_data (bytes): What `to_bytes` gave.
        RETURNS (LazyTorchShim): This object.
        RAISES (PipelineError): If the weights are those of a module with other settings.
        """
        msg = srsly.msgpack_loads(bytes_data)
        if msg["state"]:
            self.build(**msg["config"])
            saved = safetensors.torch.load(msg["state"])
            try:
                self._model.load_state_dict(saved)
            except RuntimeError as err:
                raise PipelineError(
                    f"The saved weights of {type(self._model).__name__} don't fit its settings in the config:"
                    f" {_difference(saved, self._model.state_dict())}. Give the settings that it was trained "
                    "with."
                ) from err
        return self


def _difference(saved: dict[str, Tensor], own: dict[str, Tensor]) -> str:
    """The first parameter whose shape in a file is not that of a module."""
    for name in sorted({*saved, *own}):
        shapes = [list(x[name].shape) if name in x else "missing" for x in (saved, own)]
        if shapes[0] != shapes[1]:
            return f"'{name}' is {shapes[0]} in the file, and {shapes[1]} by the config"
    return "they are of another kind"


def _on_cpu(state: dict[str, Any]) -> dict[str, Any]:
    return {name: weights.detach().cpu().contiguous() for name, weights in state.items()}


def has_other_torch(model: Model) -> bool:
    """Whether a torch module of another package is in a model: its shim does what thinc's does, and not what
    ours does."""
    shims = (shim for node in model.walk() for shim in node.shims)
    return any(isinstance(shim, PyTorchShim) and not isinstance(shim, LazyTorchShim) for shim in shims)


def parameter_names(model: Model) -> Optional[set[str]]:
    """What optimizers know the parameters of a model by; None before it has all of them."""
    names: set[str] = set()
    for node in model.walk():
        if not all(node.has_param(name) for name in node.param_names):
            return None
        names.update(node.param_names)
        for shim in node.shims:
            if isinstance(shim, PyTorchShim):
                if shim._model is None:
                    return None
                names.update(name for name, _ in shim._model.named_parameters())
    return names


def get_shim(model: Model) -> LazyTorchShim:
    """The shim of a layer that is a torch module."""
    return cast(LazyTorchShim, model.shims[0])


def run_ragged(model: Model, X: list[Floats2d], is_train: bool) -> tuple[Any, list[int], Backprop]:
    """Run a layer's torch module on the vectors of a batch, flat, and the lengths of its documents.

    model (Model): The layer. Its module's `forward` takes vectors, shape (N, width), and lengths.
    X (List[Floats2d]): The vectors of each document.
    is_train (bool): Whether to backpropagate.
    RETURNS (Tuple[Any, List[int], Callable]): The module's output, the lengths, and a function from
        output tensors and their gradients to the gradient of X.
    """
    shim = get_shim(model)
    lengths = [len(x) for x in X]
    flat = model.ops.flatten(X) if X else model.ops.alloc2f(0, model.get_dim("nI"))
    vectors = xp2torch(flat, requires_grad=is_train, device=shim.device)
    if is_train:
        set_training_dropout(cast(torch.nn.Module, shim.module), model.attrs["dropout_rate"])
    output, backprop_torch = shim(ArgsKwargs(args=(vectors, lengths), kwargs={}), is_train)

    def backprop(tensors: Sequence[Tensor], grads: Sequence[Tensor]) -> list[Floats2d]:
        d_inputs = backprop_torch(ArgsKwargs(args=(tensors,), kwargs={"grad_tensors": grads}))
        return unflatten(model, d_inputs.args[0], lengths)

    return output, lengths, backprop


def unflatten(model: Model, flat: Tensor, lengths: list[int]) -> list[Floats2d]:
    """Cut a flat batch into its documents, as arrays of the layer's backend."""
    return model.ops.unflatten(cast(Floats2d, torch2xp(flat)), model.ops.asarray1i(lengths))


def digest_weights(module: torch.nn.Module) -> str:
    """What tells the weights of a module from others.

    module (torch.nn.Module): The module.
    RETURNS (str): A hash.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name, weights in module.named_parameters():
        digest.update(name.encode())
        digest.update(weights.detach().cpu().numpy().tobytes())
    return digest.hexdigest()
