/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Conformance of a back-end whose data are hostile: numbers that are wrong, names that are missing,
 * functions that say anything. (Its pointers lead to what they should, as in all that is code.)
 *
 * An input is the number of a back-end (1 byte), of a sample (1), a seed for what functions say
 * (4; 0: the back-end's own functions), then patches: struct (1), which of them (1), field (1),
 * value (8).
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "walk/conformance.h"

#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P
#define P(name) &mmu_arch_##name,
static const struct mmu_arch *const archs[] = { MMU_PLUGINS };
#undef P

#define FLAGS_MAX 256u
#define REGIMES_MAX 8u
#define HEAD_BYTES 6u
#define PATCH_BYTES 11u

/* A back-end of one format and one sample, whose every part can be written. */
static struct {
	struct mmu_arch arch;
	struct mmu_format format;
	const struct mmu_format *formats[1];
	struct mmu_level level[MMU_LEVELS_MAX];
	struct mmu_flag flags[FLAGS_MAX];
	struct mmu_trait traits[32];
	struct mmu_sample sample;
	const struct mmu_sample *samples[1];
	struct mmu_regime regime[REGIMES_MAX];
	const struct mmu_regime *regimes[REGIMES_MAX];
} own;
static uint32_t seed;

/* ------------------------------------------------------------------ functions that say anything */

static uint64_t mix(uint64_t a, uint64_t b, uint64_t c)
{
	struct fuzz_random random = { (a ^ (b << 17 | b >> 47)) * UINT64_C(0x9e3779b97f4a7c15) + c +
				      seed };

	fuzz_next(&random);
	return fuzz_next(&random);
}

static void decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	uint64_t any = mix(raw, second, level);

	*ret = (struct mmu_entry){ .kind = (enum mmu_kind)(any % 7),
				   .rights = (uint8_t)(any >> 8),
				   .attrs = (uint8_t)(any >> 16),
				   .memory = (uint8_t)(any >> 24),
				   .run_lg2 = (uint8_t)(any >> 32),
				   .pa = raw & regime->pa_mask,
				   .bad_mask = mix(any, raw, 1),
				   .next_first = any >> 60,
				   .next_count = any >> 56 & 15 };
}

static bool encode(const struct mmu_regime *regime, unsigned int level,
		   const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	uint64_t any = mix(entry->pa, entry->kind, level);

	if (any & 1)
		return false;
	*ret_raw = any;
	*ret_second = mix(any, entry->rights, 2);
	return true;
}

static void explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_software *ret)
{
	uint64_t any = mix(raw, second, level + 8);

	*ret = (struct mmu_software){ .kind = (enum mmu_software_kind)(any % 6),
				      .pa = mix(any, raw, 3),
				      .offset = any >> 8,
				      .type = (uint8_t)(any >> 3) };
}

static bool alike(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	uint64_t any = mix(level, regime->page_lg2, 4);

	*ret = (struct mmu_alike){ .address = any,
				   .step = mix(any, 0, 5),
				   .second_address = any >> 32,
				   .second_step = any >> 48 };
	return any & 1;
}

static unsigned int probes(const struct mmu_regime *regime, uint64_t va, struct mmu_probe *ret)
{
	uint64_t any = mix(va, regime->nr_slots, 6);

	for (unsigned int i = 0; i < MMU_PROBES_MAX; i++)
		ret[i] = (struct mmu_probe){ .first_slot = mix(any, i, 7),
					     .nr_slots = (uint32_t)mix(any, i, 8),
					     .name = any & 1 ? "name" : NULL };
	return (unsigned int)(any >> 8) % (MMU_PROBES_MAX + 1u);
}

static bool slot(const struct mmu_regime *regime, uint64_t index, uint64_t raw, uint64_t second,
		 struct mmu_slot *ret)
{
	uint64_t any = mix(index, raw, second);

	*ret = (struct mmu_slot){ .space = any >> 4, .va = mix(any, raw, 9), .lg2 = (uint8_t)any };
	return any >> 63;
}

/* ------------------------------------------------------------------ what inputs change */

struct field {
	uint8_t offset, width;
};
#define FIELD(type, name)                                                                          \
	{                                                                                          \
		offsetof(struct type, name), sizeof(((struct type *)0)->name)                      \
	}

