"""The commands of `leadport`, one module each."""
