#include "base/core_dump.hpp"

#include <sys/prctl.h>

namespace parley::base {

void forbid_core_dumps() {
    ::prctl(PR_SET_DUMPABLE, 0);
}

void allow_core_dumps() {
    ::prctl(PR_SET_DUMPABLE, 1);
}

}  // namespace parley::base
