"""Faults on purpose, over live calls and a running campaign: does anything get lost?"""
