/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tables for spreadsheets and SQL: a header line, then a line a row, tabs between cells. */
#include <inttypes.h>
#include <stdio.h>

#include "tool.h"

static _Thread_local bool in_row;

static void next_cell(void)
{
	if (in_row)
		putchar('\t');
	in_row = true;
}

void tsv_header(const char *names)
{
	const char *name = names;

	for (; *names; names++) {
		if (*names == ' ') {
			putchar('\t');
			name = names + 1;
		} else if (*names == ':') {
			printf("\t%.*s_dec", (int)(names - name), name);
		} else {
			putchar(*names);
		}
	}
	putchar('\n');
}

void tsv_end(void)
{
	putchar('\n');
	in_row = false;
}

/* A backslash only before n, t, x and another one: what is between two tabs is one cell. */
void tsv_text(const char *text)
{
	next_cell();
	for (; text && *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '\\')
			printf("\\\\");
		else if (byte == '\n')
			printf("\\n");
		else if (byte == '\t')
			printf("\\t");
		else if (byte < ' ' || byte >= 0x7f)
			printf("\\x%02x", byte);
		else
			putchar(byte);
	}
}

void tsv_hex(bool known, uint64_t value)
{
	next_cell();
	if (known)
		printf("0x%" PRIx64 "\t%" PRIu64, value, value);
	else
		putchar('\t');
}

void tsv_number(bool known, int64_t value)
{
	next_cell();
	if (known)
		printf("%" PRId64, value);
}
