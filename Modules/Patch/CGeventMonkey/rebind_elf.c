// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Walks the relocations of every loaded object and rewrites the slots that its caller chooses.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "rebind_elf.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { JUMP_SLOT = R_X86_64_JUMP_SLOT, GLOB_DAT = R_X86_64_GLOB_DAT, ABSOLUTE = R_X86_64_64 };
#else
enum { JUMP_SLOT = R_AARCH64_JUMP_SLOT, GLOB_DAT = R_AARCH64_GLOB_DAT, ABSOLUTE = R_AARCH64_ABS64 };
#endif

typedef struct relocations {
    const ElfW(Rela) *first;
    size_t count;
} relocations;

typedef struct object {
    uintptr_t base;
    const ElfW(Phdr) *segments;
    int segment_count;
    const ElfW(Sym) *symbols;
    const char *strings;
    relocations tables[2]; // those of the PLT, all others
    uintptr_t relro_start, relro_end;
    enum { RELRO_CLOSED, RELRO_OPEN, RELRO_SEALED } relro;
} object;

typedef struct walk {
    unsigned long long loads;
    bool refused;
    cgevent_slot_decision decide;
    void *context;
    int *unreachable;
} walk;

/// libc and the loader must reach themselves; libuv *is* the hub's way to wait; NSS modules run inside getaddrinfo with
/// libc's locks held. Objects without a name are the executable and the vdso.
static bool is_excluded(const char *path)
{
    static const char *const prefixes[] = {
        "libc.so.", "libc-2.", "ld-linux", "ld-2.",    "ld.so",   "linux-vdso", "libpthread", "libresolv.",
        "libdl.",   "libdl-",  "librt.so", "librt-2.", "libanl.", "libanl-",    "libnss_",    "libresolv-",
        "libuv.",
    };
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t index = 0; index < sizeof prefixes / sizeof *prefixes; index++)
        if (strncmp(name, prefixes[index], strlen(prefixes[index])) == 0)
            return true;
    return false;
}

static void read_segments(object *it, const struct dl_phdr_info *info, const ElfW(Dyn) **dynamic)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[index];
        uintptr_t start = it->base + segment->p_vaddr;
        if (segment->p_type == PT_DYNAMIC)
            *dynamic = (const ElfW(Dyn) *)start;
        if (segment->p_type == PT_GNU_RELRO) {
            // Rounded as the loader does: the tail of a last, partial page stays writable.
            it->relro_start = start & -page;
            it->relro_end = (start + segment->p_memsz) & -page;
        }
    }
}

/// False if the object has nothing to rebind.
static bool read_object(object *it, const struct dl_phdr_info *info)
{
    const ElfW(Dyn) *entry = NULL;
    *it = (object){.base = info->dlpi_addr, .segments = info->dlpi_phdr, .segment_count = info->dlpi_phnum};
    read_segments(it, info, &entry);
    bool rela = true;
    for (; entry && entry->d_tag != DT_NULL; entry++) {
        // glibc stores these addresses relocated, other loaders (and the vdso) don't.
        uintptr_t address = entry->d_un.d_ptr < it->base ? it->base + entry->d_un.d_ptr : entry->d_un.d_ptr;
        switch (entry->d_tag) {
        case DT_SYMTAB: it->symbols = (const ElfW(Sym) *)address; break;
        case DT_STRTAB: it->strings = (const char *)address; break;
        case DT_JMPREL: it->tables[0].first = (const ElfW(Rela) *)address; break;
        case DT_PLTRELSZ: it->tables[0].count = entry->d_un.d_val / sizeof(ElfW(Rela)); break;
        case DT_PLTREL: rela = entry->d_un.d_val == DT_RELA; break;
        case DT_RELA: it->tables[1].first = (const ElfW(Rela) *)address; break;
        case DT_RELASZ: it->tables[1].count = entry->d_un.d_val / sizeof(ElfW(Rela)); break;
        default: break;
        }
    }
    return rela && it->symbols && it->strings && (it->tables[0].first || it->tables[1].first);
}

static const ElfW(Phdr) *segment_of(const object *it, uintptr_t address)
{
    for (int index = 0; index < it->segment_count; index++) {
        const ElfW(Phdr) *segment = &it->segments[index];
        uintptr_t start = it->base + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && address >= start && address < start + segment->p_memsz)
            return segment;
    }
    return NULL;
}

