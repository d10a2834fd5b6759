/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file From an address to its groups of the hashed table, and back: ISA 2.07 III-S, 5.7.7. */
#include "ppc64.h"

/* asm/book3s/64/mmu-hash.h: VSID_MULTIPLIER, and its inverses modulo 2^n - 1. */
#define MULTIPLIER UINT64_C(12538073)
static const uint64_t inverses[2][2] = { { 665548017062, 209034062 }, { 61768091059, 28874608 } };

static unsigned int segment_lg2(bool big)
{
	return big ? 40 : 28;
}

static unsigned int vsid_bits(uint32_t traits, bool big)
{
	return (traits & VA65 ? 65 : 68) - segment_lg2(big);
}

/* a * b modulo 2^bits - 1, of factors below that; at most 40 bits. */
static uint64_t multiply(uint64_t a, uint64_t b, unsigned int bits)
{
	uint64_t modulus = BIT(bits) - 1, high = a * (b >> 20) % modulus;

	return ((high << 20) % modulus + a * (b & 0xfffff) % modulus) % modulus;
}

struct hpt_place ppc64_place(uint32_t traits, uint64_t space, uint64_t va)
{
	bool big = space & 1;
	unsigned int lg2 = segment_lg2(big), bits = vsid_bits(traits, big);
	uint64_t segment = (va & (BIT(HPT_VA_BITS) - 1)) >> lg2;
	uint64_t number = (space >> 1 << (HPT_VA_BITS - lg2) | segment) & (BIT(bits) - 1);

	return (struct hpt_place){ multiply(number, MULTIPLIER, bits), va & (BIT(lg2) - 1), big };
}

uint64_t ppc64_hash(const struct hpt_place *place, unsigned int base_lg2)
{
	uint64_t hash = place->vsid ^ place->offset >> base_lg2;

	if (place->big)
		hash ^= place->vsid << 25;
	return hash & BITS(0, 38);
}

unsigned int ppc64_probes(const struct mmu_regime *regime, uint64_t va, struct mmu_probe *ret)
{
	static const struct {
		unsigned int base_lg2;
		const char *name[2];
	} looks[] = { { 16, { "64K, primary", "64K, secondary" } },
		      { 12, { "4K, primary", "4K, secondary" } },
		      { 24, { "16M, primary", "16M, secondary" } },
		      { 34, { "16G, primary", "16G, secondary" } } };
	const struct hpt_place place = ppc64_place(regime->traits, regime->space, va);
	uint64_t sizes = regime->word[SIZES], mask = regime->nr_slots / HPT_GROUP - 1;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < COUNT(looks); i++) {
		uint64_t hash = ppc64_hash(&place, looks[i].base_lg2);

		if ((sizes && !(sizes & BIT(looks[i].base_lg2))) ||
		    looks[i].base_lg2 >= segment_lg2(place.big))
			continue;
		ret[nr++] = (struct mmu_probe){ (hash & mask) * HPT_GROUP, HPT_GROUP,
						looks[i].name[0] };
		ret[nr++] = (struct mmu_probe){ (~hash & mask) * HPT_GROUP, HPT_GROUP,
						looks[i].name[1] };
	}
	return nr;
}

/* B and AVPN, which ISA 3.0 moved. @return false: no segment is of this size, or has this number */
static bool tag_of(uint32_t traits, uint64_t raw, uint64_t second, struct hpt_place *ret)
{
	uint64_t size = traits & ISA3 ? second >> 58 & 3 : raw >> 62;
	uint64_t avpn = raw >> 7 & (traits & ISA3 ? BITS(0, 44) : BITS(0, 54));
	unsigned int lg2 = segment_lg2(size);

	*ret = (struct hpt_place){ avpn >> (lg2 - 23), avpn << 23 & (BIT(lg2) - 1), size };
	return size < 2 && ret->vsid < BIT(vsid_bits(traits, size)) - 1;
}

/* A slot has the address bits from 23 on. Those between the page and these are in its place. */
bool ppc64_slot(const struct mmu_regime *regime, uint64_t index, uint64_t raw, uint64_t second,
		struct mmu_slot *ret)
{
	uint64_t mask = regime->nr_slots / HPT_GROUP - 1, group = index / HPT_GROUP, number;
	struct hpt_place place;
	struct hpt_size size;

	if (!(raw & HPT_VALID) || !tag_of(regime->traits, raw, second, &place) ||
	    !ppc64_size(raw, second, &size) || size.base_lg2 >= segment_lg2(place.big))
		return false;
	if (size.base_lg2 < 23 && mask >> (22 - size.base_lg2) == 0) /* too few groups to tell */
		return false;
	if (raw & HPT_SECONDARY)
		group = ~group & mask;
	place.offset &= ~(BIT(size.base_lg2) - 1);
	if (size.base_lg2 < 23)
		place.offset |= (ppc64_hash(&place, size.base_lg2) ^ group) << size.base_lg2 &
				BITS(0, 22);
	if ((ppc64_hash(&place, size.base_lg2) & mask) != group) /* hardware never looks here */
		return false;
	unsigned int lg2 = segment_lg2(place.big), per_context = HPT_VA_BITS - lg2;
	number = multiply(place.vsid, inverses[!!(regime->traits & VA65)][place.big],
			  vsid_bits(regime->traits, place.big));
	ret->space = HPT_SPACE(number >> per_context, place.big);
	ret->va = (number & (BIT(per_context) - 1)) << lg2 | place.offset;
	ret->lg2 = size.base_lg2;
	return true;
}
