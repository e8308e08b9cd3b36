// read_request.hpp: a client's request becomes the canonical one.
#pragma once

#include <string>
#include <string_view>

#include "parley/dialect.h"
#include "parley/sdk/draft.hpp"
#include "wire.hpp"

namespace parley::gemini {

const parley_request* read_request(const parley_call& call, sdk::Arena& arena);

// The members of a request, each read where it stands. What it does not know is kept for requests
// that go to this dialect again.
class RequestReader {
public:
    RequestReader(const parley_call& call, sdk::Arena& arena);

    const parley_request* read();

private:
    void read_members(std::string_view json);
    void member(const sdk::JsonString& key, sdk::JsonReader& r);
    void count(sdk::JsonReader& r);
    void embed_one(std::string_view json, const sdk::Path& path);
    void embed_config(sdk::JsonReader& r);
    parley_str embed_text(std::string_view content, const sdk::Path& path);
    void system(sdk::JsonReader& r);
    void unknown(const sdk::JsonString& key, sdk::JsonReader& r);
    void keep_extras();

    sdk::RequestDraft draft_;
    sdk::Arena& arena_;
    std::string extras_;  // members, each with a comma in front
    std::vector<parley_str> inputs_;
    std::string_view contents_;
    std::string_view generation_;
    std::string_view tool_config_;
    std::string_view tools_;
};

// contents (read_contents.cpp)
void read_contents(std::string_view json, sdk::RequestDraft& draft);

// generationConfig, safetySettings (read_config.cpp); gives the members that it does not know.
std::string read_generation(std::string_view json, sdk::RequestDraft& draft);
void read_safety(sdk::JsonReader& r, sdk::RequestDraft& draft);
uint32_t read_tier(sdk::JsonReader& r);

// tools, toolConfig (read_tools.cpp)
void read_tools(std::string_view json, bool is_strict, sdk::RequestDraft& draft);

struct ToolConfig {
    bool is_strict = false;  // mode VALIDATED
    std::string rest;        // members that it does not know
};

ToolConfig read_tool_config(std::string_view json, sdk::RequestDraft& draft);

// A member and its value for one of the lists above.
inline void keep_member(const sdk::JsonString& key, sdk::JsonReader& r, std::string& into) {
    if (!into.empty()) into += ',';
    into += '"';
    into += key.raw;
    into += "\":";
    compact(r.raw(), into);
}

}  // namespace parley::gemini
