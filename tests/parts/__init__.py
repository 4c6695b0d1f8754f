"""Real servers and a browser for the tests, started and ended by the fixtures in conftest."""
