"""The control API: acting as a person, reading everything, and making things go wrong."""
