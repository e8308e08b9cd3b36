// plugins/bare_library.hpp: a plugin that is loaded and not begun, for who proves what its entry
// promises: nothing of it has been called.
#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "plugins/library.hpp"

namespace parley::plugins {

class BareLibrary {
public:
    // Judged as every file is before it is loaded.
    static base::Result<std::unique_ptr<BareLibrary>> load(const std::string& path,
                                                           const LoadOptions& options);
    ~BareLibrary();  // unloads it
    BareLibrary(const BareLibrary&) = delete;
    BareLibrary& operator=(const BareLibrary&) = delete;

    const parley_entry& entry() const;

    const Manifest& manifest() const;

private:
    struct Loaded;

    explicit BareLibrary(std::unique_ptr<Loaded> loaded);

    std::unique_ptr<Loaded> loaded_;
};

}  // namespace parley::plugins
