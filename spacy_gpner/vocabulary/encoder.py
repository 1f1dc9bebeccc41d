"""An encoder with a part of its vocabulary, as a directory of Hugging Face's kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import srsly
import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedTokenizerFast

from ..errors import PipelineError
from ..files import atomic_directory, lies_in, resolve
from ..models.transformers.pretrained import Pretrained, load_pretrained, save_encoder
from .pieces import Vocabulary
from .scripts import SIGNS
from .survey import Survey, survey

# What is written, and by what of it an encoder is known to be ours
FILES = {
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
}
MARK = "vocabulary_cut_by"
OWN = "spacy_gpner"
# Of the letters of the texts: a script with fewer may be unknown
MIN_SHARE = 0.01


@dataclass(frozen=True)
class Size:
    """The size of an encoder.

    pieces (int): Pieces of its vocabulary.
    parameters (int): Its parameters.
    bytes (int): What they take.
    """

    pieces: int
    parameters: int
    bytes: int


@dataclass(frozen=True)
class CutEncoder:
    """An encoder with a part of its vocabulary.

    pretrained (Pretrained): The encoder.
    sizes (Tuple[Size, Size]): Its sizes before and after.
    surveys (Tuple[Survey, Survey]): What the texts are to it, before and after.
    """

    pretrained: Pretrained
    sizes: tuple[Size, Size]
    surveys: tuple[Survey, Survey]


def cut_encoder(
    name: str, paths: Sequence[Path], *, by_character: bool = False, layers: Optional[int] = None
) -> CutEncoder:
    """Cut an encoder's vocabulary to the pieces that texts need.

    name (str): Its name on the Hugging Face hub, or its directory.
    paths (Sequence[Path]): The files of the texts.
    by_character (bool): Whether every Chinese character is to be a piece of its own.
    layers (Optional[int]): Keep its first layers alone, so many; None for all.
    RETURNS (CutEncoder): The encoder.
    RAISES (PipelineError): If it can't be loaded or cut, or would not know a script of the texts.
    RAISES (CorpusError): If a text can't be read.
    """
    pretrained = load_pretrained(name, layers)
    full = Vocabulary(pretrained.tokenizer)
    whole = pretrained.module if layers is None else load_pretrained(name).module
    size = _size(full, whole)
    before = used = survey(full, paths)
    vocabulary, rows = full, list(range(max(full.ids.values()) + 1))
    if by_character:
        vocabulary, rows = full.by_character()
        used = survey(vocabulary, paths)
    _check_scripts(name, before, used)
    kept = vocabulary.needed(used.used, set(used.scripts)) | set(range(_first_rows(pretrained.module)))
    vocabulary, own = vocabulary.cut(kept)
    _renumber(pretrained.module, [rows[number] for number in own])
    cut = pretrained._replace(tokenizer=vocabulary.json)
    return CutEncoder(cut, (size, _size(vocabulary, cut.module)), (before, survey(vocabulary, paths)))


def write_encoder(encoder: Pretrained, path: Path) -> None:
    """Write an encoder for `from_pretrained`.

    encoder (Pretrained): The encoder.
    path (Path): The directory to write.
    RAISES (OSError): If it can't be written.
    """
    module: Any = encoder.module
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(encoder.tokenizer), **encoder.roles
    )
    setattr(module.config, MARK, OWN)
    with atomic_directory(path) as directory:
        save_encoder(module, tokenizer, directory, path)


def check_output(path: Path, name: str) -> None:
    """See to it that nothing but an earlier encoder of ours is replaced.

    path (Path): The directory to write.
    name (str): The encoder to read.
    RAISES (PipelineError): If it is something else or holds something else, or one lies in the other.
    """
    output, source = resolve(path), resolve(Path(name))
    if source.exists() and (lies_in(output, source) or lies_in(source, output)):
        raise PipelineError(
            f"{path} is the encoder to read, or one lies in the other. Give another directory."
        )
    if not output.exists():
        return
    if not output.is_dir():
        raise PipelineError(f"{path} is a file. Give a directory.")
    found = {entry.name for entry in output.iterdir()}
    if found and not (found <= FILES and _is_ours(output / "config.json")):
        raise PipelineError(
            f"{path} is there, and holds something else than an encoder that `spacy gpner encoder` has "
            "written. Give another directory."
        )


def _is_ours(config: Path) -> bool:
    try:
        return srsly.read_json(config)[MARK] == OWN
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _check_scripts(name: str, before: Survey, after: Survey) -> None:
    letters = after.scripts
    del letters[SIGNS]
    for script, count in letters.items():
        share = count / letters.total()
        if share >= MIN_SHARE and after.unknown_scripts[script] == count:
            knew = before.unknown_scripts[script] < count
            remedy = "Cut it without --characters, or give" if knew else "Give"
            raise PipelineError(
                f"The encoder {name} {'would have' if knew else 'has'} no piece of any {script} character: "
                f"{share:.0%} of the letters of the texts. {remedy} one for their language."
            )


def _first_rows(module: nn.Module) -> int:
    """How many of the first pieces keep their numbers: an encoder whose positions begin after the number of
    padding needs it as it is."""
    table = getattr(getattr(module, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    return 0 if padding is None else padding + 1


def _renumber(module: Any, old: list[int]) -> None:
    """Leave a module the vectors of some pieces, in order."""
    new = {number: i for i, number in enumerate(old)}
    table = module.get_input_embeddings()
    own = nn.Embedding(len(old), table.embedding_dim, new.get(table.padding_idx))
    own.weight = nn.Parameter(table.weight.detach()[torch.tensor(old)])
    module.set_input_embeddings(own)
    module.config.vocab_size = len(old)
    for key, value in module.config.to_dict().items():
        if key.endswith("_token_id") and isinstance(value, int):
            setattr(module.config, key, new.get(value))


def _size(vocabulary: Vocabulary, module: nn.Module) -> Size:
    tensors = list(module.parameters())
    n_bytes = sum(x.numel() * x.element_size() for x in tensors)
    return Size(len(vocabulary.ids), sum(x.numel() for x in tensors), n_bytes)
