"""Who the agent is and what it may say, read from a file."""
