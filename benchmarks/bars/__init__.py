"""Every bar for speed and size beside what is measured."""
