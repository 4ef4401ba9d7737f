"""Every parser of bytes from outside, and a fuzzer that follows which code they reach."""
