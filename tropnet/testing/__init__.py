"""Help for tests: assertions on networks, and strategies that draw nasty ones.

`tropnet.testing.strategies` needs hypothesis and is imported by its own name.
"""
