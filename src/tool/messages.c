/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Closing a session, and what is told on standard error. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "advice.h"
#include "lists.h"

/* What follows is a symbol, though it could be a number: sym:dead. */
#define SYMBOL_PREFIX "sym:"

const char *tool_error_text(const struct tool *tool, const struct mmu_error *error,
			    char ret[TOOL_TEXT_MAX])
{
	enum mmu_remedy remedy = error ? mmu_error_get_remedy(error) : MMU_REMEDY_NONE;
	int length = snprintf(ret, TOOL_TEXT_MAX, "%s", error ? mmu_error_message(error) : "");

	if (length < TOOL_TEXT_MAX && remedy != MMU_REMEDY_NONE)
		tool_advise(remedy, tool->session ? mmu_session_brief(tool->session) : NULL,
			    ret + length, (size_t)(TOOL_TEXT_MAX - length));
	return ret;
}

const char *tool_message(const struct tool *tool, const struct mmu_error *error)
{
	char text[TOOL_TEXT_MAX];

	return tool_safe(tool_error_text(tool, error, text));
}

int tool_fail(const struct tool *tool, struct mmu_error *error)
{
	static const enum tool_status status[] = {
		[MMU_ERROR_NO_TASK] = TOOL_ANSWERED,
		[MMU_ERROR_NO_MM] = TOOL_ANSWERED,
		[MMU_ERROR_INVALID] = TOOL_USAGE,
	};
	enum mmu_error_kind code = mmu_error_code(error);
	enum tool_status ret = code < sizeof(status) / sizeof(status[0]) ? status[code] : TOOL_OK;

	struct mmu_error *failure = tool->session ? mmu_session_failure(tool->session) : NULL;

	if (failure) { /* whatever else went wrong, went wrong for that */
		mmu_error_destroy(error);
		error = failure;
		ret = TOOL_UNUSABLE;
	}
	fflush(stdout);
	if (code != MMU_ERROR_STOPPED) /* the user pressed Ctrl-C, and knows */
		fprintf(stderr, "mmuscope: %s\n", tool_message(tool, error));
	mmu_error_destroy(error);
	return ret == TOOL_OK ? TOOL_UNUSABLE : ret;
}

int tool_check_image(const struct tool *tool, int status)
{
	struct mmu_error *error = tool->session && status <= TOOL_ANSWERED
					  ? mmu_session_failure(tool->session)
					  : NULL;

	return error ? tool_fail(tool, error) : status;
}

static bool was_asked_for(struct mmu_session *session, const char *option)
{
	struct mmu_facts_iter *facts = tool_facts_open(session);
	size_t key_bytes = strcspn(option, "=");
	const struct mmu_fact *fact;
	bool found = false;

	while (!found && (fact = mmu_facts_next(facts)))
		found = strncmp(fact->key, option, key_bytes) == 0 && !fact->key[key_bytes];
	mmu_facts_close(facts);
	return found;
}

/* A misspelt fact shows only in that nothing asks for it. */
static void warn_of_idle_facts(const struct tool *tool)
{
	for (size_t i = 0; i < tool->nr_facts; i++) {
		if (was_asked_for(tool->session, tool->facts[i]))
			continue;
		fflush(stdout);
		fprintf(stderr, "mmuscope: warning: --fact %s: nothing asked for it\n",
			tool_safe(tool->facts[i]));
		return;
	}
}

void tool_close(struct tool *tool, int status)
{
	const struct mmu_info *info;

	if (!tool->session)
		return;
	info = mmu_session_brief(tool->session);
	if (info->vmcoreinfo_refuted && !tool->warned && status <= TOOL_ANSWERED) {
		fflush(stdout);
		fprintf(stderr, "mmuscope: warning: %s\n", tool_safe(info->warning));
	}
	if (info->given_up && !tool->warned && status <= TOOL_ANSWERED) {
		fflush(stdout);
		fprintf(stderr, "mmuscope: warning: " TOOL_GIVEN_UP "\n", info->given_up);
	}
	if (status <= TOOL_ANSWERED)
		warn_of_idle_facts(tool);
	mmu_session_close(tool->session);
	tool->session = NULL;
	free(tool->environment);
	tool->environment = NULL;
}

