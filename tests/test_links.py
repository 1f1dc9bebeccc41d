"""Links between pages lead somewhere, and the index of docs/ names every page."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def listed():
    """The Markdown files that git keeps, and new ones; none outside a checkout."""
    if shutil.which("git") is None:
        return []
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    return sorted(name for name in found.split("\0") if name and (ROOT / name).is_file())


PAGES = listed()


def links(page):
    """The relative links of a page: the file that each names, and its anchor."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            name, _, anchor = target.partition("#")
            yield (page.parent / name).resolve() if name else page, anchor


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for target, anchor in links(ROOT / name):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), f"{target}#{anchor}"


def test_index_names_every_page():
    index = ROOT / "docs" / "README.md"
    named = {target for target, _ in links(index)}
    pages = {ROOT / name for name in PAGES if name.startswith("docs/")}
    assert pages - {index} <= named
