/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The tool confines itself: what it was asked to open, and then nothing more. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"

#define SESSIONS_MAX 2

static void put(const char *text, size_t bytes)
{
	if (write(STDERR_FILENO, text, bytes) < 0)
		_exit(TOOL_UNUSABLE);
}

/* Somebody runs in here who does more than we do. Nothing of it has happened yet. */
static void on_forbidden_call(int signal, siginfo_t *info, void *context)
{
	static const char before[] = "mmuscope: ended before it made system call ",
			  behind[] = ", which is forbidden and never needed: a back-end, a library "
				     "or a hostile file is to blame (see --no-sandbox)\n";
	char digits[12];
	size_t at = sizeof(digits);
	int number = info->si_syscall;

	(void)signal;
	(void)context;
	do { /* no library may be called here */
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number && at);
	put(before, sizeof(before) - 1);
	put(digits + at, sizeof(digits) - at);
	put(behind, sizeof(behind) - 1);
	_exit(TOOL_UNUSABLE);
}

static void on_time_limit(int signal)
{
	static const char text[] = "mmuscope: gave up: all the processor time is used that the "
				   "image's size allows (see --no-sandbox)\n";

	(void)signal;
	put(text, sizeof(text) - 1);
	_exit(TOOL_UNUSABLE);
}

static void catch_signals(void)
{
	const struct sigaction forbidden = { .sa_sigaction = on_forbidden_call,
					     .sa_flags = SA_SIGINFO };
	const struct sigaction time_limit = { .sa_handler = on_time_limit };

	sigaction(SIGSYS, &forbidden, NULL);
	sigaction(SIGXCPU, &time_limit, NULL);
}

/* The directory that a new file is made in; "." for a mere name. The caller frees it. */
static char *folder_of(const char *path)
{
	char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;

	if (slash)
		slash[1] = '\0';
	else if (folder)
		strcpy(folder, *folder ? "." : "");
	return folder;
}

static int confine(struct tool *const *tools, size_t nr, uint64_t parts)
{
	const struct mmu_options *options[SESSIONS_MAX + 1] = { NULL };
	struct mmu_session *sessions[SESSIONS_MAX + 1] = { NULL };
	size_t nr_sessions = 0;

	if (tools[0]->no_sandbox)
		return TOOL_OK;
	char *folder = tools[0]->output ? folder_of(tools[0]->output) : NULL;
	const char *writable[] = { folder, NULL };
	for (size_t i = 0; i < nr; i++) {
		options[i] = &tools[i]->options;
		if (tools[i]->session)
			sessions[nr_sessions++] = tools[i]->session;
	}
	const struct mmu_confine_options confine = { .size = sizeof(confine),
						     .parts = parts,
						     .options = options,
						     .sessions = sessions,
						     .writable = folder ? writable : NULL };
	struct mmu_error *error = mmu_confine(&confine);
	free(folder);
	return error ? tool_fail(tools[0], error) : TOOL_OK;
}

int tool_confine_files(struct tool *const *tools, size_t nr)
{
	if (!tools[0]->no_sandbox)
		catch_signals();
	return confine(tools, nr, MMU_CONFINE_FILES | MMU_CONFINE_LIMITS);
}

int tool_confine_calls(struct tool *const *tools, size_t nr)
{
	return confine(tools, nr, MMU_CONFINE_CALLS);
}

int tool_seal_all(struct tool *const *tools, size_t nr)
{
	return confine(tools, nr, MMU_CONFINE_SEALED);
}

int tool_seal(struct tool *tool)
{
	return tool->waits ? TOOL_OK : tool_seal_all(&tool, 1);
}

void tool_confinement_words(const struct tool *tool, char ret[TOOL_TEXT_MAX])
{
	const struct mmu_confinement *holds = mmu_confinement_get();
	size_t at = 0;

	ret[0] = '\0';
	if (tool->no_sandbox) {
		snprintf(ret, TOOL_TEXT_MAX, "none: --no-sandbox");
		return;
	}
#define ADD(...) (at += (size_t)snprintf(ret + at, TOOL_TEXT_MAX - at, __VA_ARGS__))
	if (holds->parts & MMU_CONFINE_FILES)
		ADD("%sLandlock (ABI %u)", at ? ", " : "", holds->landlock_abi);
	if (holds->parts & (MMU_CONFINE_CALLS | MMU_CONFINE_SEALED))
		ADD("%sseccomp%s", at ? ", " : "",
		    holds->parts & MMU_CONFINE_SEALED ? " (no file is opened any more)" : "");
	if (holds->no_privileges)
		ADD("%sno capabilities", at ? ", " : "");
	if (holds->data_bytes)
		ADD("%sat most %llu MiB of memory", at ? ", " : "",
		    (unsigned long long)(holds->data_bytes >> 20));
	if (holds->cpu_seconds)
		ADD("%sat most %llu s of processor time", at ? ", " : "",
		    (unsigned long long)holds->cpu_seconds);
	if (holds->lacks)
		ADD("%s%s", at ? "; " : "none: ", holds->lacks);
#undef ADD
}

void tool_confinement_json(const struct tool *tool)
{
	const struct mmu_confinement *holds = mmu_confinement_get();

	json_object("confinement");
	json_number("landlock_abi", holds->landlock_abi);
	json_bool("seccomp", (holds->parts & (MMU_CONFINE_CALLS | MMU_CONFINE_SEALED)) != 0);
	json_bool("sealed", (holds->parts & MMU_CONFINE_SEALED) != 0);
	json_bool("no_capabilities", holds->no_privileges != 0);
	json_number("data_bytes", (int64_t)holds->data_bytes);
	json_number("cpu_seconds", (int64_t)holds->cpu_seconds);
	if (tool->no_sandbox || holds->lacks)
		json_string("lacks", tool->no_sandbox ? "--no-sandbox" : holds->lacks);
	json_object_end();
}
