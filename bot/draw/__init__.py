"""The prize draw (有奖问答): committed before, revealed after, verified by anybody.

Pure, but for reading and writing record files.
"""
