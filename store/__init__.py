"""What lies on disk and where: schema, segments, lake, read views, home, site policy, casebook, audit."""
