"""A clock that jumps: what a process reads as the hour, moved by a file, without a clock being set.

A few lines of C are loaded before the C library (`LD_PRELOAD`): the wall clock is what is moved,
the monotonic one goes on. Where there is no C compiler no clock jumps, and that is told.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

SOURCE: Final = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile const long long *ahead;  /* in seconds */

__attribute__((constructor)) static void open_file(void) {
    const char *path = getenv("CLOCK_AHEAD");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) ahead = page;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(which, now);
    if (!failed && ahead && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        now->tv_sec += *ahead;
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec read;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &read)) return -1;
    now->tv_sec = read.tv_sec;
    now->tv_usec = read.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *where) {
    struct timespec read;
    clock_gettime(CLOCK_REALTIME, &read);
    if (where) *where = read.tv_sec;
    return read.tv_sec;
}
"""


class JumpingClock:
    """Of all processes that are begun with its settings."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock-ahead"
        self._library = folder / "jumping_clock.so"
        self.jump(0)
        self.is_there = self._made(folder)

    @property
    def settings(self) -> dict[str, str]:
        """Whoever has them reads this clock."""
        if not self.is_there:
            return {}
        return {"LD_PRELOAD": str(self._library), "CLOCK_AHEAD": str(self._file)}

    def jump(self, ahead_s: int) -> None:
        """From now on it is so much later."""
        mode = "r+b" if self._file.exists() else "wb"  # the same file: processes look into it
        with self._file.open(mode) as file:
            file.write(struct.pack("<q", ahead_s))

    def _made(self, folder: Path) -> bool:
        compiler = shutil.which("cc")
        if compiler is None:
            return False
        source = folder / "jumping_clock.c"
        source.write_text(SOURCE, "ascii")
        command = [compiler, "-shared", "-fPIC", "-O1", "-o"]
        command += [str(self._library), str(source), "-ldl"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
