"""The whole service against the simulated exchange, in memory and in virtual time."""
