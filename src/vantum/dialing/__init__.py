"""What may be dialled, when and in which order: decided here, done elsewhere."""
