// live/former_worlds.hpp: the Worlds that others have followed, while exchanges go on in them.
// [control]
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "pipeline/world.hpp"
#include "plugins/catalogue.hpp"

namespace parley::live {

class FormerWorlds {
public:
    // Counted by one loop: each exchange there that goes on in it is one of the count.
    using Here = std::weak_ptr<const pipeline::World>;

    // It was made of these plugins; `here` is for each loop.
    void add(std::shared_ptr<const plugins::Catalogue> catalogue, std::vector<Here> here);

    // Exchanges that began with this library.
    std::uint64_t count_with(const plugins::Library& library);

    // What each loop knows of the Worlds with this library; `loop` is its index.
    void each_with(const plugins::Library& library,
                   const std::function<void(std::size_t loop, const Here& here)>& use);

private:
    struct Former {
        std::vector<const plugins::Library*> libraries;  // which may be gone
        std::vector<Here> here;
    };

    std::vector<Former> all_;
};

}  // namespace parley::live