int tool_address(struct tool *tool, const char *text, uint64_t *ret)
{
	if (tool_hex(text, ret)) /* which is no symbol: its prefix has a colon */
		return TOOL_OK;

	bool is_symbol = strncmp(text, SYMBOL_PREFIX, strlen(SYMBOL_PREFIX)) == 0;
	const char *first = is_symbol ? text + strlen(SYMBOL_PREFIX) : text;
	size_t name_bytes = strcspn(first, "+-");
	uint64_t offset = 0, base = 0;
	struct mmu_error *error = NULL;
	char name[128];

	if (name_bytes == 0 || name_bytes >= sizeof(name) || isdigit((unsigned char)first[0]) ||
	    (first[name_bytes] && !tool_number(first + name_bytes + 1, &offset)))
		name_bytes = 0;
	memcpy(name, first, name_bytes);
	name[name_bytes] = '\0';
	if (name_bytes)
		error = mmu_session_symbol(tool->session, name, &base);
	if (name_bytes && !error) {
		*ret = first[name_bytes] == '-' ? base - offset : base + offset;
		return TOOL_OK;
	}
	fflush(stdout);
	fprintf(stderr, "mmuscope: '%s' is no address (hexadecimal)%s%s\n", tool_safe(text),
		error ? " and no symbol: " : "", error ? tool_message(tool, error) : "");
	const struct mmu_info *info = error ? mmu_session_brief(tool->session) : NULL;
	/* what can't be looked up may still be a symbol */
	bool symbols = !error || (info->nr_regimes && !info->lacks);
	mmu_error_destroy(error);
	return symbols ? TOOL_USAGE : TOOL_UNUSABLE;
}

int tool_range(struct tool *tool, const char *text, uint64_t *ret_first_va, uint64_t *ret_last_va)
{
	char copy[TOOL_LINE_MAX];
	struct tool_line line;
	uint64_t first_va = 0, last_va = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	const char *problem = tool_line_parse(copy, false, &line);
	if (!problem && (!line.address || !line.last || *line.label))
		problem = "two addresses with a '-' between them are a range";
	int status = problem ? TOOL_USAGE : tool_address(tool, line.address, &first_va);
	if (!status)
		status = tool_address(tool, line.last, &last_va);
	if (!status && last_va < first_va) {
		problem = "the range ends before it begins";
		status = TOOL_USAGE;
	}
	if (problem)
		fprintf(stderr, "mmuscope: --range %s: %s\n", tool_safe(text), problem);
	if (status)
		return status;
	*ret_first_va = first_va;
	*ret_last_va = last_va;
	return TOOL_OK;
}

struct mmu_facts_iter *tool_facts_open(struct mmu_session *session)
{
	struct mmu_facts_iter *facts = NULL;

	if (mmu_facts_open(session, &facts))
		tool_no_memory();
	return facts;
}

void tool_warn(struct mmu_session *session)
{
	struct mmu_facts_iter *facts;
	const struct mmu_fact *fact;

	if (!session)
		return;
	/* the answer is out, and an extract has its name: neither becomes wrong by this */
	struct mmu_error *error = mmu_facts_open(session, &facts);
	if (error) {
		fflush(stdout);
		fprintf(stderr, "mmuscope: warning: whether sources disagree is not known: %s\n",
			tool_safe(mmu_error_message(error)));
		mmu_error_destroy(error);
		return;
	}
	while ((fact = mmu_facts_next(facts)) && !fact->disputed)
		;
	if (fact) {
		fflush(stdout);
		fprintf(stderr,
			"mmuscope: warning: sources disagree: %s is 0x%" PRIx64
			" (%s), but 0x%" PRIx64 " (%s); info --facts shows all\n",
			tool_safe(fact->key), fact->value, tool_safe(fact->source),
			fact->other_value, tool_safe(fact->other));
	}
	mmu_facts_close(facts);
}

int tool_output_check(const char *path)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return TOOL_OK;
	fflush(stdout);
	fprintf(stderr, "mmuscope: %s: %s\n", tool_safe(path), strerror(EEXIST));
	return TOOL_UNUSABLE;
}
