#include "crossing_out.hpp"

namespace parley::openai {

using sdk::view;

void Body::data_url(std::string_view mime, parley_str base64) {
    std::string head = "data:";
    (head += mime.empty() ? std::string_view("application/octet-stream") : mime) += ";base64,";
    std::string quoted;
    sdk::json_quote(head, quoted);
    quoted.pop_back();
    json.raw(quoted);
    tail_of_string(base64);
}

void Body::base64(parley_str data) {
    json.raw("\"");
    tail_of_string(data);
}

// What the client wrote inside of a string without escapes needs none here.
void Body::tail_of_string(parley_str data) {
    const char* body = view(request_.raw).data();
    const bool inside =
        body != nullptr && data.ptr >= body && data.ptr + data.len <= body + request_.raw.len;
    if (inside) {
        flush();
        out_.borrow(view(data));
        text_ += '"';
        return;
    }
    std::string quoted;
    sdk::json_quote(view(data), quoted);
    text_ += std::string_view(quoted).substr(1);
}

void Crossing::finish(std::string_view path, parley_encoded_request& head) {
    head.path = arena_.copy(path);
    head.content_type = sdk::str("application/json");
    head.warnings = sdk::keep(arena_, warnings_.all());
    head.warning_count = warnings_.all().size();
}

}  // namespace parley::openai
