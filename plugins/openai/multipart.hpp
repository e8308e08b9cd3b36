// multipart.hpp: walk the fields of a multipart/form-data body (RFC 7578) without copying them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "parley/abi.h"

namespace parley::openai {

bool is_multipart(std::string_view content_type);

struct FormField {
    std::string_view name;
    parley_span value;  // where it stands in the body
};

// Passes over the body once. Throws sdk::Failure when it is not what its content type says; what
// one parser takes for a boundary and another for content must not hide a field from us.
class FormReader {
public:
    FormReader(std::string_view content_type, std::string_view body);
    FormReader(const FormReader&) = delete;
    FormReader& operator=(const FormReader&) = delete;

    // The next field; false behind the last one.
    bool next(FormField& field);

private:
    using Searcher = std::boyer_moore_searcher<const char*>;

    // Finds the next delimiter from `from` on, sets at_ behind it and returns where it starts.
    std::size_t pass_delimiter(std::size_t from);
    // Whether a delimiter ends at `end`, which sets at_, or just text that looks like one.
    bool ends_delimiter(std::size_t end);

    std::string_view body_;
    std::string delimiter_;  // "\r\n--boundary"
    Searcher search_;
    std::size_t at_ = 0;
    bool last_ = false;
};

}  // namespace parley::openai
