"""A pretrained encoder as a torch module from texts to token vectors."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from typing import TYPE_CHECKING, Any, Optional

import numpy
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils.rnn import pad_sequence

from ...errors import PipelineError
from ..by_length import READING, TRAINING, similar_lengths
from .pieces import Frame, PieceTokenizer, Window, tokens_of_pieces

# Imported where it is used: it takes longer than all else, and most pipelines on CPUs have no transformer
if TYPE_CHECKING:
    from transformers import PretrainedConfig

# What would make transformers fetch code, and how the weights were stored: they are in float32 here
IGNORED = (
    "auto_map",
    "attn_implementation",
    "_attn_implementation",
    "_attn_implementation_internal",
    "torch_dtype",
    "dtype",
)


class TextEncoder(nn.Module):
    """The vector of a token is the mean of those of the pieces that it has characters in common with, 0 if
    there are none. Texts of any length are read whole, in overlapping windows.

    config (str): The encoder's settings, as JSON.
    tokenizer (str): Its tokenizer, as JSON.
    window, stride (int): Pieces that it reads at once, and from the beginning of a window to that of the
        next.
    layers (Optional[Sequence[int]]): The layers whose outputs make up a vector, side by side, from 1; None
        for the last.
    frozen_layers (int): How many of the first layers don't learn, nor what lies outside of the layers; 0 for
        none.
    mixed_precision (bool): Whether to compute in bfloat16 where the processor has it.
    encoder (Optional[nn.Module]): The encoder; None to make one without weights.
    """

    def __init__(
        self,
        config: str,
        tokenizer: str,
        *,
        window: int,
        stride: int,
        layers: Optional[Sequence[int]],
        frozen_layers: int = 0,
        mixed_precision: bool = True,
        encoder: Optional[nn.Module] = None,
    ) -> None:
        from .pretrained import make_module

        super().__init__()
        settings = read_settings(config)
        self.transformer = make_module(settings) if encoder is None else encoder
        self.layers = list(layers or [settings.num_hidden_layers])
        self.width = settings.hidden_size * len(self.layers)
        self.padding = settings.pad_token_id or 0
        # What tells a first text from a second: BERT has it, RoBERTa does not
        self.has_segments = getattr(settings, "type_vocab_size", 0) > 1
        self.mixed_precision = mixed_precision
        require_positions(self.transformer, window)
        self.window, self.stride = window, stride
        self.pieces = PieceTokenizer(tokenizer, window, stride)
        self.depth = settings.num_hidden_layers
        if frozen_layers:
            self._freeze(frozen_layers)

    def _freeze(self, n: int) -> None:
        lists = [x for x in self.transformer.modules() if isinstance(x, nn.ModuleList)]
        layers = next((x for x in lists if len(x) == self.depth), None)
        if layers is None or n > self.depth:
            raise PipelineError(
                f"`frozen_layers` asks for {n}, and the encoder has {self.depth} layers. Lower it."
                if layers is not None
                else "The encoder's layers share their weights, so that none can be frozen alone. Set "
                "`frozen_layers` to 0, or freeze all of them (spacy-gpner.FrozenTransformer.v1, of span_mrc "
                "spacy-gpner.FrozenQueryTransformer.v1)."
            )
        self.transformer.requires_grad_(False)
        layers[n:].requires_grad_(True)

    def forward(
        self, texts: Sequence[str], tokens: Sequence[numpy.ndarray], frames: Sequence[Frame] = ()
    ) -> Tensor:
        """Encode texts.

        texts (Sequence[str]): The texts.
        tokens (Sequence[numpy.ndarray]): First character of each token and the one after its last, for each
            text.
        frames (Sequence[Frame]): What to read each text with, in readings of its own; by default it is read
            alone, once.
        RETURNS (Tensor): The vectors of all tokens, those of all readings side by side, shape (tokens,
            readings * width).
        """
        pieces, frames = self.pieces.cut(texts), frames or [self.pieces.alone]
        readings = [list(self.pieces.windows(own, frame)) for frame in frames for own in pieces]
        vectors = self._encode([window for reading in readings for window in reading])
        token, piece = (torch.from_numpy(x).to(vectors.device) for x in tokens_of_pieces(tokens, pieces))
        n_tokens = sum(map(len, tokens))
        counts = torch.bincount(token, minlength=n_tokens).clamp(min=1)
        rows = [
            own.new_zeros(n_tokens, self.width).index_add(0, token, own[piece]) / counts[:, None]
            for own in vectors.view(len(frames), len(vectors) // len(frames), self.width)
        ]
        return rows[0] if len(rows) == 1 else torch.cat(rows, dim=1)

    def _encode(self, windows: Sequence[Window]) -> Tensor:
        device = next(chain(self.transformer.parameters(), self.transformer.buffers())).device
        groups = TRAINING if torch.is_grad_enabled() else READING["cpu" if device.type == "cpu" else "gpu"]
        lengths = [len(window.ids) for window in windows]
        found: dict[int, Tensor] = {}
        with (
            torch.autocast(
                device.type, torch.bfloat16, enabled=self.mixed_precision and has_bfloat16(device)
            ),
            choose_attention(device),
        ):
            for members in similar_lengths(lengths, *groups):
                ids = [torch.tensor(windows[i].ids, device=device) for i in members]
                padded = pad_sequence(ids, batch_first=True, padding_value=self.padding)
                ends = torch.tensor([len(own) for own in ids], device=device)
                mask = (torch.arange(padded.shape[1], device=device) < ends[:, None]).long()
                segments = [windows[i].segments for i in members] if self.has_segments else []
                encoded = self.encode_layers(padded, mask, _pad(segments, device))
                found.update((i, own[windows[i].kept]) for i, own in zip(members, encoded, strict=True))
        if not found:
            return torch.zeros(0, self.width, device=device)
        return torch.cat([found[i] for i in range(len(windows))]).float()

    def encode_layers(self, ids: Tensor, mask: Tensor, segments: Optional[Tensor] = None) -> Tensor:
        """Encode a padded batch.

        ids, mask (Tensor): Pieces, and where they are no padding, shape (windows, longest).
        segments (Optional[Tensor]): The segments of the pieces; None where all are of the first.
        RETURNS (Tensor): The outputs of the layers, side by side, shape (windows, longest, width).
        """
        types = {} if segments is None else {"token_type_ids": segments}
        output = self.transformer(input_ids=ids, attention_mask=mask, output_hidden_states=True, **types)
        return side_by_side(output, self.layers)


def _pad(segments: Sequence[Sequence[int]], device: torch.device) -> Optional[Tensor]:
    """Segments of a batch, or None where all are the first."""
    if not any(map(any, segments)):
        return None
    return pad_sequence([torch.tensor(own, device=device) for own in segments], batch_first=True)


def side_by_side(output: Any, layers: Sequence[int]) -> Tensor:
    """The outputs of an encoder's layers: that of the last as the encoder gives it, perhaps normalised.

    output (BaseModelOutput): What the encoder gave, with its hidden states.
    layers (Sequence[int]): The layers, from 1.
    RETURNS (Tensor): Their outputs, side by side.
    """
    states = [*output.hidden_states[:-1], output.last_hidden_state]
    return torch.cat([states[i] for i in layers], dim=-1)


def read_settings(config: str) -> "PretrainedConfig":
    """Read an encoder's settings, but for such as would fetch code or make its weights less precise.

    config (str): The settings, as JSON.
    RETURNS (PretrainedConfig): The settings.
    """
    from transformers import AutoConfig

    settings = {key: value for key, value in json.loads(config).items() if key not in IGNORED}
    return AutoConfig.for_model(**settings)


def has_bfloat16(device: torch.device) -> bool:
    """Whether a processor computes in bfloat16, and does not merely emulate it."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # torch has no public name for it
    is_supported = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return device.type == "cpu" and bool(is_supported())


