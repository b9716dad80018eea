"""The process beside the trainer: takes frames in, keeps the record, answers questions."""
