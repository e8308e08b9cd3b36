#include "live/former_worlds.hpp"

#include <algorithm>

namespace parley::live {

namespace {

bool is_gone(const FormerWorlds::Here& here) {
    return here.expired();
}

}  // namespace

void FormerWorlds::add(std::shared_ptr<const plugins::Catalogue> catalogue,
                       std::vector<Here> here) {
    std::erase_if(all_, [](const Former& former) {
        return std::all_of(former.here.begin(), former.here.end(), is_gone);
    });
    Former former;
    for (const auto& library : catalogue->libraries()) former.libraries.push_back(library.get());
    former.here = std::move(here);
    all_.push_back(std::move(former));
}

void FormerWorlds::each_with(const plugins::Library& library,
                             const std::function<void(std::size_t, const Here&)>& use) {
    for (const Former& former : all_) {
        const auto& libraries = former.libraries;
        if (std::find(libraries.begin(), libraries.end(), &library) == libraries.end()) continue;
        for (std::size_t loop = 0; loop < former.here.size(); ++loop) {
            if (!is_gone(former.here[loop])) use(loop, former.here[loop]);
        }
    }
}

std::uint64_t FormerWorlds::count_with(const plugins::Library& library) {
    std::uint64_t count = 0;
    each_with(library, [&](std::size_t, const Here& here) {
        count += static_cast<std::uint64_t>(here.use_count());
    });
    return count;
}

}  // namespace parley::live
