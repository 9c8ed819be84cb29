"""Everything that needs a person, read from where it went wrong (`docs/decisions/0015`)."""
