"""A script that trains as it is imported."""

import sanctum

run = sanctum.attach("another")
