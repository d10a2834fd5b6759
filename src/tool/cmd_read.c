/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file mmuscope read: bytes, strings or values at virtual or physical addresses. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#define STRING_MAX_BYTES 65536u
#define CHUNK_BYTES 65536u

enum { KEY_STRING = 0x300, KEY_RAW_OUT, KEY_VALUE, KEY_OUTPUT, KEY_PHYSICAL };

struct read {
	struct tool *tool;
	const char *image, *address, *output;
	uint64_t bytes;
	bool has_bytes, string, raw, physical;
	const struct tool_type *type;
	struct tool_space space_options;
	struct mmu_space *space; /* NULL: addresses are physical */
	struct mmu_walk *stop;   /* where reading stopped */
	uint64_t stop_pa;        /* likewise, and why, of physical addresses */
	enum mmu_page_state stop_state;
};

static const struct argp_option options[] = {
	{ "string", KEY_STRING, NULL, 0, "Text up to the first NUL byte", 1 },
	{ "value", KEY_VALUE, "TYPE", 0, "One value: u8 to u64, s8 to s64, x8 to x64, int", 1 },
	{ "raw", KEY_RAW_OUT, NULL, 0, "The bare bytes, to a file or pipe", 1 },
	{ "physical", KEY_PHYSICAL, NULL, 0, "The address is physical", 1 },
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
	case KEY_PHYSICAL:
		read->physical = true;
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
		if (!read->space_options.chosen && !read->physical)
			argp_error(state, "whose memory? %s, or --physical", tool_space_names);
		if (read->space_options.chosen && read->physical)
			argp_error(state, "physical addresses are nobody's own: --physical stands "
					  "alone");
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

/* ------------------------------------------------------------------ either memory */

/* @return false: not all could be read; then it is known why */
static bool read_bytes(struct read *read, uint64_t at, void *buf, size_t bytes, size_t *ret_done)
{
	struct mmu_session *session = read->tool->session;

	if (!read->physical)
		return mmu_space_read(read->space, at, buf, bytes, ret_done, read->stop);
	*ret_done = bytes;
	read->stop_state = mmu_session_read_phys(session, at, buf, bytes, &read->stop_pa);
	if (read->stop_state == MMU_PAGE_PRESENT)
		return true;
	*ret_done = (size_t)(read->stop_pa - at);
	return false;
}

static void begin_json(const struct read *read, uint64_t at)
{
	json_begin("read");
	json_hex(read->physical ? "pa" : "va", at);
	if (!read->physical && mmu_space_task(read->space))
		json_number("pid", tool_space_pid(read->space));
}

/* Say why reading stopped. */
static int tell_stop(const struct read *read)
{
	const struct mmu_walk_info *walk = mmu_walk_get(read->stop);
	bool mapped = walk->has_pa && walk->page_state != MMU_PAGE_PRESENT;
	const char *word = read->physical ? mmu_page_state_name(read->stop_state)
			   : mapped       ? mmu_page_state_name(walk->page_state)
					  : mmu_result_name(walk->result);

	int status = tool_check_image(read->tool, TOOL_ANSWERED);
	if (status != TOOL_ANSWERED) /* nothing in the image, but its reader died */
		return status;
	if (read->tool->json) { /* a hole is an answer */
		begin_json(read, read->physical ? read->stop_pa : walk->va);
		json_string("result", word);
		json_end();
		return TOOL_ANSWERED;
	}
	fflush(stdout);
	if (read->physical)
		fprintf(stderr, "mmuscope: physical 0x%" PRIx64 " is %s\n", read->stop_pa, word);
	else if (mapped)
		fprintf(stderr, "mmuscope: virtual 0x%" PRIx64 ": physical 0x%" PRIx64 " is %s\n",
			walk->va, walk->pa, word);
	else
		fprintf(stderr, "mmuscope: virtual 0x%" PRIx64 ": %s\n", walk->va, word);
	return TOOL_ANSWERED;
}

/* ------------------------------------------------------------------ bytes */

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

static void chunk_json(const struct read *read, uint64_t at_first, const unsigned char *bytes,
		       size_t count)
{
	char hex[2 * 256 + 1];

	for (size_t at = 0; at < count; at += 256) {
		size_t here = count - at < 256 ? count - at : 256;

		for (size_t i = 0; i < here; i++)
			sprintf(hex + 2 * i, "%02x", bytes[at + i]);
		begin_json(read, at_first + at);
		json_number("bytes", (int64_t)here);
		json_string("hex", hex);
		json_end();
	}
}

static void show_chunk(const struct read *read, uint64_t va, const unsigned char *bytes,
		       size_t count, FILE *out)
{
	if (read->raw)
		fwrite(bytes, 1, count, out);
	else if (read->tool->json)
		chunk_json(read, va, bytes, count);
	else
		for (size_t at = 0; at < count; at += 16)
			dump_line(va + at, bytes + at, count - at < 16 ? count - at : 16);
}

/* Hex dump, JSON or bare bytes, chunk by chunk: any length in constant memory. */
static int read_range(struct read *read, uint64_t va, FILE *out)
{
	unsigned char *buf = malloc(CHUNK_BYTES);
	uint64_t left = read->has_bytes ? read->bytes : 64;
	int status = buf ? TOOL_OK : TOOL_UNUSABLE;

	while (left && status == TOOL_OK && !tool_interrupted()) {
		size_t want = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES, done;
		bool whole = read_bytes(read, va, buf, want, &done);

		show_chunk(read, va, buf, done, out);
		if (ferror(out)) /* closing it reports why */
			break;
		if (!whole)
			status = tell_stop(read);
		va += done;
		left -= done;
	}
	free(buf);
	return status;
}

static int read_string(struct read *read, uint64_t va, uint64_t limit)
{
	char *text = calloc(1, STRING_MAX_BYTES + 1);
	size_t count = 0;
	bool whole = true, ended = false;

	while (text && whole && !ended && count < limit) {
		size_t want = 64 - (size_t)((va + count) & 63), done;

		if (want > limit - count)
			want = (size_t)(limit - count);
		whole = read_bytes(read, va + count, text + count, want, &done);
		ended = memchr(text + count, 0, done);
		count += done;
	}
	if (!text)
		return TOOL_UNUSABLE;
	if (read->tool->json) {
		begin_json(read, va);
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
	return whole || ended ? TOOL_OK : tell_stop(read);
}

static int read_value(struct read *read, uint64_t va)
{
	bool big_endian = mmu_session_brief(read->tool->session)->big_endian;
	unsigned char bytes[TOOL_TYPE_BYTES_MAX];
	char text[64];
	size_t done;

	if (!read_bytes(read, va, bytes, tool_type_bytes(read->type), &done))
		return tell_stop(read);
	tool_type_text(read->type, big_endian, bytes, text);
	if (read->tool->json) {
		begin_json(read, va);
		json_string("value", text);
		json_end();
	} else {
		printf("%s\n", text);
	}
	return TOOL_OK;
}

/* Bare bytes into a file that appears only when it is whole. */
static int read_to_file(struct read *read, uint64_t va)
{
	struct mmu_new_file *file;
	struct mmu_error *error = mmu_new_file_open(read->output, &file);

	if (error)
		return tool_fail(read->tool, error);
	int status = read_range(read, va, mmu_new_file_stream(file));
	error = mmu_new_file_close(file, status == TOOL_OK && !tool_interrupted());
	return error ? tool_fail(read->tool, error) : status;
}

/* A physical address is a number: symbols are virtual ones. */
static int address_of(const struct read *read, uint64_t *ret)
{
	if (!read->physical)
		return tool_address(read->tool, read->address, ret);
	if (tool_hex(read->address, ret))
		return TOOL_OK;
	fprintf(stderr, "mmuscope: '%s' is no physical address (hexadecimal)\n",
		tool_safe(read->address));
	return TOOL_USAGE;
}

static int read_all(struct read *read)
{
	uint64_t va;
	int status = address_of(read, &va);

	if (status)
		return status;
	tool_catch_interrupt();
	if (read->string)
		return read_string(read, va,
				   read->has_bytes && read->bytes < STRING_MAX_BYTES
					   ? read->bytes
					   : STRING_MAX_BYTES);
	if (read->type)
		return read_value(read, va);
	if (read->output) {
		read->raw = true;
		return read_to_file(read, va);
	}
	if (read->raw && isatty(STDOUT_FILENO)) {
		fprintf(stderr, "mmuscope: --raw is for a file or pipe, not for a terminal\n");
		return TOOL_USAGE;
	}
	return read_range(read, va, stdout);
}

int tool_read(struct tool *tool, int argc, char **argv)
{
	struct read read = { .tool = tool };

	tool_parse(tool, argc, argv, options, parse, "IMAGE ADDRESS [BYTES]",
		   "Memory at a virtual address, or a physical one: a hex dump of BYTES (default "
		   "64), a string, a value, or the bare bytes.",
		   &read, &read.space_options);
	tool->output = read.output;
	int status = read.output ? tool_output_check(read.output) : TOOL_OK;
	if (!status)
		status = tool_open(tool, read.image);
	if (!status && !read.physical)
		status = tool_space_open(tool, &read.space_options, &read.space);
	if (status)
		return status;
	read.stop = tool_walk_create();
	status = read_all(&read);
	mmu_walk_destroy(read.stop);
	mmu_space_close(read.space);
	return status;
}
