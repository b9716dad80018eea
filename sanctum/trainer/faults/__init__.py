"""Faults: ways in which the reference trainer can be made ill, each by a mechanism of its own."""
