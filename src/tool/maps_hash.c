/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file maps --hash: the hashed table itself, slot by slot, and whose each entry is. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"
#include "parallel.h"
#include "show.h"

enum { SLOT, ADDRESSES, RIGHTS, SIZE, BASE, PHYSICAL, OWNER, NR_COLUMNS };

static const struct tool_column columns[NR_COLUMNS] = {
	[SLOT] = { "SLOT", 8, 0 },     [ADDRESSES] = { "ADDRESSES", -33, 1 },
	[RIGHTS] = { "RIGHT", -5, 1 }, [SIZE] = { "SIZE", 4, 1 },
	[BASE] = { "BASE", 4, 1 },     [PHYSICAL] = { "PHYSICAL", -13, 1 },
	[OWNER] = { "OWNER", 0, 1 },
};

/* A part of a space that has entries of its own in the table. */
struct owner {
	uint64_t space, first_va, last_va;
	int32_t pid; /* 0: the kernel */
	char name[24];
};

struct hash {
	struct tool *tool;
	const struct mmu_regime *table;
	bool only; /* those of one space alone */
	struct owner *owners;
	size_t nr_owners;
	uint64_t nr_used, nr_shown, nr_owned;
};

const char *tool_no_hashed_table(struct mmu_session *session)
{
	static char text[160];
	struct mmu_facts_iter *facts = tool_facts_open(session);
	const struct mmu_regime *regime;
	const struct mmu_fact *fact;
	bool beside = false;

	for (size_t n = 0; (regime = mmu_session_regime(session, n)); n++)
		beside |= regime->view == MMU_VIEW_LINUX;
	snprintf(text, sizeof(text), "%s",
		 beside ? "no symbol tells where it lies" : "hardware walks Linux's own tables");
	while ((fact = mmu_facts_next(facts)))
		if (strcmp(fact->key, "HASHED_TABLE") == 0)
			snprintf(text, sizeof(text), "%s",
				 fact->source + (strncmp(fact->source, "derived: ", 9) ? 0 : 9));
	mmu_facts_close(facts);
	return text;
}

/* ------------------------------------------------------------------ whose a slot is */

/* Of a process its own half: the kernel's is everyone's. */
static void add_owners(struct hash *hash, const struct mmu_space *space)
{
	const struct mmu_task *task = mmu_space_task(space);
	const struct mmu_regime *regime;

	for (size_t n = 0; (regime = mmu_space_regime(space, n)); n++) {
		struct owner owner = { regime->space, regime->first_va, regime->last_va,
				       task ? tool_space_pid(space) : 0, "" };

		if (regime->format->kind != MMU_FORMAT_HASHED ||
		    (task && regime->half == MMU_HALF_KERNEL))
			continue;
		snprintf(owner.name, sizeof(owner.name), "%s", task ? task->comm : regime->name);
		hash->owners = reallocarray(hash->owners, hash->nr_owners + 1,
					    sizeof(*hash->owners));
		if (!hash->owners)
			tool_no_memory();
		hash->owners[hash->nr_owners++] = owner;
	}
}

static int find_owners(struct hash *hash)
{
	struct tool_process *processes;
	size_t nr;
	int status = tool_processes(hash->tool, &processes, &nr);

	if (status > TOOL_ANSWERED)
		return TOOL_OK; /* the table is there without them */
	for (size_t i = 0; i < nr; i++) {
		struct mmu_space *space;
		int one = tool_process_open(hash->tool, &processes[i], 0, &space);

		status = one > status ? one : status;
		if (one)
			continue;
		add_owners(hash, space);
		mmu_space_close(space);
	}
	free(processes);
	return status;
}

