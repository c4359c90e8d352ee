"""What is asked of the plain functions of an own objective: shapes, nothing changed, the same answer twice, a mean."""

import numpy as np

#: The relative difference up to which two answers are the same, and a loss is a mean over its samples.
SAME = 1e-5


def checked_data(name: str, data, samples: int) -> tuple:
    """The data as a tuple; with samples, arrays of its own that are checked to run over them."""
    if not isinstance(data, (tuple, list)):
        raise TypeError(f"the data of {name!r} must be a tuple, such as data=(x, y); write data=(x,) for one array.")
    if not samples:
        return tuple(data)
    if not data:
        raise ValueError(
            f"{name!r} has {samples} samples but no data to draw them from; give data=(x, y), or no samples."
        )
    arrays = tuple(np.array(array) for array in data)
    for array in arrays:
        if array.shape[:1] != (samples,):
            raise ValueError(
                f"the data of {name!r} has shape {array.shape} where {samples} samples were announced; its first axis "
                "must run over the samples."
            )
    return arrays


def check_functions(objective, w: np.ndarray, u: np.ndarray) -> None:
    """Raise unless each function returns its shape, changes nothing, and answers the same twice."""
    takes = {"loss": (w,), "gradient": (w,), "hvp": (w, u), "second": (w, u)}
    for what, points in takes.items():
        if objective.functions[what] is None:
            continue
        given = f"the {what} given for {objective.name!r}"
        shape = () if what in ("loss", "second") else w.shape
        first, second = (_asked(objective, given, what, points, shape) for _ in range(2))
        # Not finite is refused elsewhere, by its own name.
        with np.errstate(all="ignore"):
            apart, size = np.linalg.norm(first - second), np.linalg.norm(first)
        if apart > SAME * size:
            raise ValueError(
                f"{given} gives something else when it is asked again; let it depend on its arguments alone, "
                "and leave drawing samples to batch=."
            )


def _asked(objective, given, what, points, shape):
    """The answer; the caller's w and u stay as they are."""
    copies = [point.copy() for point in points]
    answer = objective.functions[what](*copies, *objective.data)
    for copy, point in zip(copies, points):
        if not np.array_equal(copy, point, equal_nan=True):
            raise ValueError(f"{given} changes what it is given; let it work on a copy, as w = w.copy().")
    try:
        answer = np.array(answer if answer is not None else "", float)
    except (TypeError, ValueError):
        raise TypeError(
            f"{given} returns {answer!r}; it must return {'a number' if not shape else 'numbers'}."
        ) from None
    if answer.shape != shape:
        wanted = "it must be a number" if not shape else f"it must have {shape}"
        raise ValueError(f"{given} has shape {answer.shape}; {wanted}.")
    return answer


def check_mean(objective, w: np.ndarray) -> None:
    """Raise unless the loss is the mean over its samples: halves, weighted by their sizes, make the whole."""
    count = objective.samples
    if count < 2:
        return
    loss, data = objective.functions["loss"], objective.data
    cuts = (slice(0, count // 2), slice(count // 2, count))
    whole = float(loss(w.copy(), *data))
    parts = [float(loss(w.copy(), *(array[cut] for array in data))) for cut in cuts]
    mean = (parts[0] * (count // 2) + parts[1] * (count - count // 2)) / count
    if not abs(mean - whole) <= SAME * max(abs(whole), *map(abs, parts)):
        raise ValueError(
            f"the loss of {objective.name!r} is not a mean over its {count} samples: it is {whole:.6g}, its two halves "
            f"{parts[0]:.6g} and {parts[1]:.6g}; divide the sum by the number of rows, or leave out samples=."
        )
