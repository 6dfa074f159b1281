"""`python -m webui.cli`: the same as the command `katydid`."""

from webui.cli import main

if __name__ == "__main__":
    main()
