// corpus.hpp: recorded exchanges, where there are some (PARLEY_CORPUS, else ../shared/corpus).
#pragma once

#include <string>
#include <vector>

namespace parley::codec {

struct Recorded {
    std::string id;
    std::string wire;  // the id of a dialect
    std::string path;
    std::string query;
    std::string request;  // empty where it is not known
    std::string reply;
    int status = 0;
    bool streamed = false;
};

// In the order of their ids; empty where there is no corpus.
const std::vector<Recorded>& corpus();

}  // namespace parley::codec
