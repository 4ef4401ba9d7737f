"""What the product's first specification aimed at, and what was measured."""