/* No pointers, but some that may be NULL, which are written with 0. No counts of tables. */
static const struct field format_fields[] = {
	FIELD(mmu_format, size),         FIELD(mmu_format, kind),
	FIELD(mmu_format, entry_bytes),  FIELD(mmu_format, slot_bytes),
	FIELD(mmu_format, big_endian),   FIELD(mmu_format, nr_levels),
	FIELD(mmu_format, slot_va_bits), FIELD(mmu_format, root_other_bits),
};
static const struct field level_fields[] = {
	FIELD(mmu_level, may_be_leaf),
	FIELD(mmu_level, first_of_run),
	FIELD(mmu_level, run_lg2),
	FIELD(mmu_level, second_offset),
};
static const struct field flag_fields[] = {
	FIELD(mmu_flag, mask),      FIELD(mmu_flag, value),     FIELD(mmu_flag, absent),
	FIELD(mmu_flag, if_traits), FIELD(mmu_flag, no_traits), FIELD(mmu_flag, levels),
	FIELD(mmu_flag, kinds),     FIELD(mmu_flag, field),     FIELD(mmu_flag, halves),
	FIELD(mmu_flag, top),
};
static const struct field regime_fields[] = {
	FIELD(mmu_regime, size),     FIELD(mmu_regime, traits),   FIELD(mmu_regime, root_pa),
	FIELD(mmu_regime, first_va), FIELD(mmu_regime, last_va),  FIELD(mmu_regime, ignored_va),
	FIELD(mmu_regime, pa_mask),  FIELD(mmu_regime, page_lg2), FIELD(mmu_regime, top_level),
	FIELD(mmu_regime, rights),   FIELD(mmu_regime, view),     FIELD(mmu_regime, half),
	FIELD(mmu_regime, shape[0]), FIELD(mmu_regime, shape[1]), FIELD(mmu_regime, shape[2]),
	FIELD(mmu_regime, word[0]),  FIELD(mmu_regime, nr_slots), FIELD(mmu_regime, space),
};
static const struct field arch_fields[] = {
	FIELD(mmu_arch, elf_machine), FIELD(mmu_arch, elf_class), FIELD(mmu_arch, elf_data),
	FIELD(mmu_arch, abi),         FIELD(mmu_arch, size),
};
/* Each of them is a pointer, and becomes NULL. */
static const struct field null_fields[] = {
	FIELD(mmu_format, name),   FIELD(mmu_format, title),  FIELD(mmu_format, encode),
	FIELD(mmu_format, decode), FIELD(mmu_format, alike),  FIELD(mmu_format, explain),
	FIELD(mmu_format, slot),   FIELD(mmu_format, probes),
};

static void set(void *object, const struct field *fields, size_t nr, uint64_t which, uint64_t value)
{
	const struct field *field = &fields[which % nr];

	memcpy((uint8_t *)object + field->offset, &value, field->width); /* its low bytes */
}
#define SET(object, fields) set(object, fields, sizeof(fields) / sizeof((fields)[0]), field, value)

static void patch(struct fuzz_input *input)
{
	uint64_t what = fuzz_take(input, 1) % 7, which = fuzz_take(input, 1);
	uint64_t field = fuzz_take(input, 1), value = fuzz_take(input, 8);

	switch (what) {
	case 0:
		SET(&own.format, format_fields);
		/* else it would promise a table that is not there */
		own.format.nr_levels %= MMU_LEVELS_MAX + 1u;
		break;
	case 1:
		SET(&own.level[which % MMU_LEVELS_MAX], level_fields);
		break;
	case 2:
		SET(&own.flags[which], flag_fields);
		break;
	case 3:
		SET(&own.regime[which % REGIMES_MAX], regime_fields);
		break;
	case 4:
		SET(&own.arch, arch_fields);
		break;
	case 5:
		value = 0;
		SET(&own.format, null_fields);
		break;
	default:
		own.traits[which % 32].bit = (uint32_t)value;
		break;
	}
}

/* ------------------------------------------------------------------ a copy */

