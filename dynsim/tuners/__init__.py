"""Functions from measurements to the learning rate η. One file each."""

from ..registry import furnish, missing, tuner

_found = furnish(__name__, tuner)
globals().update(_found)
__all__ = list(_found)
__getattr__ = missing(__name__, _found)
