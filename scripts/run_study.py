"""Run the project's workflow `paper` with the preset and the corpora of a study, unless others are given.

A project has one default of each variable for all of its workflows: where corpus and preset have it, the
study's take their place. Before it the other corpora of the study are converted, and the texts of their
training parts, without annotation, written to further.jsonl beside the corpus's own parts: the preset's
`paths.raw_text`.

Example: python -m scripts.run_study biomedical-cpu ncbi-disease bc5cdr --vars corpus=sample preset=cpu gpu=-1
"""

import argparse
import subprocess
import sys
from pathlib import Path

import srsly
from wasabi import msg

from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.files import atomic_write

PROJECT = Path("project.yml")
CORPUS = Path("corpus")


def choose(given: dict[str, str], preset: str, corpora: list[str]) -> list[dict[str, str]]:
    """The variables of each run of the workflow.

    given (Dict[str, str]): The project's variables, as they are.
    preset (str): The study's preset.
    corpora (List[str]): Its corpora.
    RETURNS (List[Dict[str, str]]): The variables, once for each corpus.
    """
    defaults = srsly.read_yaml(PROJECT)["vars"]
    if given["preset"] != defaults["preset"]:
        preset = given["preset"]
    if given["corpus"] != defaults["corpus"]:
        corpora = [given["corpus"]]
    return [given | {"preset": preset, "corpus": corpus} for corpus in corpora]


def run_project(name: str, own: dict[str, str]) -> None:
    """Run a workflow or command of the project, and stop where it fails.

    name (str): Its name.
    own (Dict[str, str]): The variables.
    """
    options = [f"--vars.{key}={value}" for key, value in own.items()]
    if subprocess.run([sys.executable, "-m", "spacy", "project", "run", name, ".", *options]).returncode:
        sys.exit(1)


def write_texts(others: list[str], path: Path) -> None:
    """Write the texts of corpora's training parts, without annotation.

    others (List[str]): The corpora.
    path (Path): The file of JSON lines.
    """
    texts = [{"text": doc.text} for other in others for doc in read_docs(CORPUS / other / "train.spacy")[0]]
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        srsly.write_jsonl(temporary, texts)


def variable(text: str) -> tuple[str, str]:
    """NAME=VALUE of the command line."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text} is not of the form NAME=VALUE")
    return name, value


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("preset", help="the study's preset")
    parser.add_argument("corpora", nargs="+", help="its corpora")
    parser.add_argument("--vars", type=variable, nargs="+", required=True, metavar="NAME=VALUE")
    args = parser.parse_args()
    for own in choose(dict(args.vars), args.preset, args.corpora):
        corpus = own["corpus"]
        msg.info(f"{corpus}, with the preset {own['preset']}")
        if corpus in args.corpora:
            others = [other for other in args.corpora if other != corpus]
            for other in others:
                run_project("convert", own | {"corpus": other})
            write_texts(others, CORPUS / corpus / "further.jsonl")
        run_project("paper", own)


if __name__ == "__main__":
    main()
