"""Phone calls: who places, answers and ends them, and who may tell us about them."""
