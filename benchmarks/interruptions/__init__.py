"""Who is heard to interrupt, and who is not: whole calls on synthesised and on real speech."""
