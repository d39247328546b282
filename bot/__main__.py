"""`python -m bot` is the command `xst`."""

from bot.cli import main

main()
