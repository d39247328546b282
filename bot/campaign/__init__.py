"""Campaigns as values: who is asked, with what form, how an answer is taken and what may be shown.

Pure: no database, network, platform or clock.
"""
