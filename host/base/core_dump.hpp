// base/core_dump.hpp: what a crash leaves behind. A dump of a process that serves holds every
// secret of it.
#pragma once

namespace parley::base {

// No dump of this process is written, and no other process of this user reads its memory. For as
// long as it runs the same program.
void forbid_core_dumps();
// As the system has it.
void allow_core_dumps();

}  // namespace parley::base
