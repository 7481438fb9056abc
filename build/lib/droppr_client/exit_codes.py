"""How `droppr upload` and `droppr request fetch` end, for scripts."""

ALL_SENT = 0
SOME_FAILED = 1
WRONG_USAGE = 2
NOTHING_TO_DO = 3
REFUSED = 4
INTERRUPTED = 130

MEANINGS = {
    ALL_SENT: "all sent",
    SOME_FAILED: "some files failed; what went wrong with each was printed. Run the same command again",
    WRONG_USAGE: "the command line makes no sense",
    NOTHING_TO_DO: "nothing to do: no file was found, or all were sent before",
    REFUSED: "refused: the link is wrong, closed or expired, or the password is; or the server cannot be reached",
    INTERRUPTED: "interrupted; what has arrived counts. Run the same command again to go on",
}
