"""The process that draws one frame of a film and ends: it gives up its rights and becomes ffmpeg, which keeps none, either.

The film is its standard input, a JPEG its output. What kind of film that is was decided before: left to itself, ffmpeg takes lists of
addresses and of other files for films, too.
"""

from __future__ import annotations

import os

from app.storage.confined import sandbox

MEMORY = 1024 * 1024 * 1024
MOST_PIXELS = 40_000_000
NOT_STARTED = 127
_PROBED = "5000000"


def main(program: str, demuxer: str, size: str, second: str) -> None:
    """Draw what is shown at this second, with sides of up to ``size`` pixels."""
    sandbox.take_limits(memory=MEMORY)
    sandbox.close_doors_or_exit(but_programs=True)
    try:
        os.execve(program, [program, *_arguments(demuxer, size, second)], {"MALLOC_ARENA_MAX": "1"})
    except OSError:
        os._exit(NOT_STARTED)


def _arguments(demuxer: str, size: str, second: str) -> list[str]:
    fit = f"scale=w='min({size},iw)':h='min({size},ih)':force_original_aspect_ratio=decrease"
    before = f"-hide_banner -loglevel quiet -nostdin -protocol_whitelist file -f {demuxer} -threads 1"
    probing = f"-probesize {_PROBED} -analyzeduration {_PROBED} -max_pixels {MOST_PIXELS} -ss {second}"
    what = "-map 0:v:0 -an -sn -dn -map_metadata -1 -map_chapters -1 -frames:v 1 -threads 1"
    # By that name it can be read at any place; by its number it could not.
    source = ["-i", "/dev/stdin"]
    return [
        *before.split(),
        *probing.split(),
        *source,
        *what.split(),
        "-vf",
        fit,
        *["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "4", "-flags", "+bitexact", "-f", "mjpeg", "pipe:1"],
    ]
