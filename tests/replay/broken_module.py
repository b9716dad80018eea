"""A module of a trainer's that cannot be imported."""

import no_such_library_anywhere  # type: ignore[import-not-found]  # noqa: F401
