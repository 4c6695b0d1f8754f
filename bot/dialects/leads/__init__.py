"""Leads, the suppression list and saved mappings: what the native API adds to imports."""
