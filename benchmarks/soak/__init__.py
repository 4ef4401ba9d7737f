"""Many thousand short phone calls, one after another: is anything left, or anybody lost?"""
