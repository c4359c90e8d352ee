"""The check of a reader's prediction."""

import numpy as np
import pytest
import xarray as xr

from dynsim.teaching import check


@pytest.mark.parametrize(
    ("prediction", "answer", "verdict"),
    [
        (1.95, 2.0, True),
        (1.7, 2.0, False),
        (-2.0, 2.0, False),
        (2, np.float64(2.1), True),
        (2, xr.DataArray(2.1), True),
        (0.0, 0.0, True),
        (True, True, True),
        (" Escapes", "escapes", True),
        ("settles", "escapes", False),
        ([1, 2], np.array([1.0, 2.1]), True),
        ([1, 3], np.array([1.0, 2.1]), False),
        (["edge", 1.0], ["edge", 1.05], True),
        (float("nan"), 1.0, False),
    ],
)
def test_the_verdict(prediction, answer, verdict, capsys):
    assert check(prediction, answer) is verdict
    assert capsys.readouterr().out.startswith("Right" if verdict else "Not so")


@pytest.mark.parametrize(
    ("prediction", "answer", "said"),
    [
        (..., 2.0, "No prediction yet"),
        ([1, ...], [1, 2], "No prediction yet"),
        ("two", 2.0, "a number is asked for"),
        (2.0, "edge", "a word is asked for"),
        (None, 2.0, "a number is asked for"),
        ([1.0], [1.0, 2.0], "a list of 2 is asked for"),
        ({"a": 1}, 2.0, "a number is asked for"),
    ],
)
def test_what_cannot_be_judged_is_no_error(prediction, answer, said, capsys):
    assert check(prediction, answer) is None
    assert said in capsys.readouterr().out


def test_the_margin_is_a_share_of_the_answer_and_what_is_allowed_besides():
    assert check(101, 100, within=0.01)
    assert not check(102, 100, within=0.01)
    assert check(0.5, 0.0, atol=0.5)
