"""What is written around a picture: what its colours mean, and their shares."""

from html import escape

import xarray as xr

from .subjects import letter

#: What the regimes are; docs/use.md has how they are judged.
MEANINGS = {
    "settled": "λ and y stay where they are",
    "edge": "y swings about 0, bounded: the edge of stability",
    "runaway": "runaway sharpening: λ keeps rising and the learning rate falls",
    "escaped": "something grew beyond all bounds",
    "undecided": "none of these yet; make more steps",
}


def meaning(variable: xr.DataArray) -> str:
    """What the colours mean, such as "mean sharpness λ"."""
    of = variable.attrs.get("measure", "").partition("'")[2].partition("'")[0]
    order = f"no. {variable.order.item()}" if "order" in variable.coords else ""
    return " ".join(filter(None, (variable.attrs.get("long_name", str(variable.name)), letter(of), order)))


def legend(shares) -> str:
    """Colours, names and shares of the cells, for one picture or two."""
    rows = []
    for one in shares:
        entries = [
            f'<span class="entry" title="{escape(MEANINGS.get(name, ""))}"><i style="background:{color}"></i>'
            f"{escape(name)} <b>{_percent(share)}</b></span>"
            for name, (color, share) in one.items()
        ]
        rows.append(f"<div>{''.join(entries)}</div>")
    return "".join(rows)


def _percent(share):
    return f"{share:.1%}" if share >= 0.001 else "< 0.1%"
