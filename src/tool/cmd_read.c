/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope read: bytes, strings or values at virtual addresses. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#define STRING_MAX_BYTES 65536u
#define CHUNK_BYTES 65536u

enum { KEY_STRING = 0x300, KEY_RAW_OUT, KEY_VALUE, KEY_OUTPUT };

struct read {
	const struct tool *tool;
	const char *image, *address, *output;
	uint64_t bytes;
	bool has_bytes, string, raw;
	const struct tool_type *type;
	struct tool_space space;
	struct mmu_walk *stop; /* where reading stopped */
};

static const struct argp_option options[] = {
	{ "string", KEY_STRING, NULL, 0, "Text up to the first NUL byte", 1 },
	{ "value", KEY_VALUE, "TYPE", 0, "One value: u8 to u64, s8 to s64, x8 to x64, int", 1 },
	{ "raw", KEY_RAW_OUT, NULL, 0, "The bare bytes, to a file or pipe", 1 },
	{ "output", 'o', "FILE", 0, "Write the bare bytes to FILE, which must not exist yet", 1 },
	{ 0 },
};

static error_t parse_arg(struct read *read, char *arg, struct argp_state *state)
{
	switch (state->arg_num) {
	case 0:
		read->image = arg;
		return 0;
	case 1:
		read->address = arg;
		return 0;
	case 2:
		if (!tool_bytes(arg, &read->bytes) || !read->bytes)
			argp_error(state, "'%s' is no number of bytes", arg);
		read->has_bytes = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct read *read = state->input;

	switch (key) {
	case KEY_STRING:
		read->string = true;
		return 0;
	case KEY_RAW_OUT:
		read->raw = true;
		return 0;
	case KEY_VALUE:
		read->type = tool_type_find(arg);
		if (!read->type)
			argp_error(state, "no type '%s': %s", arg, tool_type_names());
		return 0;
	case 'o':
		read->output = arg;
		return 0;
	case ARGP_KEY_ARG:
		return parse_arg(read, arg, state);
	case ARGP_KEY_END:
		if (!read->address)
			argp_error(state, "an image and an address are needed");
		if (!read->space.chosen)
			argp_error(state, "whose memory? %s, or --physical", tool_space_names);
		if (read->string + read->raw + (read->type != NULL) > 1)
			argp_error(state, "only one of --string, --raw, --value");
		if (read->raw && read->tool->json)
			argp_error(state, "bare bytes are no JSON: only one of --raw, --json");
		if (read->output && (read->string || read->type))
			argp_error(state, "--output is for bare bytes");
		if (read->output && strcmp(read->output, "-") == 0)
			argp_error(state, "-o names a file; --raw writes to standard output");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void begin_json(const struct mmu_space *space, uint64_t va)
{
	json_begin("read");
	json_hex("va", va);
	if (mmu_space_task(space))
		json_number("pid", tool_space_pid(space));
}

/* Say why reading stopped. */
static int tell_stop(const struct tool *tool, const struct mmu_space *space,
		     const struct mmu_walk *stop)
{
	const struct mmu_walk_info *walk = mmu_walk_get(stop);
	bool mapped = walk->has_pa && walk->page_state != MMU_PAGE_PRESENT;

	if (tool->json) { /* a hole is an answer */
		begin_json(space, walk->va);
		json_string("result", mapped ? mmu_page_state_name(walk->page_state)
					     : mmu_result_name(walk->result));
		json_end();
		return TOOL_ANSWERED;
	}
	fflush(stdout);
	if (mapped)
		fprintf(stderr, "mmuscope: virtual 0x%" PRIx64 ": physical 0x%" PRIx64 " is %s\n",
			walk->va, walk->pa, mmu_page_state_name(walk->page_state));
	else
		fprintf(stderr, "mmuscope: virtual 0x%" PRIx64 ": %s\n", walk->va,
			mmu_result_name(walk->result));
	return TOOL_ANSWERED;
}

static void dump_line(uint64_t va, const unsigned char *bytes, size_t count)
{
	printf("0x%016" PRIx64 " ", va);
	for (size_t i = 0; i < 16; i++) {
		if (i < count)
			printf("%s%02x", i == 8 ? "  " : " ", bytes[i]);
		else
			printf("%s  ", i == 8 ? "  " : " ");
	}
	printf("  |");
	for (size_t i = 0; i < count; i++)
		putchar(bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '.');
	printf("|\n");
}

static void chunk_json(const struct mmu_space *space, uint64_t va, const unsigned char *bytes,
		       size_t count)
{
	char hex[2 * 256 + 1];

	for (size_t at = 0; at < count; at += 256) {
		size_t here = count - at < 256 ? count - at : 256;

		for (size_t i = 0; i < here; i++)
			sprintf(hex + 2 * i, "%02x", bytes[at + i]);
		begin_json(space, va + at);
		json_number("bytes", (int64_t)here);
		json_string("hex", hex);
		json_end();
	}
}

static void show_chunk(const struct tool *tool, const struct read *read,
		       const struct mmu_space *space, uint64_t va, const unsigned char *bytes,
		       size_t count, FILE *out)
{
	if (read->raw)
		fwrite(bytes, 1, count, out);
	else if (tool->json)
		chunk_json(space, va, bytes, count);
	else
		for (size_t at = 0; at < count; at += 16)
			dump_line(va + at, bytes + at, count - at < 16 ? count - at : 16);
}

/* Hex dump, JSON or bare bytes, chunk by chunk: any length in constant memory. */
static int read_range(const struct tool *tool, const struct read *read, struct mmu_space *space,
		      uint64_t va, FILE *out)
{
	unsigned char *buf = malloc(CHUNK_BYTES);
	uint64_t left = read->has_bytes ? read->bytes : 64;
	int status = buf ? TOOL_OK : TOOL_UNUSABLE;

	while (left && status == TOOL_OK && !tool_interrupted()) {
		size_t want = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES, done;
		bool whole = mmu_space_read(space, va, buf, want, &done, read->stop);

		show_chunk(tool, read, space, va, buf, done, out);
		if (ferror(out)) /* closing it reports why */
			break;
		if (!whole)
			status = tell_stop(tool, space, read->stop);
		va += done;
		left -= done;
	}
	free(buf);
	return status;
}

static int read_string(const struct tool *tool, const struct read *read, struct mmu_space *space,
		       uint64_t va, uint64_t limit)
{
	char *text = calloc(1, STRING_MAX_BYTES + 1);
	size_t count = 0;
	bool whole = true, ended = false;

	while (text && whole && !ended && count < limit) {
		size_t want = 64 - (size_t)((va + count) & 63), done;

		if (want > limit - count)
			want = (size_t)(limit - count);
		whole = mmu_space_read(space, va + count, text + count, want, &done, read->stop);
		ended = memchr(text + count, 0, done);
		count += done;
	}
	if (!text)
		return TOOL_UNUSABLE;
	if (tool->json) {
		begin_json(space, va);
		json_string("string", text);
		json_end();
	} else if (count || ended) {
		for (const char *at = text; *at; at += strnlen(at, 512)) {
			char piece[513];

			snprintf(piece, sizeof(piece), "%s", at);
			printf("%s", tool_safe(piece));
		}
		printf("\n");
	}
	free(text);
	return whole || ended ? TOOL_OK : tell_stop(tool, space, read->stop);
}

static int read_value(const struct tool *tool, const struct read *read, struct mmu_space *space,
		      uint64_t va)
{
	bool big_endian = mmu_session_info(tool->session)->big_endian;
	char text[64];

	if (!tool_type_read(read->type, big_endian, space, va, text, read->stop))
		return tell_stop(tool, space, read->stop);
	if (tool->json) {
		begin_json(space, va);
		json_string("value", text);
		json_end();
	} else {
		printf("%s\n", text);
	}
	return TOOL_OK;
}

/* Bare bytes into a file that appears only when it is whole. */
static int read_to_file(const struct tool *tool, const struct read *read, struct mmu_space *space,
			uint64_t va)
{
	struct mmu_new_file *file;
	struct mmu_error *error = mmu_new_file_open(read->output, &file);

	if (error)
		return tool_fail(tool, error);
	int status = read_range(tool, read, space, va, mmu_new_file_stream(file));
	error = mmu_new_file_close(file, status == TOOL_OK && !tool_interrupted());
	return error ? tool_fail(tool, error) : status;
}

static int read_all(struct tool *tool, struct read *read, struct mmu_space *space)
{
	uint64_t va;
	int status = tool_address(tool, read->address, &va);

	if (status)
		return status;
	tool_catch_interrupt();
	if (read->string)
		return read_string(tool, read, space, va,
				   read->has_bytes && read->bytes < STRING_MAX_BYTES
					   ? read->bytes
					   : STRING_MAX_BYTES);
	if (read->type)
		return read_value(tool, read, space, va);
	if (read->output) {
		read->raw = true;
		return read_to_file(tool, read, space, va);
	}
	if (read->raw && isatty(STDOUT_FILENO)) {
		fprintf(stderr, "mmuscope: --raw is for a file or pipe, not for a terminal\n");
		return TOOL_USAGE;
	}
	return read_range(tool, read, space, va, stdout);
}

int tool_read(struct tool *tool, int argc, char **argv)
{
	struct read read = { .tool = tool };
	struct mmu_space *space;

	tool_parse(tool, argc, argv, options, parse, "IMAGE ADDRESS [BYTES]",
		   "Memory at a virtual address: a hex dump of BYTES (default 64), a string, a "
		   "value, or the bare bytes.",
		   &read, &read.space);
	int status = read.output ? tool_output_check(read.output) : TOOL_OK;
	if (!status)
		status = tool_open(tool, read.image);
	if (status)
		return status;
	status = tool_space_open(tool, &read.space, &space);
	if (status)
		return status;
	read.stop = tool_walk_create();
	status = read_all(tool, &read, space);
	mmu_walk_destroy(read.stop);
	mmu_space_close(space);
	return status;
}
