/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Text for people: colours, sizes, names that are safe to print. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

const char *tool_colour(enum tool_colour colour)
{
	static const char *const escapes[] = { "\033[0m", "\033[1m", "\033[2m", "\033[32m",
					       "\033[31m" };
	static int wanted = -1;

	if (wanted < 0) {
		const char *no_color = getenv("NO_COLOR");

		wanted = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	}
	return wanted ? escapes[colour] : "";
}

/* Results of the last four calls stay alive: one printf() may need several. */
static char *next_buffer(void)
{
	static char buffers[4][1100];
	static unsigned int next;

	return buffers[next++ % 4];
}

const char *tool_safe(const char *bytes)
{
	char *ret = next_buffer(), *out = ret;

	for (; *bytes && out < ret + 1090; bytes++) {
		unsigned char byte = (unsigned char)*bytes;

		if (byte == '\n')
			out += sprintf(out, "\\n");
		else if (byte == '\t')
			out += sprintf(out, "\\t");
		else if (byte < ' ' || byte >= 0x7f)
			out += sprintf(out, "\\x%02x", byte);
		else
			*out++ = (char)byte;
	}
	*out = '\0';
	return ret;
}

const char *tool_vma_rights(const struct mmu_vma_info *vma, char ret[5])
{
	ret[0] = vma->vm_flags & 1 ? 'r' : '-';
	ret[1] = vma->vm_flags & 2 ? 'w' : '-';
	ret[2] = vma->vm_flags & 4 ? 'x' : '-';
	ret[3] = vma->vm_flags & 8 ? 's' : 'p';
	ret[4] = '\0';
	return ret;
}

const char *tool_vma_name(const struct mmu_vma_info *vma)
{
	if (vma->name[0])
		return tool_safe(vma->name);
	return vma->file_va ? "(a file whose name can't be read)" : "anonymous";
}

const char *tool_size(uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	char *ret = next_buffer();
	unsigned int unit = 0;

	while (bytes && unit < 6 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(ret, 64, "%" PRIu64 " %s", bytes, units[unit]);
	return ret;
}

unsigned int tool_pa_bits(const struct mmu_arch *arch, const struct mmu_format *format)
{
	const struct mmu_sample *sample = mmu_arch_sample(arch, format->name);

	return 64u - (unsigned int)__builtin_clzll(sample->regimes[0]->pa_mask | 1);
}

const char *tool_flags(const struct mmu_regime *regime, const struct mmu_step *step, bool second,
		       char ret[512])
{
	const struct mmu_step_info *at = mmu_step_get(step);
	enum mmu_kind kind = mmu_step_entry(step)->kind;
	const struct mmu_flag *flag = NULL;
	size_t out = 0;
	char name[32];

	ret[0] = '\0';
	while (out < 470 &&
	       (flag = mmu_flag_next(regime, at->level, kind, second, second ? at->second : at->raw,
				     flag, name, sizeof(name))))
		out += (size_t)sprintf(ret + out, "%s%s", out ? " " : "", name);
	return ret;
}

const char *tool_kind(enum mmu_kind kind)
{
	static const char *const names[] = { "empty", "software", "table", "leaf", "bad" };

	return names[kind];
}

bool tool_number(const char *text, uint64_t *ret)
{
	bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
	const char *at = hexadecimal ? text + 2 : text;
	uint64_t value = 0, base = hexadecimal ? 16 : 10;

	if (!*at)
		return false;
	for (; *at; at++) {
		const char *digit = strchr(digits, *at);

		if (!digit)
			return false;
		uint64_t number = (uint64_t)(digit - digits);
		number = number >= 16 ? number - 6 : number;
		if (value > (UINT64_MAX - number) / base)
			return false;
		value = value * base + number;
	}
	*ret = value;
	return true;
}
