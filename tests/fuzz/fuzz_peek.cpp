// Requests: either refused, or what is sent instead names the new model, keeps the stream as it is, asks
// for usage if that was said, and is otherwise the same.
#include <deque>

#include "fuzz.hpp"
#include "parley/sdk/plugin.hpp"
#include "request.hpp"

using parley::fuzz::check;
using parley::fuzz::Input;
using namespace parley;

namespace {

void* alloc(const parley_arena* arena, std::uint64_t size, std::uint64_t) {
    return static_cast<std::deque<std::string>*>(arena->ctx)->emplace_back(size, '\0').data();
}

struct Request {
    Request(std::string_view type, std::string_view body) {
        http.body = sdk::bytes(body);
        call.http = &http;
        call.content_type = sdk::str(type);
    }

    bool peek(const openai::RequestKind& kind) {
        try {
            openai::peek_request(call, kind, arena, peeked);
            return true;
        } catch (const sdk::Failure& why) {
            check(why.error_class == PARLEY_E_INVALID_ARGUMENT && !why.message.empty());
            return false;
        }
    }

    std::deque<std::string> memory;
    parley_arena border{sizeof(border), 0, &memory, alloc};
    sdk::Arena arena{&border};
    parley_http_request http{};
    parley_call call{};
    parley_peek peeked{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Input input(data, size);
    const std::size_t type_at = input.head.find("content-type: ");
    const std::string_view type = type_at == input.head.npos ? "" : input.head.substr(type_at + 14);
    openai::RequestKind kind{.default_model = input.says("/v1/images") ? "default" : "",
                             .chat_stream_options = !input.says("/v1/responses")};
    Request request(type, input.body);
    if (!request.peek(kind)) return 0;
    parley_retarget changes{};
    changes.flags = PARLEY_RETARGET_ADD_USAGE;
    try {
        openai::retarget_request(request.call, kind, request.peeked, "up-1", request.arena, changes);
    } catch (const sdk::Failure&) {
        return 0;  // a form without the field
    }
    std::string sent(input.body);
    for (std::uint64_t i = changes.edit_count; i-- > 0;) {
        const parley_edit& edit = changes.edits[i];
        check(edit.at + edit.len <= sent.size());
        check(i == 0 || changes.edits[i - 1].at + changes.edits[i - 1].len <= edit.at);
        sent.replace(edit.at, edit.len, sdk::view(edit.text));
    }
    Request again(type, sent);
    check(again.peek(kind) && sdk::view(again.peeked.model) == "up-1");
    const std::uint32_t stream = request.peeked.flags & PARLEY_PEEK_STREAM;
    check((again.peeked.flags & PARLEY_PEEK_STREAM) == stream);
    const bool usage = (again.peeked.flags & PARLEY_PEEK_WANTS_USAGE) != 0;
    check(changes.flags == 0 || usage);
    check(sdk::view(again.peeked.session_key) == sdk::view(request.peeked.session_key));
    return 0;
}
