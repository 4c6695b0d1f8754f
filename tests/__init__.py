"""The suite. A package, so that tests/core never shadows core."""
