"""The Web API, as far as an app that imports files needs it."""
