"""The fault run: the whole product against channels that break on purpose, then the accounts."""
