"""Those who hear, answer and speak."""
