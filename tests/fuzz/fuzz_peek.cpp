// Requests: either refused, or what is sent instead names the new model, keeps the stream as it is,
// asks for usage if that was said, and is otherwise the same.
#include <deque>

#include "fuzz.hpp"
#include "parley/sdk/plugin.hpp"
#include "request.hpp"

namespace parley {

using fuzz::check;

struct Request {
    Request(std::string_view type, std::string_view body) {
        http.body = sdk::bytes(body);
        call.http = &http;
        call.content_type = sdk::str(type);
    }

    static void* alloc(const parley_arena* arena, std::uint64_t size, std::uint64_t) {
        auto* memory = static_cast<std::deque<std::string>*>(arena->ctx);
        return memory->emplace_back(size, '\0').data();
    }

    std::deque<std::string> memory;
    parley_arena border{sizeof(border), 0, &memory, alloc};
    sdk::Arena arena{&border};
    parley_http_request http{};
    parley_call call{};
    parley_peek peeked{};
    parley_retarget changes{sizeof(changes), PARLEY_RETARGET_ADD_USAGE, nullptr, 0, {}, {}};
};

void rename(const fuzz::Input& input) {
    const std::string_view type = input.header("content-type: ");
    // Routes that take forms know no options of streams.
    const bool is_form = type.starts_with("multipart");
    openai::RequestKind kind{.default_model = input.says("/v1/images") ? "default" : "",
                             .chat_stream_options = !is_form && !input.says("/v1/responses")};
    Request r(type, input.body);
    openai::peek_request(r.call, kind, r.arena, r.peeked);
    openai::retarget_request(r.call, kind, r.peeked, "up-1", r.arena, r.changes);
    std::string sent(input.body);
    for (std::uint64_t i = r.changes.edit_count, end = sent.size(); i-- > 0;) {
        const parley_edit& edit = r.changes.edits[i];
        check(edit.at + edit.len <= end);
        sent.replace(edit.at, edit.len, sdk::view(edit.text));
        end = edit.at;
    }
    Request again(type, sent);
    // A refusal of what we send ourselves ends here.
    [&]() noexcept { openai::peek_request(again.call, kind, again.arena, again.peeked); }();
    const std::uint32_t differ = again.peeked.flags ^ r.peeked.flags;
    check(sdk::view(again.peeked.model) == "up-1");
    check(differ == (r.changes.flags != 0 ? PARLEY_PEEK_WANTS_USAGE : 0));
    check(sdk::view(again.peeked.session_key) == sdk::view(r.peeked.session_key));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        rename({data, size});
    } catch (const sdk::Failure& why) {
        check(why.error_class == PARLEY_E_INVALID_ARGUMENT && !why.message.empty());
    }
    return 0;
}

}  // namespace parley
