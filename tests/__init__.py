"""The tests."""

WATCHDOG = 600
"""Seconds after which what hangs is ended. It judges nothing: a slow or busy machine may take most
of it. What has to be quick is measured in seconds of CPU."""
