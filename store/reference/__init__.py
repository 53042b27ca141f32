"""Reference data: MAC vendors, public suffixes, AS numbers and countries, lists of the harmless.

Defaults come from installed packages; ``taishi data import`` puts newer files beside them in the home. Nothing here
ever asks the network. Missing or old data makes answers rarer and less sure, never an error of a run.
"""
