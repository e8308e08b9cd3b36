// json_text.hpp: pieces of JSON as text, taken apart and put together without a document.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/sdk/json.hpp"
#include "parley/sdk/tree.hpp"

namespace parley::claude {

// Without the space between tokens. The text has been checked.
std::string compact(std::string_view json);

// Whether it is one whole JSON value, and whether that is an object.
bool is_json(std::string_view text);
bool is_object(std::string_view text);

// The object with one member replaced, or added at its end.
std::string with_member(std::string_view object, std::string_view key, std::string_view value);

// The members of one object as raw text. Of two members with the same key the later counts.
class Members {
public:
    // Nothing at all when the text is no object. Views of the text stay good as long as it does.
    explicit Members(std::string_view object);

    // The raw value of a member, which now counts as understood; empty when there is none, or null.
    std::string_view take(std::string_view key);

    bool has(std::string_view key) const;

    // A string member; empty when it is something else.
    parley_str text(sdk::Arena& arena, std::string_view key);
    std::string text(std::string_view key);
    uint64_t count(std::string_view key, uint64_t otherwise = 0);
    // PARLEY_SAYS_*
    uint32_t says(std::string_view key);
    parley_number number(std::string_view key);

    // What nobody took, as an object; empty when there is nothing left.
    std::string rest() const;

private:
    struct Member {
        sdk::JsonString key;
        std::string_view value;
        bool taken = false;
    };

    Member* find(std::string_view key);

    std::vector<Member> all_;
};

}  // namespace parley::claude
