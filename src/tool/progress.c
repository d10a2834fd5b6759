/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file How far long work is: one line on a terminal, written again in place. */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

/* Whoever waits less does not ask how far it is. */
#define FIRST_MS 1000u
/* More often than this nobody reads. */
#define AGAIN_MS 200u

/* ------------------------------------------------------------------ the line */

void progress_line_begin(struct progress_line *line)
{
	line->begun_ms = line->now_ms(line->context);
}

/* How long the rest takes, if it goes on as before. */
static void add_rest(const struct progress_line *line, uint64_t now_ms, char *text, size_t room)
{
	double taken_ms = (double)(now_ms - line->what_ms);
	double rest_ms = taken_ms / (double)line->done * (double)(line->total - line->done);
	uint64_t rest = rest_ms < 1e9 ? (uint64_t)(rest_ms / 1000 + 1) : 0;

	if (taken_ms < AGAIN_MS || !rest)
		return;
	if (rest < 120)
		snprintf(text, room, ", about %" PRIu64 " s left", rest);
	else
		snprintf(text, room, ", about %" PRIu64 " min left", rest / 60 + 1);
}

static void draw(struct progress_line *line, uint64_t now_ms)
{
	unsigned int columns = line->columns(line->context);
	char text[256] = "\r\033[K";
	size_t escape = strlen(text), at = escape;

	at += (size_t)snprintf(text + at, 64, "mmuscope: %" PRIu64, line->done);
	if (line->total >= line->done && line->total)
		at += (size_t)snprintf(text + at, 32, " of %" PRIu64, line->total);
	at += (size_t)snprintf(text + at, 100, " %.90s", line->what);
	if (line->total > line->done && line->done)
		add_rest(line, now_ms, text + at, sizeof(text) - at);
	at = strlen(text);
	/* in the last column some terminals go on to the next line */
	if (columns && at - escape >= columns)
		at = escape + columns - 1;
	line->put(line->context, text, at);
	line->shown = true;
	line->drawn_ms = now_ms;
}

static void draw_in_time(struct progress_line *line)
{
	uint64_t now_ms = line->now_ms(line->context);

	if (!line->mid_line && now_ms - line->begun_ms >= FIRST_MS &&
	    (!line->shown || now_ms - line->drawn_ms >= AGAIN_MS))
		draw(line, now_ms);
}

static void set(struct progress_line *line, const char *what, uint64_t done, uint64_t total)
{
	if (!line->what || strcmp(line->what, what) != 0 || done < line->done)
		line->what_ms = line->now_ms(line->context);
	line->what = what;
	line->done = done;
	line->total = total;
}

void progress_line_tell(struct progress_line *line, const char *what, uint64_t done, uint64_t total)
{
	line->of_caller = true;
	set(line, what, done, total);
	draw_in_time(line);
}

void progress_line_phase(struct progress_line *line, const struct mmu_progress *progress)
{
	static const struct {
		const char *what;
		unsigned int shift;
	} phases[] = {
		[MMU_PHASE_LEARN] = { "pieces looked through for the kernel", 0 },
		[MMU_PHASE_TASKS] = { "tasks read", 0 },
		[MMU_PHASE_TABLES] = { "entries read", 0 },
		[MMU_PHASE_EXTRACT] = { "KiB written", 10 },
		[MMU_PHASE_FETCH] = { "KiB from debuginfod", 10 },
	};

	if (!line->of_caller && (size_t)progress->phase < sizeof(phases) / sizeof(phases[0]))
		set(line, phases[progress->phase].what,
		    progress->done >> phases[progress->phase].shift,
		    progress->total >> phases[progress->phase].shift);
	if (line->what)
		draw_in_time(line);
}

void progress_line_erase(struct progress_line *line)
{
	if (line->shown)
		line->put(line->context, "\r\033[K", 4);
	line->shown = false;
}

/* ------------------------------------------------------------------ standard error */

static struct progress_line the_line; /* now_ms NULL: there is no such terminal */
static atomic_flag busy = ATOMIC_FLAG_INIT;

/* @return how many of them were written */
static size_t put_all(int fd, const char *bytes, size_t count)
{
	size_t done = 0;

	while (done < count) {
		ssize_t part = write(fd, bytes + done, count - done);

		if (part < 0 && errno != EINTR)
			break;
		done += part > 0 ? (size_t)part : 0;
	}
	return done;
}

static void put(void *context, const char *text, size_t bytes)
{
	(void)context;
	put_all(STDERR_FILENO, text, bytes); /* it is for a human alone */
}

static uint64_t now_ms(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static unsigned int columns(void *context)
{
	struct winsize size;

	(void)context;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* The line goes before anything else comes to the terminal. */
static ssize_t write_behind(int fd, const char *bytes, size_t count)
{
	bool terminal = fd == STDERR_FILENO || isatty(fd);

	if (terminal)
		progress_line_erase(&the_line);
	size_t written = put_all(fd, bytes, count);
	if (terminal && written)
		the_line.mid_line = bytes[written - 1] != '\n';
	return (ssize_t)written;
}

static ssize_t write_out(void *cookie, const char *bytes, size_t count)
{
	(void)cookie;
	return write_behind(STDOUT_FILENO, bytes, count);
}

static ssize_t write_error(void *cookie, const char *bytes, size_t count)
{
	(void)cookie;
	return write_behind(STDERR_FILENO, bytes, count);
}

static FILE *stream_of(cookie_write_function_t *function, int mode)
{
	FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = function });

	if (!stream) {
		fprintf(stderr, "mmuscope: out of memory\n");
		exit(3); /* TOOL_UNUSABLE; tests have this file alone */
	}
	setvbuf(stream, NULL, mode, BUFSIZ);
	return stream;
}

void tool_progress_begin(void)
{
	const char *term = getenv("TERM");

	if (!isatty(STDERR_FILENO) || !term || !*term || strcmp(term, "dumb") == 0)
		return;
	the_line = (struct progress_line){ .put = put, .now_ms = now_ms, .columns = columns };
	progress_line_begin(&the_line);
	stderr = stream_of(write_error, _IONBF);
	if (isatty(STDOUT_FILENO))
		stdout = stream_of(write_out, _IOLBF);
}

/* Whoever comes while another thread draws has nothing newer to say. */
static bool enter(void)
{
	return the_line.now_ms && !atomic_flag_test_and_set_explicit(&busy, memory_order_acquire);
}

static void leave(void)
{
	atomic_flag_clear_explicit(&busy, memory_order_release);
}

void tool_progress_phase(const struct mmu_progress *progress)
{
	if (!enter())
		return;
	progress_line_phase(&the_line, progress);
	leave();
}

void tool_progress(const char *what, uint64_t done, uint64_t total)
{
	if (!enter())
		return;
	progress_line_tell(&the_line, what, done, total);
	leave();
}

void tool_progress_end(void)
{
	if (!enter())
		return;
	progress_line_erase(&the_line);
	the_line.of_caller = false;
	leave();
}
