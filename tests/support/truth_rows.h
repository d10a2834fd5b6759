/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The rows of a truth file: fields with tabs between, up to END. */
#ifndef MMU_TRUTH_ROWS_H
#define MMU_TRUTH_ROWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Of a row; what stands behind so many is left out. */
#define TRUTH_FIELDS 12

struct check;

/** What a checker does with each row. */
typedef void (*truth_row_fn)(struct check *check, char **field, int count);

static inline void truth_read(FILE *file, truth_row_fn fn, struct check *check)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) >= 0) {
		char *field[TRUTH_FIELDS] = { NULL }, *at = line;
		int count = 0;

		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "END") == 0)
			break;
		while (at && count < TRUTH_FIELDS) {
			field[count++] = at;
			at = strchr(at, '\t');
			if (at)
				*at++ = '\0';
		}
		fn(check, field, count);
	}
	free(line);
}

#endif
