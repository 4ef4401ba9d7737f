"""Records that outlive a process or are shared by several: the only place with SQL."""
