/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Lines that fit the terminal: how wide it is, and what becomes of what is wider. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tool.h"

/* What output is laid out for where there is no terminal, and what it is laid out anew below. */
#define DEFAULT_COLUMNS 100u
#define NARROW 80u

static unsigned int find_columns(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t number;

	if (columns && tool_number(columns, &number) && number >= 20 && number < 10000)
		return (unsigned int)number;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col >= 20)
		return size.ws_col;
	return DEFAULT_COLUMNS;
}

unsigned int tool_columns(void)
{
	static _Thread_local unsigned int
		columns; /* once: each line asks, and one layout serves all of them */

	if (!columns)
		columns = find_columns();
	return columns;
}

bool tool_narrow(void)
{
	return tool_columns() < NARROW;
}

/* ------------------------------------------------------------------ one line */

/* Bytes of the escape sequence there, which takes no room; 0: there is none. */
static size_t escape_bytes(const char *at, const char *end)
{
	const char *from = at;

	if (end - at < 2 || at[0] != '\033' || at[1] != '[')
		return 0;
	for (at += 2; at < end && *at != 'm';)
		at++;
	return (size_t)(at - from) + (at < end);
}

/*
 * Where the part of a line ends that `room` has a place for: before the last gap of two blanks or
 * more, as between columns, else before the last blank, else behind the first word.
 */
static const char *part_end(const char *text, const char *end, unsigned int room)
{
	const char *blank = NULL, *gap = NULL;
	unsigned int wide = 0;
	bool begun = false;

	for (const char *at = text; at < end;) {
		size_t escape = escape_bytes(at, end);

		if (escape) {
			at += escape;
			continue;
		}
		if (*at == ' ' && begun && at[-1] != ' ' && (wide <= room || !blank)) {
			blank = at;
			if (end - at > 1 && at[1] == ' ')
				gap = at;
		}
		begun |= *at != ' ';
		if (++wide > room && blank && *at != ' ')
			return gap ? gap : blank;
		at++;
	}
	return end;
}

static void put_blanks(FILE *out, unsigned int count)
{
	fprintf(out, "%*s", (int)count, "");
}

/* What is left of a line, which has `room`, and as many more as it takes, each behind blanks. */
static void put_line(FILE *out, const char *text, const char *end, unsigned int room,
		     unsigned int further, unsigned int width)
{
	unsigned int indent = 0;

	do {
		const char *part = part_end(text, end, room);

		put_blanks(out, indent);
		fwrite(text, 1, (size_t)(part - text), out);
		putc('\n', out);
		for (text = part; text < end && *text == ' ';)
			text++;
		indent = further;
		room = width > further ? width - further : 1;
	} while (text < end);
}

void tool_wrapped(const char *text, const char *first, unsigned int further, unsigned int width)
{
	unsigned int begun = (unsigned int)strlen(first);

	while (*text) {
		size_t bytes = strcspn(text, "\n");

		fputs(first, stdout);
		put_line(stdout, text, text + bytes, width > begun ? width - begun : 1, further,
			 width);
		text += bytes + (text[bytes] == '\n');
	}
}

/* ------------------------------------------------------------------ all of the output */

/* Standard output behind one that folds lines. */
struct fold {
	FILE *to;
	unsigned int width, margin;
	char *line; /* what has come since the last newline */
	size_t bytes, capacity;
};

static void put_folded(const struct fold *fold)
{
	unsigned int indent = 0;

	while (indent < fold->bytes && fold->line[indent] == ' ')
		indent++;
	indent += indent ? 2 : fold->margin;
	if (indent > fold->width / 2)
		indent = fold->width / 2;
	put_line(fold->to, fold->line, fold->line + fold->bytes, fold->width, indent, fold->width);
}

static ssize_t write_folded(void *cookie, const char *bytes, size_t count)
{
	struct fold *fold = cookie;

	for (size_t i = 0; i < count; i++) {
		if (bytes[i] == '\n') {
			put_folded(fold);
			fold->bytes = 0;
			continue;
		}
		if (fold->bytes == fold->capacity) {
			fold->capacity = fold->capacity ? 2 * fold->capacity : 256;
			fold->line = realloc(fold->line, fold->capacity);
			if (!fold->line)
				tool_no_memory();
		}
		fold->line[fold->bytes++] = bytes[i];
	}
	return fflush(fold->to) == 0 && !ferror(fold->to) ? (ssize_t)count : 0;
}

