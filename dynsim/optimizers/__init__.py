"""Base optimizers: from the gradient to the update direction u. One file each."""

from ..registry import furnish, missing
from ..training.optimizer import optimizer

_found = furnish(__name__, optimizer)
globals().update(_found)
__all__ = list(_found)
__getattr__ = missing(__name__, _found)
