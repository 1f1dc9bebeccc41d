"""Run the project's workflow `paper` with the preset and the corpora of a study, unless others are given.

A project has one default of each variable for all of its workflows: where corpus and preset have it, the
study's take their place.

Example: python -m scripts.run_study biomedical-cpu ncbi-disease bc5cdr --vars corpus=sample preset=cpu gpu=-1
"""

import argparse
import subprocess
import sys
from pathlib import Path

import srsly
from wasabi import msg

PROJECT = Path("project.yml")


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
        msg.info(f"{own['corpus']}, with the preset {own['preset']}")
        options = [f"--vars.{name}={value}" for name, value in own.items()]
        command = [sys.executable, "-m", "spacy", "project", "run", "paper", ".", *options]
        if subprocess.run(command).returncode:
            sys.exit(1)


if __name__ == "__main__":
    main()
