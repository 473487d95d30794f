"""The command line: one file a command; :mod:`alphabot.cli.app` puts them together."""
