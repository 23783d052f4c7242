"""The program: ``python -m flatsplit``, and the script ``flatsplit``."""

import signal


def main() -> None:
    """Import the command line and run it. Until it is imported, Ctrl-C ends the process at once: Python would print a
    traceback.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from flatsplit.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
