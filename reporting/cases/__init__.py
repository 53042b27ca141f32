"""Reading what a case holds: which case is meant, its alerts, its incidents, and finding one by a piece of its id."""
