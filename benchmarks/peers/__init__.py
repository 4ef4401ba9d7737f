"""Other frameworks for phone agents, measured on our harness beside ourselves."""
