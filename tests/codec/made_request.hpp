// made_request.hpp: canonical requests made by hand or by chance, in normal form.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "chance.hpp"
#include "codec.hpp"
#include "parley/sdk/draft.hpp"

namespace parley::codec {

// Collects a request as a client of `dialect` would have asked it. Members that a request points to
// are made when they are first named.
class MadeRequest {
public:
    explicit MadeRequest(std::string_view dialect)
        : arena_(std::make_shared<TestArena>()),
          memory_(arena_->sdk()),
          draft_(memory_, dialect, call()) {
        request().dialect = copy(dialect);
        request().model = str("m-x");
        request().flags = PARLEY_REQUEST_STREAM | PARLEY_REQUEST_STREAM_USAGE;
    }

    parley_request& request() { return draft_.request; }

    sdk::RequestDraft& draft() { return draft_; }

    // A text that lives as long as the request.
    parley_str copy(std::string_view text) { return memory_.copy(text); }

    parley_number number(std::string_view text) {
        sdk::JsonReader r(text);
        parley_number n = sdk::read_number(r);
        n.text = copy(text);
        return n;
    }

    template <class T>
    T& make() {
        return sdk::make<T>(memory_);
    }

    parley_sampling& sampling() { return member(request().sampling); }

    parley_reasoning_ask& reasoning() { return member(request().reasoning); }

    parley_format& format() { return member(request().format); }

    parley_cache& cache() { return member(request().cache); }

    parley_previous& previous() { return member(request().previous); }

    parley_identity& identity() { return member(request().identity); }

    parley_tool_choice& choice() { return member(request().tool_choice); }

    // Whether nobody has asked this before.
    bool first_time(const std::string& what) { return said_.insert(what).second; }

    template <class T>
    T* keep(const std::vector<T>& list) {
        return sdk::keep(memory_, list);
    }

    // ---- turns ----

    void begin(uint32_t role) { draft_.begin(role, "messages[" + std::to_string(turns_++) + "]"); }

    parley_part& part(uint32_t kind) {
        parley_part& p = draft_.part(kind, origin());
        into_ == nullptr ? draft_.add(p) : into_->push_back(&p);
        return p;
    }

    parley_part& text(std::string_view words) {
        parley_part& p = part(PARLEY_PART_TEXT);
        p.text = copy(words);
        return p;
    }

    parley_part& instruct(std::string_view words, uint32_t role = PARLEY_ROLE_SYSTEM) {
        parley_part& p = draft_.text_part(copy(words), "instructions");
        draft_.instruct(p, role);
        return p;
    }

    parley_media& media(uint32_t kind,
                        uint32_t source,
                        std::string_view mime,
                        std::string_view data) {
        auto& media = make<parley_media>();
        media.source = source;
        media.mime = copy(mime);
        media.data = copy(data);
        part(kind).media = &media;
        return media;
    }

    parley_tool_call& tool_call(std::string_view id, std::string_view name, std::string_view args) {
        auto& call = make<parley_tool_call>();
        call.kind = PARLEY_TOOL_CALL_FUNCTION;
        call.id = copy(id);
        call.name = copy(name);
        call.arguments = copy(args);
        part(PARLEY_PART_TOOL_CALL).tool_call = &call;
        return call;
    }

    // A result; the parts that `fill` adds are its content.
    template <class Fill>
    parley_tool_result& tool_result(std::string_view id, Fill fill) {
        auto& result = make<parley_tool_result>();
        result.call_id = copy(id);
        inside(fill, result.parts, result.part_count);
        part(PARLEY_PART_TOOL_RESULT).tool_result = &result;
        return result;
    }

    // Parts that `fill` adds go into a list of their own.
    template <class Fill>
    void inside(Fill fill, const parley_part* const*& parts, uint64_t& count) {
        std::vector<const parley_part*> list;
        into_ = &list;
        fill();
        into_ = nullptr;
        parts = sdk::keep(memory_, list);
        count = list.size();
    }

    // ---- tools ----

    parley_tool& function(std::string_view name, std::string_view schema = {}) {
        parley_tool& tool =
            draft_.tool(PARLEY_TOOL_FUNCTION, "tools[" + std::to_string(tools_++) + "]");
        tool.name = copy(name);
        tool.schema = copy(schema);
        return tool;
    }

    // A tool that the provider runs, in the spelling of its own dialect.
    parley_server_tool& server_tool(std::string_view type,
                                    std::string_view wire_type,
                                    std::string_view config) {
        parley_tool& tool =
            draft_.tool(PARLEY_TOOL_SERVER, "tools[" + std::to_string(tools_++) + "]");
        auto& server = make<parley_server_tool>();
        server.type = copy(type);
        server.config = copy(config);
        tool.name = server.type;
        tool.wire_type = copy(wire_type);
        tool.server = &server;
        return server;
    }

    Decoded finish() {
        Decoded made;
        made.arena = arena_;
        made.request = draft_.finish();
        return made;
    }

private:
    template <class T>
    T& member(const T*& place) {
        if (place == nullptr) place = &make<T>();
        return const_cast<T&>(*place);  // NOLINT: made by ourselves, a line above
    }

    std::string origin() const { return "messages[" + std::to_string(turns_ - 1) + "].content"; }

    static const parley_call& call() {
        static const parley_http_request http = sized<parley_http_request>();
        static const parley_call kCall = [] {
            auto c = sized<parley_call>();
            c.operation = PARLEY_OPERATION_GENERATE;
            c.http = &http;
            return c;
        }();
        return kCall;
    }

    std::shared_ptr<TestArena> arena_;
    sdk::Arena memory_;
    sdk::RequestDraft draft_;
    std::vector<const parley_part*>* into_ = nullptr;
    std::set<std::string> said_;
    std::size_t turns_ = 0;
    std::size_t tools_ = 0;
};

}  // namespace parley::codec
