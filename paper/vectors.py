"""Learn a static vector for each character from texts (Word2Vec; Mikolov et al., 2013), as paper 2 has under
its models without ALBERT. The same texts give the same vectors.

Example: python -m paper.vectors vectors corpus/ccks2019/train.spacy texts.txt.gz --width 128
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import spacy
from gensim.models import Word2Vec
from spacy.language import Language
from spacy.vectors import Vectors
from wasabi import msg

from spacy_gpner.corpora.raw_text import read_texts
from spacy_gpner.errors import GpnerError
from spacy_gpner.files import atomic_directory

CONTEXT, EPOCHS, RAREST = 5, 5, 3


class Characters:
    """The characters of texts, text by text, as often as they are asked for.

    paths (List[Path]): Files of texts.
    """

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __iter__(self) -> Iterator[list[str]]:
        return (list(text) for path in self.paths for text in read_texts(path))


def learn_vectors(paths: list[Path], width: int) -> Language:
    """Learn the vectors of all characters that occur three times or more.

    paths (List[Path]): Files of texts.
    width (int): Channels of a vector.
    RETURNS (Language): An empty pipeline that has them.
    RAISES (CorpusError): If a file can't be read.
    """
    settings = {"vector_size": width, "window": CONTEXT, "min_count": RAREST, "epochs": EPOCHS}
    # Several workers would meet the texts in an order that changes
    model = Word2Vec(Characters(paths), workers=1, seed=0, **settings)
    nlp = spacy.blank("zh")
    keys = [nlp.vocab.strings.add(character) for character in model.wv.index_to_key]
    nlp.vocab.vectors = Vectors(data=model.wv.vectors, keys=keys)
    return nlp


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=Path, help="directory to write, for paths.vectors of a config")
    parser.add_argument("texts", type=Path, nargs="+", help=".spacy, .txt or .jsonl, the latter also .gz")
    parser.add_argument("--width", type=int, default=128, help="channels of a vector")
    args = parser.parse_args()
    try:
        nlp = learn_vectors(args.texts, args.width)
    except (GpnerError, RuntimeError) as err:
        msg.fail("No vectors", str(err), exits=1)
    with atomic_directory(args.output) as directory:
        nlp.to_disk(directory)
    msg.good(f"{len(nlp.vocab.vectors):,} vectors", str(args.output))


if __name__ == "__main__":
    main()
