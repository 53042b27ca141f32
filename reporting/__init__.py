"""Turning alerts into action: the scan pipeline, the command line, screens, reports and exports."""
