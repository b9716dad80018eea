"""One module per question: what it needs of the record, as the answer's Struct."""
