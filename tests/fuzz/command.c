/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Whole command lines of the tool, with a list on standard input, over a made-up kernel.
 *
 * An input is flags (1 byte: the kind of tree, a terminal or not), a number of records (1) that
 * change memory, these, then text: a word a line; behind an empty line standard input begins.
 */
#include <string.h>

#include "fuzz/inside.h"
#include "fuzz/made_kernel.h"

#define WORDS_MAX 32
#define TEXT_BYTES_MAX 4096u
#define RECORDS_MAX 8u
/* Of made_kernel(). */
#define MADE_HEAD 10u
#define MADE_RECORD 14u

/* ------------------------------------------------------------------ what must hold */

static bool is_plain(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (((unsigned char)text[i] < ' ' && !strchr("\n\t\r", text[i])) || text[i] == 0x7f)
			return false;
	return true;
}

/* Colours, bare bytes and, but for a terminal, what the kernel prints are asked for. */
static bool asks_for_plain(int argc, char **words, bool terminal)
{
	for (int i = 0; i < argc; i++)
		if (!is_plain(words[i], strlen(words[i])) || strncmp(words[i], "--c", 3) == 0 ||
		    strncmp(words[i], "--r", 3) == 0 ||
		    (!terminal &&
		     (strncmp(words[i], "--pr", 4) == 0 || strncmp(words[i], "--sm", 4) == 0)))
			return false;
	return true;
}

/* A terminal is safe from what is in the image, and JSON is nothing but JSON. */
static const char *look_at(const struct inside_answer *answer, bool plain)
{
	static const char schema[] = "{\"schema\": \"mmuscope.";
	const char *out = answer->out.text, *end;

	if ((answer->status < 0 || answer->status > 3) && answer->status != 130)
		return "no such exit status";
	if (answer->status >= 2 && !answer->error.bytes)
		return "it fails without a word";
	if (plain && !is_plain(answer->error.text, answer->error.bytes))
		return "control characters in a message";
	if (plain && !is_plain(out, answer->out.bytes))
		return "control characters";
	if (strncmp(out, schema, sizeof(schema) - 1) != 0)
		return NULL;
	for (; (end = strchr(out, '\n')); out = end + 1)
		if (strncmp(out, schema, sizeof(schema) - 1) != 0 || end[-1] != '}')
			return "a line that is no JSON";
	return NULL;
}

static void must_hold(const struct inside_answer *answer, int argc, char **words, bool terminal)
{
	const char *problem = look_at(answer, asks_for_plain(argc, words, terminal));

	if (!problem)
		return;
	for (int i = 0; i < argc; i++)
		fprintf(stderr, "'%s' ", words[i]);
	fprintf(stderr, "\n%s, status %d\nmessages:\n%s\noutput:\n%.2000s\n", problem,
		answer->status, answer->error.text, answer->out.text);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	unsigned int flags = (unsigned int)fuzz_take(&input, 1);
	uint8_t head[MADE_HEAD + RECORDS_MAX * MADE_RECORD] = { flags & 1 };
	bool terminal = flags & 2;
	size_t records = fuzz_take(&input, 1) % (RECORDS_MAX + 1) * MADE_RECORD;
	char name[] = "mmuscope", *words[WORDS_MAX + 1] = { name }, *own[WORDS_MAX + 1];
	int argc = 1;

	records = records < input.bytes ? records : input.bytes;
	memcpy(head + MADE_HEAD, input.data, records);
	struct made made = made_kernel(head, MADE_HEAD + records);
	char *text = strndup((const char *)input.data + records, input.bytes - records), *at = text;
	FUZZ_CHECK(text);
	while (*at && *at != '\n' && argc < WORDS_MAX) {
		words[argc++] = at;
		at += strcspn(at, "\n");
		if (*at)
			*at++ = '\0';
	}
	at += *at == '\n';
	memcpy(own, words, sizeof(own));
	struct mmu_session *const sessions[2] = { made.session, made.session };
	must_hold(inside_run(argc, words, at, strlen(at), terminal, sessions), argc, own, terminal);
	made_release(&made);
	free(text);
	return 0;
}

/* ------------------------------------------------------------------ mutation */

