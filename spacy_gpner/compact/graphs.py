"""ONNX graphs of torch modules, in int8."""

import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

import numpy
import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModel, PreTrainedModel

from ..errors import PipelineError
from ..models.encoders.bilstm import BiLSTM
from ..models.transformers.module import side_by_side
from ..models.transformers.pretrained import POOLERS, without_poolers
from .bilstm import CompactBiLSTM
from .onnx import OnnxModule

# An exported graph in full precision must agree with what it was made from this closely.
TOLERANCE = 1e-3
OPSET = 17
MAX_PARAMETERS = 500_000_000


def bilstm_graph(module: BiLSTM) -> CompactBiLSTM:
    """The compact form of a bidirectional LSTM.

    module (BiLSTM): The trained module.
    RETURNS (CompactBiLSTM): The module that runs it in int8.
    RAISES (PipelineError): If it can't be exported.
    """
    from onnx import TensorProto, helper, numpy_helper

    directions = list(zip(module.forwards, module.backwards, strict=True))
    width, n_in = module.width, module.n_in
    nodes, weights, hidden = [], [], "vectors"
    for i, pair in enumerate(directions):
        arrays = {
            "W": _both(pair, "weight_ih_l0"),
            "R": _both(pair, "weight_hh_l0"),
            "B": numpy.concatenate([_both(pair, "bias_ih_l0"), _both(pair, "bias_hh_l0")], axis=1),
        }
        weights += [numpy_helper.from_array(array, f"{name}{i}") for name, array in arrays.items()]
        nodes += [
            helper.make_node(
                "LSTM",
                [hidden, f"W{i}", f"R{i}", f"B{i}", "lengths"],
                [f"states{i}"],
                name=f"lstm{i}",
                direction="bidirectional",
                hidden_size=width // 2,
            ),
            # (L, 2, B, width / 2) to (L, B, width)
            helper.make_node("Transpose", [f"states{i}"], [f"turned{i}"], perm=[0, 2, 1, 3]),
            helper.make_node("Reshape", [f"turned{i}", "shape"], [f"hidden{i}"]),
        ]
        hidden = f"hidden{i}"
    weights.append(numpy_helper.from_array(numpy.array([0, 0, -1]), "shape"))
    if module.layer_norm:
        weights.append(numpy_helper.from_array(numpy.ones(width, dtype="float32"), "scale"))
        nodes.append(helper.make_node("LayerNormalization", [hidden, "scale"], ["normed"]))
        hidden = "normed"
    graph = helper.make_graph(
        nodes,
        "bilstm",
        [
            helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["L", "B", n_in]),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["B"]),
        ],
        [helper.make_tensor_value_info(hidden, TensorProto.FLOAT, ["L", "B", width])],
        weights,
    )
    exported = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    # onnx writes its newest, which ONNX Runtime may not read yet.
    exported.ir_version = 8
    vectors = torch.randn(11, n_in)
    with torch.no_grad():
        expected = module.eval()(vectors, [7, 4])
        found = CompactBiLSTM(exported.SerializeToString(), width=width).eval()(vectors, [7, 4])
    _check_agreement(found, expected)
    return CompactBiLSTM(_quantize(exported), width=width)


def _both(directions: Sequence[nn.Module], name: str) -> numpy.ndarray:
    """A parameter of both directions, with its gates in the order of ONNX: i, o, f, c and not i, f, c, o."""
    found = []
    for lstm in directions:
        i, f, c, o = getattr(lstm, name).detach().cpu().chunk(4)
        found.append(torch.cat([i, o, f, c]).numpy())
    return numpy.stack(found)


def transformer_graph(
    module: PreTrainedModel, input_names: Sequence[str], layers: Optional[Sequence[int]] = None
) -> bytes:
    """The graph of a transformer in int8.

    module (PreTrainedModel): The trained transformer.
    input_names (Sequence[str]): The inputs that its tokenizer makes.
    layers (Optional[Sequence[int]]): The layers whose outputs are its output, side by side; None for the
        last.
    RETURNS (bytes): The graph, with the output `hidden`, shape (B, L, width).
    RAISES (PipelineError): If it can't be exported.
    """
    if sum(x.numel() for x in module.parameters()) > MAX_PARAMETERS:
        raise PipelineError(
            "The transformer has more parameters than an ONNX file can hold (2 GB in float32)."
        )
    # Fused attention chooses its kernel by what it is given; a graph has one.
    plain = without_poolers(
        AutoModel.from_config(module.config, attn_implementation="eager", torch_dtype=torch.float32)
    )
    weights = {key: x for key, x in module.state_dict().items() if not key.startswith(POOLERS)}
    plain.load_state_dict(weights)
    hidden_only = _Hidden(plain, input_names, layers).eval()
    try:
        with _quiet():
            program: Any = torch.onnx.export(
                hidden_only,
                tuple(_make_inputs(input_names, [9, 6]).values()),
                input_names=input_names,
                output_names=["hidden"],
                dynamic_shapes={"inputs": tuple({0: Dim.DYNAMIC, 1: Dim.DYNAMIC} for _ in input_names)},
                dynamo=True,
                verbose=False,
            )
    except Exception as err:
        name = type(module).__name__
        raise PipelineError(f"torch can't export {name} to ONNX ({type(err).__name__}).") from err
    exported = program.model_proto
    others = _make_inputs(input_names, [13, 4, 7])
    with torch.no_grad():
        expected = hidden_only(*others.values())
        found = OnnxModule(exported.SerializeToString()).run(**others)
    _check_agreement(found, expected)
    return _quantize(exported)


class _Hidden(nn.Module):
    """A transformer with its inputs by position, which gives one tensor."""

    def __init__(
        self, transformer: nn.Module, input_names: Sequence[str], layers: Optional[Sequence[int]]
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.input_names = input_names
        self.layers = layers

    def forward(self, *inputs: Tensor) -> Tensor:
        own = dict(zip(self.input_names, inputs, strict=True))
        output: Any = self.transformer(**own, output_hidden_states=self.layers is not None)
        if self.layers is None:
            last: Tensor = output.last_hidden_state
            return last
        return side_by_side(output, self.layers)


def _make_inputs(names: Sequence[str], lengths: Sequence[int]) -> dict[str, Tensor]:
    """Inputs of a padded batch, by name: tokens 1, 2, 3, … and 0 for padding."""
    tokens = pad_sequence([torch.arange(1, length + 1) for length in lengths], batch_first=True)
    values = {
        "input_ids": tokens,
        "attention_mask": tokens.clamp(max=1),
        "token_type_ids": torch.zeros_like(tokens),
    }
    return {name: values[name] for name in names}


def _check_agreement(found: Tensor, expected: Tensor) -> None:
    gap = float((found - expected).abs().max())
    if not gap <= TOLERANCE:
        raise PipelineError(
            f"An exported layer differs from the original by {gap:.2g}. It can't be made compact."
        )


def _quantize(model: Any) -> bytes:
    """Weights of products in int8, each channel with a scale of its own; activations in int8 as they come.
    Embeddings stay as they are: their error would be the largest, and there is no product to speed up.
    Weights use 7 of the 8 bits, since processors without VNNI add up pairs of products in 16."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as directory, _quiet():
        path = Path(directory) / "model.onnx"
        quantize_dynamic(
            model,
            path,
            op_types_to_quantize=["MatMul", "LSTM"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
        return path.read_bytes()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what exporters tell their developers."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
