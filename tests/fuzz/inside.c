/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The whole tool as a function. Its images are made up, its back-ends linked in, new files are
 * lost; it is told to stop when it has printed much. Where it would end the process it comes back
 * here.
 *
 * argp ends the process in the middle of its work. Here it does not: the parser that called
 * argp_error() is left, and argp is told that it failed, which cleans up and hands that on.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "fuzz/inside.h"
#include "walk/registry.h"

#define TOOL_THREAD_STREAMS
int tool_main(int argc, char **argv);
#define main tool_main
#include "tool/main.c"
#undef main
#undef stdin
#undef stdout
#undef stderr

#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P
#define P(name) &mmu_arch_##name,
static const struct mmu_arch *const archs[] = { MMU_PLUGINS };
#undef P

#define NR_ARCHS (sizeof(archs) / sizeof(archs[0]))
/* Whoever prints more is interrupted, as by Ctrl-C. */
#define PRINTED_BYTES_MAX (256u << 10)
#define PARSERS_MAX 3u

static struct {
	bool runs, terminal;
	jmp_buf end;
	struct inside_answer answer;
	size_t printed;
	struct mmu_session *const *sessions;
	unsigned int nr_opened;
} inside;

/* ------------------------------------------------------------------ streams */

static ssize_t take(void *cookie, const char *bytes, size_t count)
{
	struct inside_text *text = cookie;
	size_t room = sizeof(text->text) - 1 - text->bytes, kept = count < room ? count : room;

	memcpy(text->text + text->bytes, bytes, kept);
	text->bytes += kept;
	text->text[text->bytes] = '\0';
	__atomic_add_fetch(&inside.printed, count, __ATOMIC_RELAXED);
	return (ssize_t)count;
}

static FILE *stream_to(struct inside_text *text, int mode)
{
	FILE *stream = fopencookie(text, "w", (cookie_io_functions_t){ .write = take });

	FUZZ_CHECK(stream);
	setvbuf(stream, NULL, mode, 4096);
	return stream;
}

bool __wrap_tool_interrupted(void);

bool __wrap_tool_interrupted(void)
{
	return __atomic_load_n(&inside.printed, __ATOMIC_RELAXED) > PRINTED_BYTES_MAX;
}

int __wrap_isatty(int fd);

int __wrap_isatty(int fd)
{
	return inside.terminal && fd == STDOUT_FILENO;
}

/* ------------------------------------------------------------------ ends */

_Noreturn void __real_exit(int status);
_Noreturn void __wrap_exit(int status);
int __real_sigaction(int number, const struct sigaction *action, struct sigaction *ret);
int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *ret);
void (*__wrap_signal(int number, void (*handler)(int)))(int);

_Noreturn void __wrap_exit(int status)
{
	if (!inside.runs)
		__real_exit(status);
	inside.answer.status = status;
	longjmp(inside.end, 1);
}

/* Signals are the fuzzer's. */
int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *ret)
{
	return inside.runs ? 0 : __real_sigaction(number, action, ret);
}

void (*__wrap_signal(int number, void (*handler)(int)))(int)
{
	(void)number;
	(void)handler;
	return NULL;
}

/* ------------------------------------------------------------------ argp */

static struct parsers {
	argp_parser_t parser[PARSERS_MAX];
	jmp_buf out[PARSERS_MAX];
	unsigned int inner; /* how deep parsers stand in each other */
} * parsers;

error_t __real_argp_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			  int *arg_index, void *input);
error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			  int *arg_index, void *input);
void __wrap_argp_error(const struct argp_state *state, const char *format, ...);

/* argp's own would end the process, or come back to whom does not expect it. */
void __wrap_argp_error(const struct argp_state *state, const char *format, ...)
{
	va_list args;

	(void)state;
	fputs("mmuscope: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
	longjmp(parsers->out[parsers->inner - 1], 1);
}

static error_t call(unsigned int number, int key, char *arg, struct argp_state *state)
{
	error_t error = EINVAL;
	unsigned int depth = parsers->inner;

	FUZZ_CHECK(depth < PARSERS_MAX);
	parsers->inner = depth + 1;
	if (setjmp(parsers->out[depth]) == 0)
		error = parsers->parser[number](key, arg, state);
	parsers->inner = depth;
	return error;
}

static error_t call_0(int key, char *arg, struct argp_state *state)
{
	return call(0, key, arg, state);
}

static error_t call_1(int key, char *arg, struct argp_state *state)
{
	return call(1, key, arg, state);
}

static error_t call_2(int key, char *arg, struct argp_state *state)
{
	return call(2, key, arg, state);
}

error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			  int *arg_index, void *input)
{
	static const argp_parser_t calls[PARSERS_MAX] = { call_0, call_1, call_2 };
	struct parsers own = { .inner = 0 }, *outer = parsers;
	struct argp_child children[PARSERS_MAX] = { { 0 } };
	struct argp copies[PARSERS_MAX];

	copies[0] = *argp;
	copies[0].children = children;
	for (unsigned int i = 0; i < PARSERS_MAX; i++) {
		if (i) {
			children[i - 1] = argp->children[i - 1];
			if (!children[i - 1].argp)
				break;
			copies[i] = *children[i - 1].argp;
			children[i - 1].argp = &copies[i];
			FUZZ_CHECK(!copies[i].children);
		}
		own.parser[i] = copies[i].parser;
		copies[i].parser = calls[i];
	}
	parsers = &own;
	error_t error = __real_argp_parse(copies, argc, argv, flags | ARGP_NO_EXIT, arg_index,
					  input);
	parsers = outer;
	if (error == ENOMEM)
		return error;
	if (error) /* argp has said why */
		__wrap_exit(argp_err_exit_status);
	return 0;
}

