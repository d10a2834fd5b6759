/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Does a back-end keep the promises of arch.h? Traits, flags, formats, samples. */
#include <ctype.h>

#include "walk/checker.h"

static bool is_word(const char *text)
{
	if (!text || !*text)
		return false;
	for (; *text; text++)
		if (!isgraph((unsigned char)*text))
			return false;
	return true;
}

static void check_traits(struct checker *c)
{
	const struct mmu_arch *arch = c->arch;
	uint32_t seen = 0;

	if (!holds(c, arch->nr_traits <= 32 && (arch->traits || !arch->nr_traits),
		   "at most 32 traits, and a table of them"))
		return;
	for (size_t i = 0; i < arch->nr_traits; i++) {
		const struct mmu_trait *trait = &arch->traits[i];

		look_at(c, "trait %zu", i);
		holds(c, trait->bit && !(trait->bit & (trait->bit - 1)), "a trait is one bit");
		holds(c, !(seen & trait->bit), "no two traits share a bit");
		holds(c, is_word(trait->name) && trait->what, "a trait has a name without spaces");
		for (size_t j = 0; j < i && trait->name && arch->traits[j].name; j++)
			holds(c, strcmp(trait->name, arch->traits[j].name), "trait names differ");
		seen |= trait->bit;
	}
}

/* Could both rows speak of the same entry of the same regime? */
static bool rows_meet(const struct mmu_flag *a, const struct mmu_flag *b)
{
	return a->levels & b->levels && a->kinds & b->kinds && !(a->if_traits & b->no_traits) &&
	       !(b->if_traits & a->no_traits) &&
	       (!a->halves || !b->halves || a->halves & b->halves) &&
	       (!a->top || !b->top || a->top == b->top);
}

static bool rows_collide(const struct mmu_flag *a, const struct mmu_flag *b)
{
	if (a->field && b->field)
		return a->mask & b->mask;
	if (a->field || b->field)
		return !((a->field ? b : a)->mask & ~(a->field ? a : b)->mask);
	return a->mask == b->mask && a->value == b->value && a->absent == b->absent;
}

static void check_flags(struct checker *c, const struct mmu_format *format,
			const struct mmu_flag *flags, size_t nr_flags, const char *copy)
{
	uint64_t width = low_bits(format->entry_bytes * 8u);
	uint32_t traits = all_traits(c->arch);

	for (size_t i = 0; i < nr_flags; i++) {
		const struct mmu_flag *flag = &flags[i];
		uint64_t low = flag->mask & (~flag->mask + 1);

		look_at(c, "%s: %sflag %zu (%s)", format->name, copy, i,
			flag->set ? flag->set : "?");
		if (!holds(c, flag->mask && !(flag->mask & ~width),
			   "the mask lies within the entry"))
			continue;
		holds(c, is_word(flag->set) && strlen(flag->set) < 28, "a flag has a short name");
		holds(c, !flag->clear || (is_word(flag->clear) && strlen(flag->clear) < 28),
		      "a clear name is a short word");
		holds(c, flag->what && *flag->what, "a flag says what it means");
		holds(c, !(flag->value & ~flag->mask) && !(flag->field && flag->value),
		      "a value lies in its mask; a field has none");
		holds(c, !(flag->absent & (flag->mask | ~width)),
		      "what must be absent lies outside of the mask");
		holds(c, !flag->field || !((flag->mask + low) & flag->mask),
		      "a field's bits are adjacent");
		holds(c, flag->levels & low_bits(format->nr_levels), "a flag holds at some level");
		holds(c, !(flag->halves & ~3) && flag->top <= MMU_FLAG_BELOW_TOP,
		      "a flag holds in halves that there are");
		holds(c, flag->kinds && !(flag->kinds & ~low_bits(MMU_KIND_BAD + 1)),
		      "a flag holds for some kind of entry");
		holds(c,
		      !((flag->if_traits | flag->no_traits) & ~traits) &&
			      !(flag->if_traits & flag->no_traits),
		      "a flag's traits are in the table, and can be met");
		for (size_t j = 0; j < i; j++)
			holds(c, !rows_meet(flag, &flags[j]) || !rows_collide(flag, &flags[j]),
			      "a bit has one name at a time");
	}
}

