// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Names of functions, read from the symbol tables of the file that a code address comes from.

#define _GNU_SOURCE
#include "backtrace.h"
#include "include/CGreenletCore.h"

#include <string.h>

static void copy(char *to, const char *from, size_t length) {
    if (length >= CGREENLET_NAME_SIZE) length = CGREENLET_NAME_SIZE - 1;
    memcpy(to, from, length);
    to[length] = 0;
}

#if defined(__linux__)

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/// A loaded object: where it was put, and its file.
typedef struct object {
    uintptr_t wanted;
    uint32_t flags;  ///< of its segment
    uintptr_t base;
    const char *path;
} object;

/// A file of an object, mapped.
typedef struct image {
    const char *bytes;
    size_t size;
} image;

static int visit_object(struct dl_phdr_info *info, size_t size, void *argument) {
    (void)size;
    object *search = argument;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + header->p_vaddr;
        if (header->p_type != PT_LOAD || search->wanted < low || search->wanted >= low + header->p_memsz) continue;
        search->base = info->dlpi_addr;
        search->flags = header->p_flags;
        search->path = info->dlpi_name && info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe";
        return 1;
    }
    return 0;
}

static image map_file(const char *path) {
    image file = {NULL, 0};
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return file;
    if (fstat(descriptor, &status) == 0 && (size_t)status.st_size > sizeof(ElfW(Ehdr))) {
        void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (bytes != MAP_FAILED) file = (image){bytes, (size_t)status.st_size};
    }
    close(descriptor);
    return file;
}

static const void *range(image file, size_t offset, size_t size) {
    return offset <= file.size && size <= file.size - offset ? file.bytes + offset : NULL;
}

// The innermost symbol of one table that covers `place`.
static void search_table(image file, const ElfW(Shdr) *table, const ElfW(Shdr) *strings, uintptr_t place,
                         cgreenlet_symbol *found) {
    const ElfW(Sym) *symbols = range(file, table->sh_offset, table->sh_size);
    const char *names = range(file, strings->sh_offset, strings->sh_size);
    if (!symbols || !names) return;
    for (size_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        const ElfW(Sym) *symbol = &symbols[i];
        int type = symbol->st_info & 15;
        if ((type != STT_FUNC && type != STT_NOTYPE) || symbol->st_shndx == SHN_UNDEF) continue;
        if (place < symbol->st_value || place - symbol->st_value >= symbol->st_size) continue;
        if (symbol->st_name >= strings->sh_size) continue;
        const char *name = names + symbol->st_name;
        copy(found->name, name, strnlen(name, strings->sh_size - symbol->st_name));
        found->offset = place - symbol->st_value;
        return;
    }
}

static void search_file(image file, uintptr_t place, cgreenlet_symbol *found) {
    const ElfW(Ehdr) *header = range(file, 0, sizeof *header);
    if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_shentsize != sizeof(ElfW(Shdr))) return;
    const ElfW(Shdr) *sections = range(file, header->e_shoff, header->e_shnum * sizeof *sections);
    if (!sections) return;
    for (int i = 0; i < header->e_shnum && !found->name[0]; i++) {
        const ElfW(Shdr) *section = &sections[i];
        bool is_table = section->sh_type == SHT_SYMTAB || section->sh_type == SHT_DYNSYM;
        if (!is_table || section->sh_link >= header->e_shnum) continue;
        search_table(file, section, &sections[section->sh_link], place, found);
    }
}

void cgreenlet_symbolize(uintptr_t address, cgreenlet_symbol *symbol) {
    symbol->name[0] = symbol->image[0] = 0;
    symbol->offset = 0;
    object where = {.wanted = address};
    if (!dl_iterate_phdr(visit_object, &where)) return;
    symbol->offset = address - where.base;
    image file = map_file(where.path);
    if (file.bytes) {
        search_file(file, address - where.base, symbol);
        munmap((void *)file.bytes, file.size);
    }
    char target[CGREENLET_NAME_SIZE];
    ssize_t length = -1;
    if (strcmp(where.path, "/proc/self/exe") == 0) length = readlink(where.path, target, sizeof target - 1);
    if (length >= 0) target[length] = 0;
    const char *path = length >= 0 ? target : where.path, *slash = strrchr(path, '/');
    if (slash) path = slash + 1;
    copy(symbol->image, path, strlen(path));
}

bool cgreenlet_is_code(uintptr_t address, uintptr_t *base) {
    object where = {.wanted = address};
    if (!dl_iterate_phdr(visit_object, &where)) return false;
    *base = where.base;
    return (where.flags & PF_X) != 0;
}

#else

#include <dlfcn.h>

bool cgreenlet_is_code(uintptr_t address, uintptr_t *base) {
    Dl_info where;
    if (!dladdr((void *)address, &where)) return false;
    *base = (uintptr_t)where.dli_fbase;
    return true;
}

void cgreenlet_symbolize(uintptr_t address, cgreenlet_symbol *symbol) {
    Dl_info where;
    symbol->name[0] = symbol->image[0] = 0;
    symbol->offset = 0;
    if (!dladdr((void *)address, &where)) return;
    if (where.dli_sname) copy(symbol->name, where.dli_sname, strlen(where.dli_sname));
    symbol->offset = address - (uintptr_t)(where.dli_sname ? where.dli_saddr : where.dli_fbase);
}

#endif
