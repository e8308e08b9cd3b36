/* parley/manifest.h: the manifest of a plugin that is built by hand.
 *
 * The host reads the manifest before it runs any code: an ELF note of JSON. parley_add_plugin() of
 * the CMake package writes one by itself; with plain make, say in one source:
 *
 *   PARLEY_MANIFEST("com.example.acme", "0.1.0", "provider")
 *
 * id and version as in the entry, then the kinds of the components by their short names, each in
 * quotes. Macros of your own may stand for any of them.
 */
#ifndef PARLEY_MANIFEST_H
#define PARLEY_MANIFEST_H

#include "parley/abi.h"

#define PARLEY_ABI_TEXT "0.1" /* PARLEY_ABI_MAJOR.PARLEY_ABI_MINOR, as manifests spell it */

/* The JSON becomes a string, and that a string of the assembler's: hence two rounds of quotes. */
#define PARLEY_MANIFEST_QUOTED(...) #__VA_ARGS__
#define PARLEY_MANIFEST_JSON(...) PARLEY_MANIFEST_QUOTED(__VA_ARGS__)
#define PARLEY_MANIFEST_TEXT(json) PARLEY_MANIFEST_QUOTED(json)

#define PARLEY_MANIFEST_NOTE(...)                                                   \
    __asm__(".pushsection .note.parley, \"a\", @note\n"                             \
            "    .balign 4\n"                                                       \
            "    .long 7\n"                                                         \
            "    .long 2f - 1f\n"                                                   \
            "    .long 1\n"                                                         \
            "    .asciz \"PARLEY\"\n"                                               \
            "    .balign 4\n"                                                       \
            "1:  .ascii " PARLEY_MANIFEST_TEXT(__VA_ARGS__) "\n"                    \
            "2:  .balign 4\n"                                                       \
            ".popsection\n");

#define PARLEY_MANIFEST(id_, version_, ...)                                         \
    PARLEY_MANIFEST_NOTE(PARLEY_MANIFEST_JSON(                                      \
        {"id": id_, "version": version_, "abi": PARLEY_ABI_TEXT,                    \
         "min_host_minor": 1, "kinds": [__VA_ARGS__], "flags": []}))

#endif