static void check_levels(struct checker *c, const struct mmu_format *format)
{
	for (unsigned int n = 0; n < format->nr_levels; n++) {
		const struct mmu_level *level = &format->level[n];

		look_at(c, "%s: level %u (%s)", format->name, n, level->name ? level->name : "?");
		holds(c, is_word(level->name), "a level has a name without spaces");
		holds(c, level->may_be_leaf || (n > 0 && !level->run_lg2 && !level->first_of_run),
		      "level 0 has leaves; runs are of leaves");
		holds(c, level->second_offset % (int)format->entry_bytes == 0,
		      "second words are aligned");
		holds(c, !level->second_offset || (format->second_name && format->second_flags),
		      "a second word has a name and flags");
	}
}

static bool check_format(struct checker *c, size_t n)
{
	const struct mmu_format *format = c->arch->formats[n];
	bool hashed = format->kind == MMU_FORMAT_HASHED;

	look_at(c, "format %s", format->name ? format->name : "?");
	holds(c, is_word(format->name) && format->title, "a format has a name and a title");
	for (size_t i = 0; i < n; i++)
		if (format->name && c->arch->formats[i]->name)
			holds(c, strcmp(format->name, c->arch->formats[i]->name),
			      "format names differ");
	if (!holds(c, format->size >= MMU_FORMAT_BYTES_MIN, "size covers the whole format") ||
	    !holds(c, hashed || format->kind == MMU_FORMAT_RADIX,
		   "the kind is one that this core knows") ||
	    !holds(c, format->decode && format->encode, "decode and encode are there") ||
	    !holds(c, !hashed || (format->probes && format->slot),
		   "a hashed format has probes and slot") ||
	    !holds(c,
		   format->entry_bytes == 1 || format->entry_bytes == 2 ||
			   format->entry_bytes == 4 || format->entry_bytes == 8,
		   "an entry has 1, 2, 4 or 8 bytes") ||
	    !holds(c, format->slot_bytes && format->slot_bytes % format->entry_bytes == 0,
		   "a slot's bytes are a multiple of an entry's") ||
	    !holds(c, format->nr_levels && format->nr_levels <= MMU_LEVELS_MAX && format->level,
		   "1 to MMU_LEVELS_MAX levels") ||
	    !holds(c, !hashed || (format->nr_levels == 1 && format->slot_va_bits <= 64),
		   "what is hashed has one level, and at most 64 address bits in a slot"))
		return false;
	check_levels(c, format);
	for (unsigned int level = 0; level < format->nr_levels; level++) {
		const struct mmu_shape *shape = mmu_format_linux_shape(format, level);

		holds(c,
		      !shape || (shape->index_bits <= 24 && shape->shift + shape->index_bits <= 64),
		      "Linux's numbers come from at most 24 of 64 address bits");
	}
	if (holds(c, format->flags || !format->nr_flags, "there is a table of flags"))
		check_flags(c, format, format->flags, format->nr_flags, "");
	if (holds(c, format->second_flags || !format->nr_second_flags,
		  "there is a table of second flags"))
		check_flags(c, format, format->second_flags, format->nr_second_flags, "second ");
	return true;
}

/* ------------------------------------------------------------------ regimes */

/* Where the index of each level lies. */
static bool check_shape(struct checker *c, const struct mmu_regime *regime)
{
	unsigned int end = regime->shape[0].shift;
	bool usable = holds(c, end >= regime->page_lg2 && end < 64, "level 0 maps pages or larger");

	for (unsigned int n = 0; usable && n <= regime->top_level; n++) {
		usable &= holds(c, regime->shape[n].shift == end,
				"a level begins where the one below ends");
		end += regime->shape[n].index_bits;
		usable &= holds(c,
				regime->shape[n].index_bits && regime->shape[n].index_bits <= 24 &&
					end <= 64,
				"1 to 24 index bits, within 64 bits of address");
	}
	return usable && holds(c, !((regime->first_va ^ regime->last_va) & ~low_bits(end)),
			       "first_va and last_va agree in all bits above the top index");
}

