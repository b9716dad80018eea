"""Why the policy does what it does: questions asked of a record until one names the cause."""
