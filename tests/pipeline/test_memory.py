"""A document of any length: in a process of its own, whose peak memory is its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MEASURE = """
import json, resource, sys
from spacy.util import load_config, load_model_from_config
from spacy.training import Example

nlp = load_model_from_config(load_config("configs/cpu.cfg"))
text = "患者右上腹疼痛三天，确诊肺癌后行化疗，口服阿司匹林。"
example = Example.from_dict(nlp.make_doc(text), {"spans": {"sc": [(2, 7, "sym"), (2, 5, "bod")]}})
nlp.initialize(lambda: [example])
nlp(text)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
doc = nlp((text * 4000)[:100_000])
print(json.dumps({"tokens": len(doc), "additional": peak() - before}))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has other units elsewhere")
def test_a_document_of_100_000_characters_takes_less_than_a_gigabyte():
    output = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    result = json.loads(output.splitlines()[-1])
    assert result["tokens"] == 100_000
    assert result["additional"] < 10**9
