"""Why the policy does what it does: questions asked of a record until one names the cause.

Each question is a small function over a `Case` (the record's answers about what was asked) that
gives a `Question`: yes, no or unknown, with its numbers, limits and counts. Every limit stands in
`limits` with its source. A cause counts only if it accounts for most of what it is to explain.
"""
