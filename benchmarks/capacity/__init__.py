"""How many phone calls one core carries, at what delay and cost, beside a bare relay."""
