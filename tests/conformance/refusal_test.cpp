// The sentence for everything that can be wrong with a plugin: what was found, and what to do.
#include <gtest/gtest.h>

#include "fixture.hpp"

namespace parley::plugins {
namespace {

struct Case {
    const char* plugin;
    const char* check;
    const char* sentence;
};

std::ostream& operator<<(std::ostream& out, const Case& one) {
    return out << one.plugin;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
    return info.param.plugin;
}

class Refusal : public PluginFolder, public testing::WithParamInterface<Case> {};

TEST_P(Refusal, SaysWhatIsWrong) {
    EXPECT_EQ(refused(put(GetParam().plugin)), GetParam().sentence);
    EXPECT_EQ(check_, GetParam().check);
}

const Case kByTheFile[] = {
    {"no_manifest",
     "A2",
     "manifest: none found; an ELF note of owner PARLEY was expected, build with "
     "parley_add_plugin"},
    {"not_json", "A2", "manifest: not JSON (syntax error); an object was expected"},
    {"not_object", "A2", "manifest: not an object; {\"id\": ...} was expected"},
    {"bad_id",
     "A2",
     "manifest: id: \"Broken\"; a reverse DNS name such as \"dev.parley.example\" was expected"},
    {"bad_version",
     "A2",
     "manifest: version: \"1\"; a semantic version such as \"1.2.3\" was expected"},
    {"no_abi", "A2", "manifest: abi: missing; \"MAJOR.MINOR\" was expected"},
    {"long_manifest", "A2", "manifest: 4209 bytes; at most 4096 were expected"},
    {"note_size",
     "A1",
     "elf: the manifest's note has a wrong size; the file is damaged, build it again"},
    {"two_manifests", "A2", "manifest: 2 found; one ELF note of owner PARLEY was expected"},
    {"abi_major",
     "A2",
     "abi: built for 7.0; this host has 0.1, rebuild the plugin with its headers"},
    {"abi_minor", "A2", "abi: needs a host of 0.9 or later; this host has 0.1, update parley"},
    {"no_entry",
     "A3",
     "symbols: no parley_plugin_v0 exported; every plugin has that one, define it with "
     "PARLEY_PLUGIN_ENTRY"},
    {"other_entry",
     "A3",
     "symbols: exports \"parley_plugin_v7\"; this host loads parley_plugin_v0, rebuild the plugin "
     "with its headers"},
    {"extra_symbol",
     "A3",
     "symbols: exports \"leaked_function\" beside parley_plugin_v0; nothing else was expected, "
     "link with the version script plugin.map"},
    {"entry_is_function",
     "A3",
     "symbols: parley_plugin_v0 is no data; a parley_entry was expected, define it with "
     "PARLEY_PLUGIN_ENTRY"},
    {"small_entry",
     "A3",
     "symbols: parley_plugin_v0 has 16 bytes; a parley_entry of 96 was expected, define it with "
     "PARLEY_PLUGIN_ENTRY"},
    {"unique",
     "A4",
     "symbols: \"_ZZN7CounterImE5valueEvE5count\" of binding GNU_UNIQUE; these keep a library in "
     "memory for ever, compile with -fno-gnu-unique and link with the version script plugin.map"},
    {"nodelete",
     "A5",
     "flags: DF_1_NODELETE; link without -z nodelete, or declare the plugin resident (FLAGS "
     "resident)"},
    {"static_tls",
     "A5",
     "flags: DF_STATIC_TLS; the room for that is gone after a few reloads, compile without "
     "-ftls-model=initial-exec"},
    {"thread_atexit",
     "A6",
     "symbols: imports __cxa_thread_atexit; a thread_local with a destructor keeps the library in "
     "memory, hold such things by loop_index of parley.host.thread-check/1"},
    {"text_relocation",
     "A8",
     "flags: DF_TEXTREL; code may not change when it is loaded, compile with -fPIC"},
    {"exec_stack", "A8", "segments: an executable stack is asked for; link with -z noexecstack"},
    {"no_relro", "A8", "segments: no GNU_RELRO; link with -z relro"},
    {"lazy", "A8", "flags: no BIND_NOW; link with -z now"},
};
INSTANTIATE_TEST_SUITE_P(ByTheFile, Refusal, testing::ValuesIn(kByTheFile), name_of);

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
const Case kBySanitizer[] = {
    {"sanitized",
     "A7",
     "needs: \"libasan.so.8\"; it ends processes that did not begin with it, build the plugin "
     "without a sanitizer"},
};
INSTANTIATE_TEST_SUITE_P(BySanitizer, Refusal, testing::ValuesIn(kBySanitizer), name_of);
#endif

const Case kByTheEntry[] = {
    {"undefined",
     "B1",
     "load: undefined symbol: parley_test_nowhere; the system's loader refused it"},
    {"thread",
     "B2",
     "load: started 1 thread; plugins compute and the host waits, or it declares own-threads"},
    {"signal", "B2", "load: changed the handling of signal 12; signals are the host's"},
    {"entry_size",
     "B3",
     "entry: struct_size 0; a multiple of 8 from 96 to 4096 was expected, set it by sizeof"},
    {"entry_abi", "B3", "entry: abi is 7.1, but the manifest says 0.1; write the same in both"},
    {"entry_id",
     "B3",
     "entry: id is \"dev.parley.test.other\\nname\", but the manifest says "
     "\"dev.parley.test.broken\"; write the same in both"},
    {"entry_version",
     "B3",
     "entry: version is \"1.0.1\", but the manifest says \"1.0.0\"; write the same in both"},
    {"entry_flags", "B3", "entry: flags are 1, but the manifest says 0; write the same in both"},
    {"entry_reserved", "B3", "entry: reserved0 is 1; 0 was expected"},
    {"entry_null", "B3", "entry: component_count is missing; it is required"},
    {"kind_unlisted",
     "B3",
     "component \"broken\": is of kind \"provider\", which the manifest does not list; add it to "
     "KINDS"},
    {"kind_unoffered",
     "B3",
     "entry: no component of kind \"policy\", which the manifest lists; take it out of KINDS"},
    {"count_throws", "B3", "entry: threw \"lost count\"; nothing may throw across the border"},
    {"init_fails",
     "B3",
     "init: failed with config: the moon is not full\\nDec 24 00:00:00 a line of its own"},
    {"init_throws", "B3", "init: threw \"out of cheese\"; nothing may throw across the border"},
    {"init_throws_odd",
     "B3",
     "init: threw an exception of no known type; nothing may throw across the border"},
    {"init_thread", "B3", "init: failed with internal: no reason given"},
};
INSTANTIATE_TEST_SUITE_P(ByTheEntry, Refusal, testing::ValuesIn(kByTheEntry), name_of);

const Case kByAComponent[] = {
    {"no_components", "B3", "entry: 0 components; 1 to 64 were expected"},
    {"component_null", "B3", "component 1: NULL; component_count says 3"},
    {"component_twice",
     "B3",
     "component \"broken\": comes twice with kind \"parley.provider/1\"; give each its own id"},
    {"component_name",
     "B3",
     "component 0: id is \"Not_Kebab\"; a name such as \"my-provider\" was expected"},
    {"component_kind",
     "B3",
     "component \"broken\": kind is \"provider\"; an id such as \"parley.provider/1\" was "
     "expected"},
    {"component_size",
     "B3",
     "component 0: struct_size 4; a multiple of 8 from 136 to 4096 was expected, set it by "
     "sizeof"},
    {"component_schema",
     "C2",
     "component \"broken\": config_schema: schema: properties.url.type: unknown type; known: null, "
     "boolean, integer, number, string, array, object"},
    {"component_destroy", "B3", "component \"broken\": destroy is missing; it is required"},
    {"table_missing",
     "B3",
     "component \"broken\": table: missing; one of parley.provider/1 was expected"},
    {"table_size",
     "B3",
     "component \"broken\": table: struct_size 16; a multiple of 8 from 64 to 4096 was expected, "
     "set it by sizeof"},
    {"table_reserved", "B3", "component \"broken\": table: reserved0 is 9; 0 was expected"},
    {"table_null",
     "B3",
     "component \"broken\": table: plan is missing; parley.provider/1 requires it"},
    {"table_bond",
     "B3",
     "component \"broken\": table: answer_step is missing; it is needed with answer_open"},
};
INSTANTIATE_TEST_SUITE_P(ByAComponent, Refusal, testing::ValuesIn(kByAComponent), name_of);

}  // namespace
}  // namespace parley::plugins
