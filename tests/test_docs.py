"""What the documentation shows is what is there."""

import re
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

import dynsim as ds
from dynsim.model import roles

ROOT = Path(__file__).parent.parent


def test_readme_has_ten_lines_that_run(tmp_path):
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)[1]
    assert len([line for line in block.splitlines() if line.strip()]) <= 11
    run = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, check=True, cwd=tmp_path, env=_environment()
    )
    assert run.stdout.split() == ["['runaway'", "'undecided'", "'escaped']"]


def _environment():
    import os

    return os.environ | {"MPLBACKEND": "agg"}


@pytest.mark.parametrize("file", ["maps/noise_floor.py", "tuners/cdat_limited.py", "measures/crossings.py"])
def test_the_documented_examples_are_the_files(file):
    text = (ROOT / "docs/extend.md").read_text(encoding="utf-8")
    assert (ROOT / "dynsim" / file).read_text(encoding="utf-8").strip() in text


@pytest.mark.parametrize(
    "page",
    [
        *sorted(p.name for p in (ROOT / "docs").glob("*.md")),
        "../README.md",
        "../CHANGELOG.md",
        "../CONTRIBUTING.md",
    ],
)
def test_links_lead_somewhere(page):
    path = ROOT / "docs" / page
    for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link


def test_readme_has_a_line_for_each_thing_to_set_up():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"```sh\n(.*?)\n```", text, re.S)
    assert len(commands) == 4 and all("\n" not in c for c in commands)
    for command, does in zip(commands, ("dynsim reproduce", "jupyter lab", "pytest", "sphinx -W")):
        assert does in command


def test_contributing_has_the_commands_of_the_readme():
    ours, theirs = ((ROOT / name).read_text(encoding="utf-8") for name in ("CONTRIBUTING.md", "README.md"))
    for name in ("test", "docs"):
        command = re.search(rf"<!-- {name} -->\n(```sh\n.*?```)\n<!-- end -->", theirs, re.S)[1]
        assert command in ours


def test_the_citation_is_of_this_version():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.*)$", text, re.M) == [ds.__version__]
    assert f"## {ds.__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def glossary():
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```{glossary}\n(.*?)```", text, re.S)
    return text, [line for block in blocks for line in block.splitlines() if line and not line.startswith(" ")]


def test_the_glossary_names_what_is_there():
    text, _ = glossary()
    names = set(re.findall(r"`ds\.([\w.]+)", text))
    assert len(names) > 50
    for name in names:
        attrgetter(name)(ds)  # else AttributeError, with the nearest name


def test_the_glossary_has_each_term_once_and_every_regime():
    text, terms = glossary()
    assert len(terms) == len(set(terms)) >= 50
    assert {*ds.measures.regime.flags} < {*terms}
    assert {*re.findall(r"{term}`(.*?)`", text)} < {*terms}


def test_the_table_of_tuners_is_what_they_ask_for():
    text = (ROOT / "docs/choose-a-tuner.md").read_text(encoding="utf-8")
    table = text[text.index("| tuner | needs |") : text.index("The needs stand")]
    shown = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", table, re.M))
    assert shown == {name: ", ".join(roles(getattr(ds.tuners, name)).inputs) or "–" for name in ds.tuners.__all__}
