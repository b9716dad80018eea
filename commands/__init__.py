"""One module per word that can be typed; the folder is the registry (see README.md here)."""