static int close_folded(void *cookie)
{
	struct fold *fold = cookie;

	if (fold->bytes)
		put_folded(fold);
	free(fold->line);
	return fflush(fold->to);
}

void tool_fold(const struct tool *tool, unsigned int margin)
{
	static const cookie_io_functions_t functions = { .write = write_folded,
							 .close = close_folded };
	static struct fold fold;

	if (tool->json || fold.to || !tool_narrow())
		return;
	fold = (struct fold){ .to = stdout, .width = tool_columns(), .margin = margin };
	FILE *stream = fopencookie(&fold, "w", functions);
	if (!stream)
		tool_no_memory();
	setvbuf(stream, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
	stdout = stream;
}

/* ------------------------------------------------------------------ rows */

void tool_label(const char *label)
{
	if (!tool_narrow())
		printf("%-15s ", label);
	else
		printf("%s%s  ", label, *label ? "\n" : "");
}

void tool_row(const char *label, const char *format, ...)
{
	va_list args;

	tool_label(label);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

void tool_table_head(const struct tool_column *columns, size_t nr)
{
	if (tool_narrow())
		return;
	for (size_t i = 0; i < nr; i++)
		printf("%*s%*s", columns[i].gap, "", columns[i].width, columns[i].title);
	printf("\n");
}

/* A line in the making: a row is a few dozen short pieces, and stdio takes its time for each. */
struct line {
	char text[512];
	size_t bytes;
};

static void flush_line(struct line *line)
{
	fwrite(line->text, 1, line->bytes, stdout);
	line->bytes = 0;
}

static void add_text(struct line *line, const char *text, size_t bytes)
{
	if (bytes > sizeof(line->text) - line->bytes)
		flush_line(line);
	if (bytes > sizeof(line->text)) {
		fwrite(text, 1, bytes, stdout);
		return;
	}
	memcpy(line->text + line->bytes, text, bytes);
	line->bytes += bytes;
}

static void add_blanks(struct line *line, size_t count)
{
	for (size_t part; count; count -= part) {
		if (line->bytes == sizeof(line->text))
			flush_line(line);
		part = sizeof(line->text) - line->bytes;
		part = part < count ? part : count;
		memset(line->text + line->bytes, ' ', part);
		line->bytes += part;
	}
}

static void put_row(const struct tool_column *columns, size_t nr, const char *const *cells)
{
	struct line line;

	line.bytes = 0;
	for (size_t i = 0; i < nr; i++) {
		size_t bytes = strlen(cells[i]), width = (size_t)abs(columns[i].width);
		size_t room = width > bytes ? width - bytes : 0;

		add_blanks(&line, (size_t)columns[i].gap + (columns[i].width > 0 ? room : 0));
		add_text(&line, cells[i], bytes);
		add_blanks(&line, columns[i].width > 0 ? 0 : room);
	}
	add_text(&line, "\n", 1);
	flush_line(&line);
}

void tool_table_row(const struct tool_column *columns, size_t nr, const char *const *cells)
{
	const char *before = "";

	if (!tool_narrow()) {
		put_row(columns, nr, cells);
		return;
	}
	for (size_t i = 0; i < nr; i++)
		if (strcmp(cells[i], "-") != 0) {
			printf("%s%s %s", before, columns[i].title, cells[i]);
			before = "  ";
		}
	printf("\n");
}

void tool_cell(struct tool_cells *cells, size_t column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(cells->text[column], sizeof(cells->text[column]), format, args);
	va_end(args);
	cells->cells[column] = cells->text[column];
}

void tool_cell_number(struct tool_cells *cells, size_t column, int64_t value)
{
	char *text = cells->text[column], *to = text;

	if (value < 0)
		*to++ = '-';
	*tool_put_number(to, value < 0 ? -(uint64_t)value : (uint64_t)value) = '\0';
	cells->cells[column] = text;
}

void tool_cell_hex(struct tool_cells *cells, size_t column, uint64_t value, unsigned int digits)
{
	*tool_put_hex(cells->text[column], value, digits) = '\0';
	cells->cells[column] = cells->text[column] + strlen("0x");
}