static void take_sample(const struct mmu_sample *sample)
{
	own.sample = *sample;
	own.samples[0] = &own.sample;
	own.arch.samples = own.samples;
	own.arch.nr_samples = 1;
	own.sample.regimes = own.regimes;
	if (sample->nr_regimes > REGIMES_MAX)
		own.sample.nr_regimes = REGIMES_MAX;
	for (size_t i = 0; i < own.sample.nr_regimes; i++) {
		own.regime[i] = *sample->regimes[i];
		own.regime[i].format = &own.format;
		own.regimes[i] = &own.regime[i];
	}
}

static void take(const struct mmu_arch *arch, const struct mmu_sample *sample)
{
	const struct mmu_format *format = sample->regimes[0]->format;

	memset(&own, 0, sizeof(own));
	own.arch = *arch;
	own.format = *format;
	own.formats[0] = &own.format;
	own.arch.formats = own.formats;
	own.arch.nr_formats = 1;
	own.arch.locate = NULL; /* tells of the back-end's own formats */
	own.arch.linear = NULL;
	own.arch.regions = NULL;
	own.arch.cpu = NULL;
	memcpy(own.level, format->level, format->nr_levels * sizeof(*format->level));
	for (unsigned int i = format->nr_levels; i < MMU_LEVELS_MAX; i++)
		own.level[i].name = "more";
	own.format.level = own.level;
	own.format.linux_shape = NULL;
	FUZZ_CHECK(format->nr_flags <= FLAGS_MAX && arch->nr_traits <= 32);
	if (format->nr_flags)
		memcpy(own.flags, format->flags, format->nr_flags * sizeof(*format->flags));
	own.format.flags = own.flags;
	if (arch->nr_traits)
		memcpy(own.traits, arch->traits, arch->nr_traits * sizeof(*arch->traits));
	own.arch.traits = own.traits;
	take_sample(sample);
}

static void replace_functions(void)
{
	own.format.decode = decode;
	own.format.encode = encode;
	own.format.explain = own.format.explain ? explain : NULL;
	own.format.alike = own.format.alike ? alike : NULL;
	own.format.audit = NULL;
	own.format.probes = own.format.probes ? probes : NULL;
	own.format.slot = own.format.slot ? slot : NULL;
}

/* ------------------------------------------------------------------ the target */

static void report(void *context, const char *problem)
{
	unsigned int *nr = context;

	FUZZ_CHECK(*problem && !strchr(problem, '\n'));
	(*nr)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	const struct mmu_arch *arch =
		archs[fuzz_take(&input, 1) % (sizeof(archs) / sizeof(*archs))];
	size_t sample = fuzz_take(&input, 1) % arch->nr_samples;
	unsigned int nr = 0;
	uint64_t checks = 0;

	take(arch, arch->samples[sample]);
	seed = (uint32_t)fuzz_take(&input, 4);
	if (seed) {
		replace_functions();
		while (input.bytes)
			patch(&input);
	}
	bool good = mmu_arch_conformance(&own.arch, report, &nr, &checks);
	FUZZ_CHECK(good == !nr && (checks || nr));
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max, unsigned int number)
{
	struct fuzz_random random = { number * UINT64_C(0x9e3779b97f4a7c15) };

	if (bytes < HEAD_BYTES || !fuzz_below(&random, 4))
		return LLVMFuzzerMutate(data, bytes, max);
	size_t patches = (bytes - HEAD_BYTES) / PATCH_BYTES;
	if (patches < 8 && bytes + PATCH_BYTES <= max && fuzz_below(&random, 2)) {
		for (unsigned int i = 0; i < 3; i++)
			data[bytes + i] = (uint8_t)fuzz_next(&random);
		fuzz_put(data, max, bytes + 3, 8, false, fuzz_number(&random, data, bytes, 0));
		data[2] |= 1;
		return bytes + PATCH_BYTES;
	}
	if (patches)
		fuzz_change(&random, data, bytes,
			    HEAD_BYTES + fuzz_below(&random, patches) * PATCH_BYTES + 3, 8, false);
	else
		fuzz_change(&random, data, bytes, 2, 4, false);
	return bytes;
}

void fuzz_seeds(fuzz_seed_fn take_seed)
{
	static const uint8_t good[HEAD_BYTES];

	take_seed("good", good, sizeof(good));
	/* one sample of each will do: mutants find the others, and a check takes long */
	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
		const uint8_t head[HEAD_BYTES] = { (uint8_t)i, 0, 1 };

		take_seed(archs[i]->name, head, sizeof(head));
	}
}
