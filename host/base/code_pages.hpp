// base/code_pages.hpp: code that has run and is not about to run again.
#pragma once

namespace parley::base {

/// Lets go of the code and the constants that were mapped from files: what is called again is there
/// again at its first call, from the system's cache. After a start or a reload this is most of what
/// a process that waits appears to hold, for the system maps what is around each page, too. What
/// was written to is not touched, nor are plugins, whose copies are in no file. Any thread.
void let_go_of_code();

}  // namespace parley::base
