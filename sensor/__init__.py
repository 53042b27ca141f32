"""Getting data in: metering captures into segments and selecting packets again. Knows nothing of incidents."""