/* ------------------------------------------------------------------ the library */

struct mmu_error *__wrap_mmu_session_open(const struct mmu_options *options,
					  struct mmu_session **ret);
void __wrap_mmu_session_close(struct mmu_session *session);
struct mmu_error *__wrap_mmu_confine(const struct mmu_confine_options *options);
struct mmu_error *__wrap_mmu_arch_load(const char *name, const char *plugin_dir,
				       const struct mmu_arch **ret);
struct mmu_error *__wrap_mmu_arch_list(const char *plugin_dir, char ***ret);
struct mmu_error *__wrap_mmu_arch_conformance_file(const char *path, mmu_text_fn report,
						   void *context, bool *ret_conforms,
						   uint64_t *ret_checks);

struct mmu_error *__wrap_mmu_session_open(const struct mmu_options *options,
					  struct mmu_session **ret)
{
	if (options->vmlinux && strcmp(options->vmlinux, "none") == 0)
		return mmu_error_os(ENOENT, "%s", options->vmlinux);
	*ret = inside.sessions[inside.nr_opened++ % 2];
	return NULL;
}

void __wrap_mmu_session_close(struct mmu_session *session)
{
	(void)session;
}

struct mmu_error *__wrap_mmu_confine(const struct mmu_confine_options *options)
{
	(void)options;
	return NULL;
}

struct mmu_error *__wrap_mmu_arch_load(const char *name, const char *plugin_dir,
				       const struct mmu_arch **ret)
{
	(void)plugin_dir;
	for (size_t i = 0; i < NR_ARCHS; i++) {
		if (strcmp(archs[i]->name, name) == 0) {
			*ret = archs[i];
			return NULL;
		}
	}
	return mmu_error_new(MMU_ERROR_NOT_FOUND, "no back-end '%s'", name);
}

struct mmu_error *__wrap_mmu_arch_list(const char *plugin_dir, char ***ret)
{
	char **list = calloc(NR_ARCHS + 1, sizeof(*list));

	(void)plugin_dir;
	FUZZ_CHECK(list);
	for (size_t i = 0; i < NR_ARCHS; i++)
		list[i] = (char *)archs[i]->name;
	*ret = list;
	return NULL;
}

struct mmu_error *__wrap_mmu_arch_conformance_file(const char *path, mmu_text_fn report,
						   void *context, bool *ret_conforms,
						   uint64_t *ret_checks)
{
	(void)report;
	(void)context;
	(void)ret_conforms;
	(void)ret_checks;
	return mmu_error_os(ENOENT, "%s", path);
}

/* ------------------------------------------------------------------ new files */

struct mmu_new_file {
	FILE *stream;
	struct inside_text text;
};

struct mmu_error *__wrap_mmu_new_file_open(const char *path, struct mmu_new_file **ret);
FILE *__wrap_mmu_new_file_stream(struct mmu_new_file *file);
struct mmu_error *__wrap_mmu_new_file_close(struct mmu_new_file *file, bool keep);

struct mmu_error *__wrap_mmu_new_file_open(const char *path, struct mmu_new_file **ret)
{
	struct mmu_new_file *file = calloc(1, sizeof(*file));

	(void)path;
	FUZZ_CHECK(file);
	file->stream = stream_to(&file->text, _IOFBF);
	*ret = file;
	return NULL;
}

FILE *__wrap_mmu_new_file_stream(struct mmu_new_file *file)
{
	return file->stream;
}

struct mmu_error *__wrap_mmu_new_file_close(struct mmu_new_file *file, bool keep)
{
	(void)keep;
	fclose(file->stream);
	free(file);
	return NULL;
}

/* ------------------------------------------------------------------ a run */

/* The tool reads lists from the descriptor, by itself. */
static void list_on_stdin(const void *list, size_t bytes)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("list", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0 && ftruncate(fd, 0) == 0 &&
		   pwrite(fd, list, bytes, 0) == (ssize_t)bytes && lseek(fd, 0, SEEK_SET) == 0 &&
		   dup2(fd, STDIN_FILENO) == STDIN_FILENO);
}

const struct inside_answer *inside_run(int argc, char **words, const void *list, size_t list_bytes,
				       bool terminal, struct mmu_session *const sessions[2])
{
	FILE *saved[] = { stdout, stderr };

	inside.answer.out.bytes = inside.answer.error.bytes = 0;
	inside.answer.out.text[0] = inside.answer.error.text[0] = '\0';
	inside.printed = 0;
	inside.sessions = sessions;
	inside.terminal = terminal;
	inside.nr_opened = 0;
	parsers = NULL;
	list_on_stdin(list, list_bytes);
	stdout = stream_to(&inside.answer.out, _IOFBF);
	stderr = stream_to(&inside.answer.error, _IONBF);
	FILE *own[] = { stdout, stderr };
	tool_set_colours(TOOL_COLOURS_AUTO);
	setenv("NO_COLOR", "1", 1);
	inside.runs = true;
	if (setjmp(inside.end) == 0)
		inside.answer.status = tool_main(argc, words);
	inside.runs = false;
	stdout = saved[0];
	stderr = saved[1];
	for (unsigned int i = 0; i < 2; i++)
		fclose(own[i]);
	return &inside.answer;
}