static const char *const some_words[] = {
	/* commands */
	"info",
	"ps",
	"walk",
	"read",
	"maps",
	"compare",
	"tables",
	"stat",
	"extract",
	"entry",
	"arch",
	/* options, whole or with their arguments */
	"--all",
	"--arch=x86_64",
	"--arch",
	"--brief",
	"--budget=2",
	"--by-page",
	"--by-range",
	"--color=always",
	"--comm=task",
	"--compare",
	"--confinement",
	"--cpu=0",
	"--cross",
	"--entries",
	"--entry",
	"--every-entry",
	"--fact=SYMBOL(init_task)=1",
	"--facts",
	"--flat",
	"--force",
	"--format",
	"--format=4level",
	"--hardware",
	"--help",
	"--image",
	"--info",
	"--json",
	"--kernel",
	"--level=1",
	"--level",
	"--linux",
	"--mm=ffff888000030100",
	"--mm",
	"--no-sandbox",
	"--output=file",
	"--page-size=4K",
	"--page-size",
	"--part=file",
	"--pgd=31000",
	"--pgd",
	"--physical",
	"--pid=1",
	"--pid=2",
	"--pid",
	"--plugin-dir=none",
	"--proc",
	"--ps",
	"--ram=0:1M",
	"--range",
	"--range=0-ffffffffffffffff",
	"--range=400000-600fff",
	"--raw",
	"--result=mapped",
	"--result",
	"--rights=rw",
	"--rights",
	"--runs",
	"--second",
	"--slots",
	"--smaps",
	"--source",
	"--string",
	"--symbols=none",
	"--tables",
	"--task=ffff888000011000",
	"--task=init_task",
	"--threads=1",
	"--threads=2",
	"--tlb",
	"--trait=nx",
	"--trait",
	"--tree",
	"--tsv",
	"--usage",
	"--user",
	"--user-half",
	"--value=int",
	"--value",
	"--version",
	"--vma",
	"--vma=name",
	"--with",
	"--with-pages=1:400000",
	"-",
	"--",
	"-p",
	"-s",
	/* arguments */
	"image",
	"live",
	"0x400000",
	"400000",
	"600000",
	"7fffffffffff",
	"ffff888000010000",
	"init_task",
	"init_task+0x10",
	"sym:dead",
	"0-1000",
	"1",
	"2",
	"64",
	"1M",
	"4level",
	"x86_64",
	"8000000000000067",
	"armv7",
	"empty",
	"swapped",
	"int",
	"/400000",
	"pgd",
	"0",
};

#define NR_WORDS (sizeof(some_words) / sizeof(some_words[0]))

struct room {
	uint8_t *data;
	size_t bytes, max;
};

static void cut(struct room *text, size_t at, size_t count)
{
	memmove(text->data + at, text->data + at + count, text->bytes - at - count);
	text->bytes -= count;
}

static void insert(struct room *text, size_t at, const char *word)
{
	size_t count = strlen(word);

	if (text->bytes + count > text->max)
		return;
	memmove(text->data + at + count, text->data + at, text->bytes - at);
	memcpy(text->data + at, word, count);
	text->bytes += count;
}

/* A word comes, goes, or is replaced. */
static void change_words(struct fuzz_random *random, struct room *text)
{
	const char *word = some_words[fuzz_below(random, NR_WORDS)];
	size_t at = fuzz_below(random, text->bytes + 1), length = 0;

	while (at && text->data[at - 1] != '\n')
		at--;
	while (at + length < text->bytes && text->data[at + length] != '\n')
		length++;
	switch (fuzz_below(random, 4)) {
	case 0:
		cut(text, at, length + (at + length < text->bytes));
		return;
	case 1:
		cut(text, at, length);
		insert(text, at, word);
		return;
	default:
		insert(text, at, "\n");
		insert(text, at, word);
	}
}