/* @return NULL: nobody's that is known; else *va is whole */
static const struct owner *owner_of(const struct hash *hash, const struct mmu_hash_row *row,
				    uint64_t *va)
{
	unsigned int bits = hash->table->format->slot_va_bits;
	uint64_t mask = bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;

	for (size_t i = 0; row->served && i < hash->nr_owners; i++) {
		const struct owner *owner = &hash->owners[i];
		uint64_t whole = (owner->first_va & ~mask) | (row->first_va & mask);

		if (owner->space != row->space || whole < owner->first_va || whole > owner->last_va)
			continue;
		*va = whole;
		return owner;
	}
	return NULL;
}

/* ------------------------------------------------------------------ rows */

static uint64_t page_bytes(const struct hash *hash, const struct mmu_entry *entry)
{
	return (uint64_t)1 << (hash->table->shape[0].shift + entry->run_lg2);
}

/* Where the first byte that a slot serves lies: in a large page, a slot may serve a part alone. */
static uint64_t first_pa(const struct hash *hash, const struct mmu_hash_row *row)
{
	const struct mmu_entry *entry = mmu_step_entry(row->step);

	return entry->pa + (row->first_va & (page_bytes(hash, entry) - 1));
}

static void size_cell(struct tool_cells *cells, size_t column, uint64_t bytes)
{
	unsigned int unit = 0;

	for (; bytes >= 1024; bytes /= 1024)
		unit++;
	tool_cell(cells, column, "%" PRIu64 "%c", bytes, "BKMGTPE"[unit]);
}

static void row_text(const struct hash *hash, const struct mmu_hash_row *row,
		     const struct owner *owner, uint64_t va)
{
	const struct mmu_entry *entry = mmu_step_entry(row->step);
	struct tool_cells cells;
	char rights[6];

	memset(&cells, 0, sizeof(cells));
	tool_cell(&cells, SLOT, "%" PRIu64, mmu_step_get(row->step)->index);
	if (row->served)
		tool_cell(&cells, ADDRESSES, "%016" PRIx64 "-%016" PRIx64, va,
			  va + (row->last_va - row->first_va));
	else
		tool_cell(&cells, ADDRESSES, "none");
	if (entry->kind == MMU_KIND_LEAF) {
		tool_cell(&cells, RIGHTS, "%s", mmu_rights_text(entry->rights, rights));
		size_cell(&cells, SIZE, page_bytes(hash, entry));
		tool_cell(&cells, PHYSICAL, "0x%" PRIx64, first_pa(hash, row));
	} else {
		tool_cell(&cells, PHYSICAL, "bad");
	}
	if (row->served)
		size_cell(&cells, BASE, row->last_va - row->first_va + 1);
	if (owner && owner->pid)
		tool_cell(&cells, OWNER, "%d %s", owner->pid, tool_safe(owner->name));
	else if (owner)
		tool_cell(&cells, OWNER, "%s", owner->name);
	else if (row->served)
		tool_cell(&cells, OWNER, "space 0x%" PRIx64, row->space);
	tool_table_row(columns, NR_COLUMNS, cells.cells);
}

static void row_json(const struct hash *hash, const struct mmu_hash_row *row,
		     const struct owner *owner, uint64_t va)
{
	const struct mmu_step_info *at = mmu_step_get(row->step);
	const struct mmu_entry *entry = mmu_step_entry(row->step);

	json_begin("hash");
	json_number("slot", (int64_t)at->index);
	json_hex("slot_pa", at->slot_pa);
	show_entry_json(hash->table, row->step, false);
	if (entry->kind == MMU_KIND_LEAF)
		json_hex("pa", first_pa(hash, row));
	if (entry->kind == MMU_KIND_LEAF)
		json_number("page_size", (int64_t)page_bytes(hash, entry));
	if (!row->served) {
		json_null("space");
	} else {
		json_hex("space", row->space);
		json_hex("first", va);
		json_hex("last", va + (row->last_va - row->first_va));
		json_bool("owned", owner);
		if (owner && owner->pid) {
			json_number("pid", owner->pid);
			json_string("comm", owner->name);
		} else if (owner) {
			json_string("regime", owner->name);
		}
	}
	json_end();
}

