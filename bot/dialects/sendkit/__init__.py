"""SendKit's API: one upload that is imported at once."""
