/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Text for people: colours, sizes, names that are safe to print. */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static enum tool_colours colours;

void tool_set_colours(enum tool_colours wanted)
{
	colours = wanted;
}

static bool is_coloured(void)
{
	static _Thread_local int by_itself = -1;

	if (by_itself < 0) {
		const char *no_color = getenv("NO_COLOR");

		by_itself = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	}
	return colours == TOOL_COLOURS_AUTO ? by_itself : colours == TOOL_COLOURS_ALWAYS;
}

const char *tool_colour(enum tool_colour colour)
{
	static const char *const escapes[] = { "\033[0m", "\033[1m", "\033[2m", "\033[32m",
					       "\033[31m" };

	return is_coloured() ? escapes[colour] : "";
}

const char *tool_level_colour(unsigned int level)
{
	/* neither red nor green: these say whether a page is there */
	static const char *const escapes[MMU_LEVELS_MAX] = {
		"\033[1;36m", "\033[1;33m", "\033[1;35m", "\033[1;34m",
		"\033[1;96m", "\033[1;93m", "\033[1;95m", "\033[1;94m",
	};

	return is_coloured() ? escapes[level % MMU_LEVELS_MAX] : "";
}

/* Results of the last four calls stay alive: one printf() may need several. */
static char *next_buffer(void)
{
	static _Thread_local char buffers[4][1100];
	static _Thread_local unsigned int next;

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

/* As /proc/PID/maps escapes a newline; and all else that a terminal might not show as it is. */
static const char *escaped(const char *bytes)
{
	static _Thread_local char text[4 * 4096 + 1];
	char *out = text;

	for (; *bytes && out < text + sizeof(text) - 4; bytes++) {
		unsigned char byte = (unsigned char)*bytes;

		if (byte < ' ' || byte >= 0x7f)
			out += sprintf(out, "\\%03o", byte);
		else
			*out++ = (char)byte;
	}
	*out = '\0';
	return text;
}

const char *tool_vma_name(const struct mmu_vma_info *vma)
{
	if (vma->name[0])
		return escaped(vma->name);
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

const struct mmu_regime *tool_format_regime(const struct mmu_arch *arch,
					    const struct mmu_format *format)
{
	const struct mmu_sample *sample = mmu_arch_sample(arch, format->name);
	size_t i = 0;

	/* a space may have several formats: Linux's tree beside a hashed table */
	while (i + 1 < sample->nr_regimes && sample->regimes[i]->format != format)
		i++;
	return sample->regimes[i];
}

unsigned int tool_pa_bits(const struct mmu_arch *arch, const struct mmu_format *format)
{
	return 64u - (unsigned int)__builtin_clzll(tool_format_regime(arch, format)->pa_mask | 1);
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

/* Eight digits, the highest first in memory: all at once, a nibble in each byte. */
static uint64_t hex_digits(uint32_t value)
{
	uint64_t digits = value;

	digits = (digits << 16 | digits) & UINT64_C(0x0000ffff0000ffff);
	digits = (digits << 8 | digits) & UINT64_C(0x00ff00ff00ff00ff);
	digits = (digits << 4 | digits) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	/* 1 in each byte that is above 9 */
	uint64_t letters = (digits + UINT64_C(0x0606060606060606)) >> 4 &
			   UINT64_C(0x0101010101010101);

	return htobe64(digits + UINT64_C(0x3030303030303030) + letters * ('a' - '9' - 1));
}

char *tool_put_hex(char *to, uint64_t value, unsigned int least)
{
	unsigned int digits = value ? (67u - (unsigned int)__builtin_clzll(value)) / 4 : 1;
	uint64_t all[2];

	digits = digits < least ? least : digits;
	value <<= 4 * (16 - digits); /* the first one first */
	all[0] = hex_digits((uint32_t)(value >> 32));
	all[1] = hex_digits((uint32_t)value);
	*to++ = '0';
	*to++ = 'x';
	memcpy(to, all, sizeof(all));
	return to + digits;
}

char *tool_put_number(char *to, uint64_t value)
{
	unsigned int digits = 1;

	for (uint64_t rest = value; rest >= 10; rest /= 10)
		digits++;
	for (unsigned int i = digits; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + digits;
}

/* Of each character the digit that it is, plus 1; else 0. No branch could foresee a long list's. */
static const uint8_t digits_plus_one[UINT8_MAX + 1] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* Digits up to `end`. @return false: others, none, or too many */
static inline bool read_digits(const char *text, const char *end, unsigned int base, uint64_t *ret)
{
	uint64_t value = 0;

	if (text == end)
		return false;
	for (; text < end; text++) {
		unsigned int digit = digits_plus_one[(unsigned char)*text] - 1u;

		if (digit >= base || value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*ret = value;
	return true;
}

static bool begins_hex(const char *text)
{
	return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

bool tool_number(const char *text, uint64_t *ret)
{
	const char *end = text + strlen(text);

	return begins_hex(text) ? read_digits(text + 2, end, 16, ret)
				: read_digits(text, end, 10, ret);
}

bool tool_hex(const char *text, uint64_t *ret)
{
	if (begins_hex(text))
		text += 2;
	return read_digits(text, text + strlen(text), 16, ret);
}

const char *tool_hex_run(const char *text, uint64_t *ret)
{
	const char *first;
	uint64_t value = 0;

	if (begins_hex(text))
		text += 2;
	first = text;
	for (unsigned int digit; text < first + 16; text++) {
		digit = digits_plus_one[(unsigned char)*text];
		if (!digit)
			break;
		value = value << 4 | (digit - 1);
	}
	if (text == first)
		return NULL;
	*ret = value;
	return text;
}

bool tool_bytes(const char *text, uint64_t *ret)
{
	static const char units[] = "KMG";
	const char *end = text + strlen(text);
	const char *unit = end > text ? strchr(units, end[-1]) : NULL;
	unsigned int lg2 = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	uint64_t value;

	if (!(begins_hex(text) ? read_digits(text + 2, end - !!unit, 16, &value)
			       : read_digits(text, end - !!unit, 10, &value)) ||
	    value > UINT64_MAX >> lg2)
		return false;
	*ret = value << lg2;
	return true;
}
