"""Write configs/*.cfg from the templates of `spacy gpner init config`.

Example: python -m scripts.make_configs
"""

import argparse
from pathlib import Path

from wasabi import msg

from spacy_gpner.configs.make import make_config
from spacy_gpner.configs.recipe import CHINESE_TRANSFORMER, Recipe

CONFIGS = Path(__file__).parent.parent / "configs"
LARGE = f"{CHINESE_TRANSFORMER}-large"
# What each is made of. The main paper's student is transformer_base, its teacher transformer_large, and the
# rival of its Tables 3 and 6 transformer_large_globalpointer: types with projections of their own, no window.
RECIPES = {
    "cpu": Recipe("zh", "base"),
    "cpu_student": Recipe("zh", "small"),
    "cpu_frozen": Recipe("zh", "frozen"),
    "cpu_transformer": Recipe("zh", "transformer"),
    "cpu_transformer_student": Recipe("zh", "transformer", depth=4),
    "transformer_base": Recipe("zh", "transformer", gpu=True),
    "transformer_large": Recipe("zh", "transformer", transformer=LARGE, gpu=True, student=False),
    "transformer_large_globalpointer": Recipe(
        "zh", "transformer", transformer=LARGE, gpu=True, head="GlobalPointer", student=False
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
        path.write_text(make_config(recipe), encoding="utf-8")
        msg.good(str(path))


if __name__ == "__main__":
    main()
