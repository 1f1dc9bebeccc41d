"""`spacy gpner …`: one file a command. Only spaCy and typer are imported at top level,
since every `spacy` command pays for what is imported here."""

import typer
from spacy.cli._util import app

from .adapt import adapt_cli
from .annotate import annotate_cli
from .calibrate import calibrate_cli
from .card import card_cli
from .compact import compact_cli
from .convert import convert_cli
from .crossval import crossval_cli
from .distill import distill_cli
from .encoder import encoder_cli
from .ensemble import ensemble_cli
from .evaluate import evaluate_cli
from .export import export_cli
from .init import init_cli, init_config_cli
from .init_encoder import init_encoder_cli
from .kb import kb_cli
from .profile import profile_cli
from .select import select_cli
from .split import split_cli
from .stats import stats_cli
from .visualize import visualize_cli

gpner_cli = typer.Typer(
    name="gpner",
    help="Nested named entity recognition for Chinese medical text.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
gpner_cli.command(
    "adapt",
    short_help="Let a pretrained encoder learn on from text alone",
    epilog="Example: spacy gpner adapt hfl/rbt3 notes.txt.gz --output training/adapted "
    "--without corpus/dev.spacy",
)(adapt_cli)
gpner_cli.command(
    "annotate",
    short_help="Annotate an archive of documents, each exactly once",
    epilog="Example: spacy gpner annotate training/student/model-best notes/ --output annotated "
    "--carry ward --workers 4; or, in the place of notes/, --sql sqlite:///notes.db "
    "--query 'SELECT id, text FROM note ORDER BY id'",
)(annotate_cli)
gpner_cli.command(
    "calibrate",
    short_help="Turn a pipeline's scores into probabilities",
    epilog="Example: spacy gpner calibrate training/student/model-best corpus/heldout.spacy calibrated",
)(calibrate_cli)
gpner_cli.command(
    "card",
    short_help="Write a pipeline's model card",
    epilog="Example: spacy gpner card training/student/model-best corpus/dev.spacy "
    "--train corpus/train.spacy --name ward3 --version 1.0.0",
)(card_cli)
gpner_cli.command(
    "compact",
    short_help="Make a small, fast int8 form of a pipeline",
    epilog="Example: spacy gpner compact training/student/model-best compact --corpus corpus/dev.spacy",
)(compact_cli)
gpner_cli.command(
    "convert",
    short_help="Convert a corpus to .spacy files",
    epilog="Example: spacy gpner convert cmeee CMeEE_train.json corpus/train.spacy --summary train.json",
)(convert_cli)
gpner_cli.command(
    "crossval",
    short_help="Train models on all but a part of a corpus each, and join them",
    epilog="Example: spacy gpner crossval base.cfg --output training/folds --folds 5 "
    "--paths.train train.spacy --paths.dev heldout.spacy",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(crossval_cli)
gpner_cli.command(
    "distill",
    short_help="Train a student under a trained teacher",
    epilog="Example: spacy gpner distill training/teacher/model-best student.cfg --output training/student "
    "--paths.train train.spacy --paths.dev heldout.spacy --distillation.linkage null",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(distill_cli)
gpner_cli.command(
    "encoder",
    short_help="Cut an encoder's vocabulary to the pieces that texts need",
    epilog="Example: spacy gpner encoder intfloat/multilingual-e5-small encoder --text notes.txt "
    "--characters",
)(encoder_cli)
gpner_cli.command(
    "ensemble",
    short_help="Make one pipeline of several trained ones",
    epilog="Example: spacy gpner ensemble ensemble training/seed0/model-best training/seed1/model-best",
)(ensemble_cli)
gpner_cli.command(
    "evaluate",
    short_help="Score pipelines on gold, alone and side by side",
    epilog="Example: spacy gpner evaluate training/student/model-best corpus/dev.spacy --output metrics/dev "
    "--train corpus/train.spacy",
)(evaluate_cli)
gpner_cli.command(
    "export",
    short_help="Write documents in another format, to be corrected or scored",
    epilog="Example: spacy gpner export label-studio predicted.spacy tasks.json",
)(export_cli)
gpner_cli.command(
    "profile",
    short_help="Count a model's parameters and operations",
    epilog="Example: spacy gpner profile configs/transformer_large.cfg --tokens 236 --types 9",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(profile_cli)
gpner_cli.command(
    "select",
    short_help="Choose documents that are worth annotating next",
    epilog="Example: spacy gpner select calibrated pool.spacy next.spacy --n 200",
)(select_cli)
gpner_cli.command(
    "split",
    short_help="Hold out documents for choosing models",
    epilog="Example: spacy gpner split corpus/train.spacy corpus/fit.spacy corpus/choose.spacy --share 0.1",
)(split_cli)
gpner_cli.command(
    "stats",
    short_help="Count what a corpus holds and what its files share",
    epilog="Example: spacy gpner stats corpus/train.spacy corpus/dev.spacy --json stats.json --plot s.svg",
)(stats_cli)
gpner_cli.command(
    "visualize",
    short_help="Draw nested entities as an HTML page",
    epilog="Example: spacy gpner visualize predicted.spacy page.html --gold dev.spacy",
)(visualize_cli)
init_cli.command(
    "config",
    short_help="Write a config to train with",
    epilog="Example: spacy gpner init config base.cfg --lang en --train corpus/train.spacy "
    "--dev corpus/heldout.spacy",
)(init_config_cli)
init_cli.command(
    "encoder",
    short_help="Make an encoder without pretrained weights",
    epilog="Example: spacy gpner init encoder encoder notes.txt.gz --layers 4 --hidden 256",
)(init_encoder_cli)
gpner_cli.add_typer(init_cli)
gpner_cli.add_typer(kb_cli)
app.add_typer(gpner_cli)
