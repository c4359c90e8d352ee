"""What every notebook has; that they run is for the build of the documentation to see."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
EVERY = [*NAMES, *(f"solutions/{path.stem}" for path in sorted((FOLDER / "solutions").glob("*.ipynb")))]


def cells(name, kind):
    found = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


@pytest.mark.parametrize("name", EVERY)
def test_no_outputs_are_kept(name):
    text = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in text["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None
    assert text["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("name", NAMES)
def test_the_result_comes_first_in_a_cell_to_copy(name):
    first = cells(name, "code")[0]
    assert "import dynsim as ds" in first and "ds.plot." in first + "".join(cells(name, "code")[1:2])
    assert "## The result first" in "\n".join(cells(name, "markdown"))


@pytest.mark.parametrize("name", NAMES)
def test_it_asks_before_it_answers_and_computes_the_answer(name):
    code = cells(name, "code")
    asked = [number for number, text in enumerate(code) if re.match(r"prediction = \.\.\.  # \S", text)]
    assert len(asked) >= 2
    for number in asked:
        (call,) = re.findall(r"check\(prediction, (.+)", code[number + 1])
        assert re.search(r"[a-z_]{2}", call.partition(", within")[0])  # a result, no number


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_has_a_solution(name):
    exercises = "\n".join(cells(name, "markdown")).partition("## Exercises")[2].partition("\n## ")[0]
    count = len(re.findall(r"^\d+\. ", exercises, re.M))
    solved = re.findall(r"^## Exercise (\d+)", "\n".join(cells(f"solutions/{name}", "markdown")), re.M)
    assert count >= 3 and [int(n) for n in solved] == list(range(1, count + 1))


@pytest.mark.parametrize("name", EVERY)
def test_links_lead_somewhere(name):
    for link in re.findall(r"\]\(([^)#:]+)\)", "\n".join(cells(name, "markdown"))):
        assert ((FOLDER / f"{name}.ipynb").parent / link).exists(), link


def test_the_course_is_listed():
    page = (ROOT / "docs/learn.md").read_text(encoding="utf-8")
    assert re.findall(r"^notebooks/(\d.*)$", page, re.M) == NAMES
