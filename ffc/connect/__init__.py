"""From a target's name in profiles.yml to open stores; the only place where secrets are read."""