static size_t change_memory(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	uint8_t made[MADE_HEAD + RECORDS_MAX * MADE_RECORD] = { 0 };
	size_t old = (data[1] % (RECORDS_MAX + 1)) * MADE_RECORD;

	old = old < bytes - 2 ? old : bytes - 2;
	memcpy(made + MADE_HEAD, data + 2, old);
	size_t now = made_mutate(made, MADE_HEAD + old, sizeof(made), seed);
	now = now > MADE_HEAD ? (now - MADE_HEAD) / MADE_RECORD * MADE_RECORD : 0;
	if (bytes - old + now > max)
		return bytes;
	memmove(data + 2 + now, data + 2 + old, bytes - 2 - old);
	memcpy(data + 2, made + MADE_HEAD, now);
	data[1] = (uint8_t)(now / MADE_RECORD);
	return bytes - old + now;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int seed)
{
	struct fuzz_random random = { seed * UINT64_C(0x9e3779b97f4a7c15) };

	max = max < TEXT_BYTES_MAX ? max : TEXT_BYTES_MAX;
	bytes = bytes < max ? bytes : max;
	if (bytes < 2)
		return LLVMFuzzerMutate(data, bytes, max);
	if (!fuzz_below(&random, 16))
		data[0] ^= (uint8_t)(1u << fuzz_below(&random, 2));
	if (!fuzz_below(&random, 5))
		return change_memory(data, bytes, max, seed);
	size_t front = 2 + (data[1] % (RECORDS_MAX + 1)) * MADE_RECORD;
	if (front > bytes)
		return LLVMFuzzerMutate(data, bytes, max);
	struct room text = { data + front, bytes - front, max - front };
	if (!fuzz_below(&random, 4))
		return front + LLVMFuzzerMutate(text.data, text.bytes, text.max);
	for (uint64_t n = 1 + fuzz_below(&random, 3); n; n--)
		change_words(&random, &text);
	return front + text.bytes;
}

/* ------------------------------------------------------------------ seeds */

/* What is looked for must be found: else all that follows would find nothing, and fast. */
static void check_tool(void)
{
	static const uint8_t head[MADE_HEAD] = { 0 };
	struct made made = made_kernel(head, sizeof(head));
	struct mmu_session *const sessions[2] = { made.session, made.session };
	char words[][16] = { "mmuscope", "walk", "image", "--pid=1", "-" };
	char *argv[] = { words[0], words[1], words[2], words[3], words[4], NULL };
	char *two[] = { words[0], words[3], NULL };
	const struct inside_answer *answer = inside_run(5, argv, "400000 label\n", 13, false,
							sessions);

	FUZZ_CHECK(answer->status == 0 && strstr(answer->out.text, "label"));
	answer = inside_run(2, two, "", 0, false, sessions);
	FUZZ_CHECK(answer->status == 2 && answer->error.bytes);
	made_release(&made);
}

void fuzz_seeds(fuzz_seed_fn take)
{
	static const char *const lines[] = {
		"info\nimage\n--facts\n",
		"info\nimage\n--json\n",
		"ps\nimage\n",
		"ps\nimage\n--cross\n--json\n",
		"ps\nimage\n--tsv\n--threads\n",
		"walk\nimage\n--pid\n1\n0x400000\n",
		"walk\nimage\n--pid=2\n--tables\n600000\n404000\n",
		"walk\nimage\n--json\n--pid\n1\n-\n\n0x400000 label\n404000\n# none\n",
		"walk\nimage\n--brief\n-\n\n1 400000 one\n2 600000-601fff two\n",
		"walk\nimage\n--kernel\ninit_task\n--value=int\n",
		"walk\nimage\n--pgd\n31000\n--format\n4level\n400000\n",
		"read\nimage\n--pid\n1\n400000\n16\n",
		"read\nimage\n--kernel\ninit_task\n--string\n",
		"read\nimage\n--physical\n10000\n4\n--json\n",
		"maps\nimage\n--pid\n1\n",
		"maps\nimage\n--pid\n1\n--json\n--by-page\n",
		"maps\nimage\n--pid\n1\n--pid\n2\n--smaps\n",
		"maps\nimage\n--all\n--tsv\n",
		"maps\nimage\n--kernel\n",
		"compare\nimage\n--pid\n1\n--with\n--pid\n2\n",
		"compare\nimage\n--pid\n1\n400000\n--with\nother\n--pid\n2\n",
		"tables\nimage\n--pid\n1\n",
		"tables\nimage\n--pid\n1\n--tree\n--json\n",
		"tables\nimage\n--pid\n1\n400000\n--slots\n",
		"stat\nimage\n--pid\n1\n",
		"stat\nimage\n--all\n--json\n",
		"extract\nimage\nfile\n--pid\n1\n--with-pages\n1:400000-400fff\n",
		"entry\n--arch\nx86_64\n8000000000000067\n",
		"entry\n--arch\narmv7\n--json\n4a44e100\n",
		"arch\n",
		"arch\nx86_64\n4level\n",
		"--help\n",
		"--json\nps\n--help\n",
		"--ram\n0:1M:0:file\ninfo\nimage\n",
	};

	check_tool();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		uint8_t data[512] = { 0 };
		size_t bytes = strlen(lines[i]);
		char name[24];

		memcpy(data + 2, lines[i], bytes);
		snprintf(name, sizeof(name), "command-%zu", i);
		take(name, data, 2 + bytes);
	}
}
