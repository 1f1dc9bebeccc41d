"""A document of any length: in a process of its own, whose peak memory is its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
# What is additional is all that the process takes for the document beyond what it has taken for a short one
# before: the tokens and spans of the document, and its prediction.
MEASURE = """
import json, resource, sys, time
from spacy.util import load_config, load_model_from_config
from tests.util import shuffled, train

nlp = load_model_from_config(load_config(sys.argv[1]))
train(nlp, [shuffled(10, seed) for seed in range(8)], steps=30)
nlp.max_length = 10**7
text = shuffled(1000)[0]
nlp(text[:100])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
for n_tokens in map(int, sys.argv[2:]):
    start = time.process_time()
    doc = nlp((text * (n_tokens // len(text) + 1))[:n_tokens])
    result = {"tokens": len(doc), "spans": len(doc.spans["sc"]), "additional": peak() - before}
    print(json.dumps({**result, "seconds": time.process_time() - start}), flush=True)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has other units elsewhere"),
]


def measure(config, *n_tokens):
    command = [sys.executable, "-c", MEASURE, config, *map(str, n_tokens)]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    results = [json.loads(line) for line in output.splitlines()]
    assert [result["tokens"] for result in results] == list(n_tokens)
    # as many as in a real text, or more
    assert all(result["spans"] > result["tokens"] / 20 for result in results)
    return results


def test_a_document_of_300_000_characters_takes_less_than_half_a_gigabyte():
    (result,) = measure("configs/cpu.cfg", 300_000)
    assert result["additional"] < 500 * 10**6


def test_a_document_of_2_000_000_characters_takes_less_than_a_gigabyte_and_linear_time():
    shorter, longer = measure("configs/cpu_student.cfg", 300_000, 2_000_000)
    assert shorter["additional"] < 500 * 10**6
    assert longer["additional"] < 10**9
    per_token = [result["seconds"] / result["tokens"] for result in (shorter, longer)]
    assert 0.5 < per_token[1] / per_token[0] < 1.5
