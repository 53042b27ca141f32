"""The scan: captures become flows, flows become alerts, alerts become incidents, and all of it one result.

Orchestration only: reading is in ``sensor``, judging in ``detectors``, keeping in ``store``. ``pipeline`` is the whole
of it, ``captures`` the part that metering needs alone; nothing is imported here, so that this part stays light.
"""
