// live/reload.hpp: the configuration is read again when somebody says so (SIGHUP). [control]
#pragma once

#include <functional>

#include "config/load.hpp"
#include "live/house.hpp"

namespace parley::live {

class Reload {
public:
    // Reads everything that the configuration is made from.
    using Read = std::function<config::Loaded()>;

    Reload(House& house, Read read);

    // Takes over what is there now. What is wrong with it is logged, and the house stays as it is.
    void now();

private:
    House& house_;
    Read read_;
};

}  // namespace parley::live