def choose_attention(device: torch.device) -> AbstractContextManager[None]:
    """Choose the kernel of the attention: on a CPU the fused one is the fastest forwards, up to four times,
    but backwards it takes longer than all else together.

    device (torch.device): Where the encoder is.
    RETURNS (AbstractContextManager): What to run the encoder in.
    """
    if device.type == "cpu" and torch.is_grad_enabled():
        return sdpa_kernel(SDPBackend.MATH)
    return nullcontext()


def require_positions(encoder: nn.Module, window: int) -> None:
    """Refuse windows that are too large for an encoder.

    encoder (nn.Module): The encoder.
    window (int): Pieces that it is to read at once.
    RAISES (PipelineError): If they are more than it has positions for.
    """
    table = getattr(getattr(encoder, "embeddings", None), "position_embeddings", None)
    if not isinstance(table, nn.Embedding):
        return
    # The positions of RoBERTa's kind begin after that of padding.
    positions = table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)
    if window > positions:
        raise PipelineError(
            f"The encoder has positions for {positions} pieces, fewer than its window ({window}). Lower the "
            "window, and the stride with it; longer texts are read in several."
        )


def require_readable(encoder: Any, window: int, name: str) -> None:
    """Refuse encoders that don't read a window of pieces as BERT does: by masks, and with a state a layer.

    encoder (PreTrainedModel): The encoder.
    window (int): Pieces that it is to read at once.
    name (str): What it is called.
    RAISES (PipelineError): If it can't.
    """
    require_positions(encoder, window)
    ids = torch.zeros(1, window, dtype=torch.long, device=encoder.device)
    try:
        with torch.no_grad():
            output = encoder(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True)
        is_read = output.last_hidden_state.shape == (1, window, encoder.config.hidden_size)
        has_layers = len(output.hidden_states) > encoder.config.num_hidden_layers
        reason = "" if is_read and has_layers else "its output"
    # Encoders of other kinds can raise anything
    except Exception as err:
        reason = type(err).__name__
    if reason:
        raise PipelineError(
            f"The encoder {name} (model_type {encoder.config.model_type!r}) does not read a window of "
            f"{window} pieces as a BERT does ({reason}). Lower the window and the stride, or give another."
        )
