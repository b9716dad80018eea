"""One module for each question: ``ASKING`` says what it is, ``question`` answers it."""
