"""Arrow's compute functions by name, without the module that makes a Python function of each of them.

``pyarrow.compute`` costs 25 ms of CPU when it is imported, a fifth of what metering a small capture takes. Its
``call_function`` comes from an inner module that costs a tenth; where a version of pyarrow has it elsewhere, the public
one is taken.
"""

from __future__ import annotations

try:
    from pyarrow._compute import call_function
except ImportError:
    from pyarrow.compute import call_function

__all__ = ["call_function"]
