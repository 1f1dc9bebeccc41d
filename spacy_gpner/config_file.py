"""Reading config files, with errors that say where and hold nothing of the file: it may be another one."""

import re
import sys
from configparser import DuplicateOptionError, DuplicateSectionError, ParsingError
from pathlib import Path
from typing import Any, Optional

from spacy.util import load_config_from_str
from thinc.api import Config, ConfigValidationError

from .errors import ConfigError

SECTION = re.compile(r"^\[nlp\]", re.MULTILINE)
REMEDY = "Give a training config, as `spacy gpner init config` writes it, or that of a pipeline."


def read_config(path: Path, overrides: Optional[dict[str, Any]] = None) -> Config:
    """Read a config.

    path (Path): The file, or - for standard input.
    overrides (Optional[Dict[str, Any]]): Settings in place of those in it, by their dotted names.
    RETURNS (Config): The config, not interpolated.
    RAISES (ConfigError): If the file is no config, or can't be read as one.
    RAISES (ConfigValidationError): If the config is not valid, or has no place for an override.
    RAISES (OSError): If there is no such file.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is no config: it is a directory. {REMEDY}")
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no config: it is not text in UTF-8. {REMEDY}") from None
    if not SECTION.search(text):
        raise ConfigError(f"{path} is no config: it has no section [nlp]. {REMEDY}")
    try:
        return load_config_from_str(text, overrides=overrides or {}, interpolate=False)
    except (DuplicateSectionError, DuplicateOptionError) as err:
        raise ConfigError(
            f"{path}, line {err.lineno}: a section or setting of this config is given again. Remove one."
        ) from None
    except ConfigValidationError as err:
        # The parser's error, which quotes the line
        if not isinstance(err.__context__, ParsingError):
            raise
        line = _find_line(err.__context__)
    raise ConfigError(
        f"{path}, line {line}: expected a [section], or a setting of one as name = value. Mend this line of "
        "the config."
    )


def _find_line(err: ParsingError) -> int:
    line: int = err.lineno if hasattr(err, "lineno") else err.errors[0][0]
    return line
