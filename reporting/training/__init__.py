"""Training of the detectors' models: by command, seeded, kept as plain numbers with their hash on record."""
