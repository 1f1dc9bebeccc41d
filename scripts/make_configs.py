"""Write configs/*.cfg from the templates of `spacy gpner init config`.

Example: python -m scripts.make_configs
"""

import argparse
from pathlib import Path

from wasabi import msg

from spacy_gpner.configs.make import make_config
from spacy_gpner.configs.recipe import CHINESE_TRANSFORMER, Recipe
from spacy_gpner.files import atomic_write

CONFIGS = Path(__file__).parent.parent / "configs"
LARGE = f"{CHINESE_TRANSFORMER}-large"
ALBERT = "voidful/albert_chinese_base"
BIOBERT = "dmis-lab/biobert-base-cased-v1.2"
# What each is made of. The main paper's student is transformer_base, its teacher transformer_large, and the
# rival of its Tables 3 and 6 transformer_large_globalpointer: types with projections of their own, no window.
# albert_idcnn_mha_crf and roberta_fgm_mha_crf are the systems of the papers that label sequences, cpu_*_crf
# what of them a CPU can train: from scratch, on an encoder's vectors, and on its first layers; and so of the
# system that reads with queries mrc_crf_biaffine and cpu_mrc. For biomedical English biobert teaches
# en_student, and where there is no GPU en_fused.
RECIPES = {
    "cpu": Recipe("zh", "base"),
    "cpu_student": Recipe("zh", "small"),
    "cpu_frozen": Recipe("zh", "frozen"),
    "cpu_fused": Recipe("zh", "fused"),
    "cpu_fused_student": Recipe("zh", "fused", depth=4),
    "cpu_transformer": Recipe("zh", "transformer"),
    "cpu_transformer_student": Recipe("zh", "transformer", depth=4),
    "transformer_base": Recipe("zh", "transformer", gpu=True),
    "transformer_large": Recipe("zh", "transformer", transformer=LARGE, gpu=True, student=False),
    "transformer_large_globalpointer": Recipe(
        "zh", "transformer", transformer=LARGE, gpu=True, head="GlobalPointer", student=False
    ),
    "albert_idcnn_mha_crf": Recipe(
        "zh",
        "transformer",
        transformer=ALBERT,
        gpu=True,
        component="span_crf",
        context=("idcnn", "mha"),
        student=False,
    ),
    "roberta_fgm_mha_crf": Recipe(
        "zh", "transformer", gpu=True, component="span_crf", context=("mha",), adversary=True, student=False
    ),
    "mrc_crf_biaffine": Recipe("zh", "transformer", gpu=True, component="span_mrc", student=False),
    "cpu_mrc": Recipe("zh", "transformer", depth=4, component="span_mrc", student=False),
    "biobert": Recipe("en", "transformer", transformer=BIOBERT, gpu=True, student=False),
    "en_fused": Recipe("en", "fused", transformer=BIOBERT, student=False),
    "en_student": Recipe("en", "small"),
    "cpu_crf": Recipe("zh", "base", component="span_crf", context=("idcnn", "mha")),
    "cpu_frozen_crf": Recipe("zh", "frozen", component="span_crf", context=("idcnn", "mha")),
    "cpu_transformer_crf": Recipe(
        "zh", "transformer", depth=4, component="span_crf", context=("mha",), adversary=True
    ),
}


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--output", type=Path, default=CONFIGS, help="folder of the configs (default: configs)"
    )
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    for name, recipe in RECIPES.items():
        path = args.output / f"{name}.cfg"
        with atomic_write(path) as temporary:
            temporary.write_text(make_config(recipe), encoding="utf-8")
        msg.good(str(path))


if __name__ == "__main__":
    main()