static bool check_regime(struct checker *c, const struct mmu_regime *regime)
{
	const struct mmu_arch *arch = c->arch;
	bool known = false, hashed;

	look_at(c, "regime %s", regime->name ? regime->name : "?");
	for (size_t i = 0; i < arch->nr_formats; i++)
		known |= regime->format == arch->formats[i];
	if (!holds(c, regime->size == sizeof(*regime), "a regime has its size") ||
	    !holds(c, known, "a regime's format is one of the plugin's"))
		return false;
	hashed = regime->format->kind == MMU_FORMAT_HASHED;
	holds(c, regime->name && *regime->name, "a regime has a name");
	holds(c, !(regime->traits & ~all_traits(arch)), "a regime's traits are in the table");
	holds(c,
	      !(regime->rights & ~MMU_RIGHTS_ALL) && regime->view <= MMU_VIEW_HARDWARE &&
		      regime->half <= MMU_HALF_KERNEL,
	      "a regime's rights, view and half are known ones");
	holds(c, regime->first_va <= regime->last_va, "a regime ends behind its start");
	holds(c, !((regime->first_va ^ regime->last_va) & regime->ignored_va),
	      "no ignored bit lies between the first and the last address");
	if (!holds(c, regime->page_lg2 >= 9 && regime->page_lg2 <= 24,
		   "a page has 2^9 to 2^24 bytes") ||
	    !holds(c, regime->top_level < regime->format->nr_levels,
		   "the top level is one of the format's"))
		return false;
	holds(c, !hashed || !regime->shape[0].index_bits, "what is hashed has no index bits");
	holds(c, width_of(regime->pa_mask) >= regime->shape[0].shift,
	      "pa_mask holds the bits of a page's address");
	if (hashed)
		return holds(c, regime->nr_slots, "a hashed table has slots");
	return check_shape(c, regime);
}

/* Linux's and the hardware's regimes each. */
static bool overlap(const struct mmu_regime *a, const struct mmu_regime *b)
{
	bool linuxs = a->view != MMU_VIEW_HARDWARE && b->view != MMU_VIEW_HARDWARE;
	bool hardwares = a->view != MMU_VIEW_LINUX && b->view != MMU_VIEW_LINUX;

	return (linuxs || hardwares) && a->last_va >= b->first_va && b->last_va >= a->first_va;
}

bool check_regimes(struct checker *c, const struct mmu_regime *const *regimes, size_t nr)
{
	bool usable = holds(c, nr && nr <= MMU_REGIMES_MAX, "1 to MMU_REGIMES_MAX regimes");

	for (size_t i = 0; usable && i < nr; i++) {
		usable = check_regime(c, regimes[i]);
		holds(c, i == 0 || regimes[i - 1]->first_va <= regimes[i]->first_va,
		      "regimes ascend");
		for (size_t j = 0; j < i; j++)
			holds(c, !overlap(regimes[j], regimes[i]),
			      "the regimes of a view are disjoint");
	}
	return usable;
}

static bool check_samples(struct checker *c)
{
	const struct mmu_arch *arch = c->arch;
	bool usable = holds(c, arch->samples && arch->nr_samples, "there is a sample");

	for (size_t i = 0; usable && i < arch->nr_samples; i++) {
		const struct mmu_sample *sample = arch->samples[i];

		look_at(c, "sample %s", sample->name ? sample->name : "?");
		usable = holds(c, sample->size >= sizeof(*sample),
			       "size covers the whole sample") &&
			 holds(c, is_word(sample->name), "a sample has a name without spaces") &&
			 check_regimes(c, sample->regimes, sample->nr_regimes);
		for (size_t j = 0; usable && j < i; j++)
			holds(c, strcmp(sample->name, arch->samples[j]->name),
			      "sample names differ");
		for (size_t j = 0; usable && j < sample->nr_regimes; j++)
			holds(c, !sample->regimes[j]->root_pa, "a sample has no root");
	}
	for (size_t i = 0; usable && i < arch->nr_formats; i++) {
		bool found = false;

		look_at(c, "format %s", arch->formats[i]->name);
		for (size_t j = 0; j < arch->nr_samples; j++)
			for (size_t k = 0; k < arch->samples[j]->nr_regimes; k++)
				found |= arch->samples[j]->regimes[k]->format == arch->formats[i];
		holds(c, found, "each format has a sample");
	}
	return usable;
}

bool check_object(struct checker *c)
{
	const struct mmu_arch *arch = c->arch;
	bool usable;

	look_at(c, "the object");
	usable = holds(c, arch->abi == MMU_ARCH_ABI, "the ABI number is the core's") &&
		 holds(c, arch->size >= sizeof(*arch), "size covers the whole object") &&
		 holds(c, !arch->locate == !arch->linear,
		       "locate and linear are there, or neither is") &&
		 holds(c, arch->formats && arch->nr_formats, "there is a format");
	if (!usable)
		return false;
	holds(c, is_word(arch->name) && !strchr(arch->name, '/') && arch->title,
	      "it has a name fit for a file, and a title");
	holds(c, arch->elf_class <= 2 && arch->elf_data <= 2,
	      "elf_class and elf_data are 0, 1 or 2");
	check_traits(c);
	for (size_t i = 0; i < arch->nr_formats; i++)
		usable &= check_format(c, i);
	return usable && check_samples(c);
}
