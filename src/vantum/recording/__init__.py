"""What is kept of a phone call's sound: raw while it lasts, one Opus file afterwards."""