/// Makes the slot's page writable if need be. RELRO pages are opened together and closed when the object is done: no
/// other thread can tell, as nothing but a stray write behaves differently meanwhile.
static bool make_writable(object *it, uintptr_t address)
{
    if (address >= it->relro_start && address < it->relro_end) {
        size_t size = it->relro_end - it->relro_start;
        if (it->relro == RELRO_CLOSED)
            it->relro =
                mprotect((void *)it->relro_start, size, PROT_READ | PROT_WRITE) == 0 ? RELRO_OPEN : RELRO_SEALED;
        return it->relro == RELRO_OPEN;
    }
    const ElfW(Phdr) *segment = segment_of(it, address);
    return segment && (segment->p_flags & PF_W); // else a text relocation: nobody has had those for a long time
}

static bool read_slot(const object *it, const ElfW(Rela) *relocation, cgevent_slot *slot)
{
    unsigned long type = ELF64_R_TYPE(relocation->r_info);
    if (type != JUMP_SLOT && type != GLOB_DAT && (type != ABSOLUTE || relocation->r_addend != 0))
        return false;
    const ElfW(Sym) *symbol = &it->symbols[ELF64_R_SYM(relocation->r_info)];
    if (symbol->st_shndx != SHN_UNDEF || symbol->st_name == 0)
        return false; // defined by the object itself: its own `read`, not libc's
    slot->address = (void **)(it->base + relocation->r_offset);
    slot->symbol = it->strings + symbol->st_name;
    slot->kind = type == JUMP_SLOT ? CGEVENT_SLOT_PLT : type == GLOB_DAT ? CGEVENT_SLOT_GOT : CGEVENT_SLOT_DATA;
    return true;
}

static void walk_table(object *it, relocations table, const walk *walk)
{
    for (size_t index = 0; table.first && index < table.count; index++) {
        cgevent_slot slot;
        if (!read_slot(it, &table.first[index], &slot) || (uintptr_t)slot.address % sizeof(void *) != 0)
            continue;
        uintptr_t value = (uintptr_t)__atomic_load_n(slot.address, __ATOMIC_RELAXED);
        slot.unbound = slot.kind == CGEVENT_SLOT_PLT && segment_of(it, value);
        void *replacement = walk->decide(&slot, walk->context);
        if (!replacement)
            continue;
        // One aligned store: a thread that calls through the slot sees the old function or the new one.
        if (make_writable(it, (uintptr_t)slot.address))
            __atomic_store_n(slot.address, replacement, __ATOMIC_RELEASE);
        else
            ++*walk->unreachable;
    }
}

static int walk_object(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    // An object is listed before it is relocated. If we opened and closed its RELRO pages then, the loader's writes or
    // ours would fault. None can be added while we are here.
    walk *walk = context;
    walk->refused = walk->loads != info->dlpi_adds;
    if (walk->refused)
        return 1;
    object it;
    if (is_excluded(info->dlpi_name) || !read_object(&it, info))
        return 0;
    walk_table(&it, it.tables[0], walk);
    walk_table(&it, it.tables[1], walk);
    if (it.relro == RELRO_OPEN)
        mprotect((void *)it.relro_start, it.relro_end - it.relro_start, PROT_READ);
    return 0;
}

bool cgevent_elf_walk(unsigned long long loads, cgevent_slot_decision decide, void *context, int *unreachable)
{
    walk walk = {.loads = loads, .decide = decide, .context = context, .unreachable = unreachable};
    *unreachable = 0;
    dl_iterate_phdr(walk_object, &walk);
    return !walk.refused;
}

static int read_loads(struct dl_phdr_info *info, size_t size, void *loads)
{
    (void)size;
    *(unsigned long long *)loads = info->dlpi_adds;
    return 1; // the same for every object: one look is enough
}

unsigned long long cgevent_elf_loads(void)
{
    unsigned long long loads = 0;
    dl_iterate_phdr(read_loads, &loads);
    return loads;
}

unsigned long long cgevent_elf_settled(void)
{
    unsigned long long loads = cgevent_elf_loads();
    // Listing and relocating happen under the loader's lock, which dladdr takes too: after it, what was listed is done.
    Dl_info info;
    dladdr((void *)cgevent_elf_settled, &info);
    return loads;
}

#endif
