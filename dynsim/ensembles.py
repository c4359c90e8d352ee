"""Means over an ensemble, with their standard errors."""

import numpy as np
import xarray as xr

from . import checks


def ensemble(result: xr.Dataset, over: str = "seed") -> xr.Dataset:
    """The mean of every measured number over the dim `over`, and its standard error.

        mean = Σᵢ vᵢ/n        error = √(Σᵢ (vᵢ − mean)²/(n (n − 1)))

    Parameters
    ----------
    result : of a sweep, with seeds (or repetitions of another kind) along `over`.

    Returns
    -------
    xarray.Dataset : for each variable ``v`` its mean under the same name, and ``v_error``. Points that diverge make
        both infinite or NaN: an ensemble of which a part has escaped has no mean. Codes such as ``regime`` are left
        out.

    Raises
    ------
    ValueError : there is no such dim, or but one value along it.

    Examples
    --------
    >>> import dynsim as ds
    >>> result = ds.sweep(ds.maps.stochastic, 20_000, {"s": [0.02, 0.05], "seed": range(8)},
    ...                   ds.measures.mean("p", skip=5000))
    >>> found = ds.ensemble(result)
    >>> bool((abs(found.p_mean - 1e-3 / 0.3) < 4 * found.p_mean_error).all()), dict(found.sizes)
    (True, {'s': 2})
    """
    checks.known_name(over, result.dims, "dim")
    count = result.sizes[over]
    if count < 2:
        raise ValueError(f"there is one value along {over!r}; a standard error needs at least two.")
    found = {}
    for name, values in result.data_vars.items():
        if over not in values.dims or "flag_meanings" in values.attrs:
            continue
        with np.errstate(invalid="ignore", over="ignore"):
            mean = values.mean(over, skipna=False)
            error = values.std(over, ddof=1, skipna=False) / np.sqrt(count)
        found[name] = mean.assign_attrs(values.attrs)
        of = values.attrs.get("long_name", name)
        found[f"{name}_error"] = error.assign_attrs(long_name=f"standard error of {of}")
    return xr.Dataset(found, attrs=result.attrs | {"ensemble": f"{count} along {over}"})
