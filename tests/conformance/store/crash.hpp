// crash.hpp: how a process is told by which of its calls that change files it dies or fails, and
// how many there were; see crash_shim.c.
#pragma once

#include <fstream>
#include <string>
#include <vector>

namespace parley::store_test {

// Variables for a process whose call number `at` below a folder is at fault; 0: none is. With an
// error that call fails, without one the process is killed. How many there were is in `count_file`.
inline std::vector<std::string> at_fault(const std::string& below,
                                         int at,
                                         int error,
                                         const std::string& count_file) {
    return {"LD_PRELOAD=" PARLEY_CRASH_SHIM,
            "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0",
            "PARLEY_CRASH_BELOW=" + below,
            "PARLEY_CRASH_AT=" + std::to_string(at),
            "PARLEY_CRASH_ERRNO=" + std::to_string(error),
            "PARLEY_CRASH_COUNT=" + count_file};
}

inline int calls_in(const std::string& count_file) {
    int count = 0;
    std::ifstream(count_file) >> count;
    return count;
}

}  // namespace parley::store_test
