"""``python -m sanctum`` is the ``sanctum`` command."""

from sanctum.cli import main

if __name__ == "__main__":
    main()
