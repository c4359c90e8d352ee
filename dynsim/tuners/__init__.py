"""Functions from measurements to the learning rate η. One file each."""

from ..registry import furnish, missing, own_function

_found = furnish(__name__, own_function)
globals().update(_found)
__all__ = list(_found)
__getattr__ = missing(__name__, _found)
