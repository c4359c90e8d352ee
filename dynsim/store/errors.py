"""What is raised where a store cannot be used."""


class StoreError(OSError):
    """A store cannot be written; says why in a sentence, without the number of the error."""

    def __str__(self):
        return self.strerror or ""


class Busy(StoreError):
    """Another process writes to the store."""
