"""What an answer holds, and the questions: frozen Structs over msgspec alone."""