static void tsv_head(void)
{
	tsv_header("slot slot_pa: raw: second: space: first: last: pa: page_size rights pid owner");
}

static void row_tsv(const struct hash *hash, const struct mmu_hash_row *row,
		    const struct owner *owner, uint64_t va)
{
	const struct mmu_step_info *at = mmu_step_get(row->step);
	const struct mmu_entry *entry = mmu_step_entry(row->step);
	bool leaf = entry->kind == MMU_KIND_LEAF;
	char rights[6];

	tsv_number(true, (int64_t)at->index);
	tsv_hex(true, at->slot_pa);
	tsv_hex(true, at->raw);
	tsv_hex(at->has_second, at->second);
	tsv_hex(row->served, row->space);
	tsv_hex(row->served, va);
	tsv_hex(row->served, va + (row->last_va - row->first_va));
	tsv_hex(leaf, first_pa(hash, row));
	tsv_number(leaf, (int64_t)page_bytes(hash, entry));
	tsv_text(mmu_rights_text(entry->rights, rights));
	tsv_number(owner && owner->pid, owner ? owner->pid : 0);
	tsv_text(owner ? owner->name : NULL);
	tsv_end();
}

static void show_row(struct hash *hash, const struct mmu_hash_row *row)
{
	uint64_t va = row->first_va;
	const struct owner *owner = owner_of(hash, row, &va);

	hash->nr_used++;
	hash->nr_owned += owner != NULL;
	if (hash->only && !owner)
		return;
	hash->nr_shown++;
	if (hash->tool->json)
		row_json(hash, row, owner, va);
	else if (hash->tool->tsv)
		row_tsv(hash, row, owner, va);
	else
		row_text(hash, row, owner, va);
}

static int show_table(struct hash *hash, struct mmu_hash *slots)
{
	bool text = !hash->tool->json && !hash->tool->tsv;
	const struct mmu_hash_row *row;
	struct mmu_error *error;

	if (text) {
		tool_row("hashed table", "%s at 0x%" PRIx64 ", %" PRIu64 " slots",
			 hash->table->format->name, hash->table->root_pa, hash->table->nr_slots);
		printf("\n");
		tool_table_head(columns, NR_COLUMNS);
	} else if (hash->tool->tsv) {
		tsv_head();
	}
	while (!(error = mmu_hash_next(slots, &row)) && row && !tool_interrupted())
		show_row(hash, row);
	if (error && mmu_error_code(error) != MMU_ERROR_STOPPED)
		return tool_fail(hash->tool, error);
	mmu_error_destroy(error);
	if (text) {
		printf("\n");
		tool_row("used",
			 "%" PRIu64 " slots: %" PRIu64 " shown, %" PRIu64 " of known spaces",
			 hash->nr_used, hash->nr_shown, hash->nr_owned);
		if (mmu_hash_unreadable(slots))
			tool_row("unreadable", "%" PRIu64 " slots", mmu_hash_unreadable(slots));
	}
	return mmu_hash_unreadable(slots) ? TOOL_ANSWERED : TOOL_OK;
}

int maps_hash(struct tool *tool, struct mmu_space *space, bool only)
{
	struct hash hash = { .tool = tool, .only = only };
	struct mmu_hash *slots;
	struct mmu_error *error = mmu_hash_open(space, &slots);
	int status = TOOL_OK, shown;

	if (error && mmu_error_code(error) == MMU_ERROR_NOT_FOUND) {
		fflush(stdout);
		fprintf(stderr, "mmuscope: no hashed table: %s\n",
			tool_no_hashed_table(tool->session));
		mmu_error_destroy(error);
		return TOOL_UNUSABLE;
	}
	if (error)
		return tool_fail(tool, error);
	hash.table = mmu_hash_table(slots);
	if (!only)
		status = find_owners(&hash);
	add_owners(&hash, space);
	shown = show_table(&hash, slots);
	mmu_hash_close(slots);
	free(hash.owners);
	return shown > status ? shown : status;
}
