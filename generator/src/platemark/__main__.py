"""`python -m platemark`."""

from platemark.cli import main

if __name__ == "__main__":
    main()
