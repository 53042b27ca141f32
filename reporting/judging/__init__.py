"""Running the detectors over a case or a range of it, and keeping what they found (ADR 0013, 0021)."""
