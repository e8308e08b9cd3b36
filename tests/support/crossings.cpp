#include "support/crossings.hpp"

#include <algorithm>
#include <stdexcept>

#include "plugins/catalogue.hpp"
#include "support/conversation.hpp"

namespace parley::support {

using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kBytesMax = 1 << 30;

std::unique_ptr<plugins::Registry> load() {
    const auto catalogue = plugins::Catalogue::scan({PARLEY_PLUGIN_FOLDER}, {});
    auto services = std::make_shared<plugins::HostServices>();
    std::vector<std::shared_ptr<plugins::Instance>> instances;
    for (const auto& found : catalogue.all_of(PARLEY_KIND_DIALECT)) {
        plugins::Instance::Faults faults;
        const std::string id(found.component->id);
        auto made =
            plugins::Instance::make(found.library, services, *found.component, id, {}, faults);
        if (made == nullptr) throw std::runtime_error(id + " cannot be made");
        instances.push_back(std::move(made));
    }
    return std::make_unique<plugins::Registry>(std::move(instances));
}

const plugins::Registry& registry() {
    static const auto all = load();
    return *all;
}

template <class T>
T must(base::Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

const pipeline::Carriage& carriage() {
    static const pipeline::Seals seals(base::Secret("a key for tests"));
    static pipeline::Stash stash{config::StashLimits()};
    static const pipeline::Carriage all{seals, stash, "caller", 1};
    return all;
}

const config::Limits& limits() {
    static const config::Limits all;
    return all;
}

std::string joined(const plugins::Rope& rope) {
    std::string all;
    rope.for_each([&](std::string_view piece) { all += piece; });
    return all;
}

parley_event event(std::uint16_t type, std::uint32_t kind = 0) {
    auto e = sized<parley_event>();
    e.type = type;
    e.kind = kind;
    return e;
}

parley_event part_of(Said said) {
    auto part = event(PARLEY_EVENT_PART_STARTED, PARLEY_PART_TEXT);
    if (said == Said::reasoning) part.kind = PARLEY_PART_REASONING;
    if (said == Said::arguments) {
        part.kind = PARLEY_PART_TOOL_CALL;
        part.text = str("call_0123456789");
        part.name = str("read");
        part.a = PARLEY_TOOL_CALL_FUNCTION;
    }
    return part;
}

parley_event delta_of(Said said, std::string_view text) {
    auto delta = event(PARLEY_EVENT_TEXT_DELTA, part_of(said).kind);
    if (said == Said::reasoning) delta.type = PARLEY_EVENT_REASONING_DELTA;
    if (said == Said::arguments) delta.type = PARLEY_EVENT_TOOL_ARGS_DELTA;
    delta.text = str(text);
    return delta;
}

}  // namespace

const std::vector<std::string>& dialects() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> ids;
        for (const auto& each : registry().dialects()) {
            const bool both = translates_clients(*each) && translates_upstreams(*each);
            if (both) ids.emplace_back(each->id());
        }
        return ids;
    }();
    return all;
}

const plugins::Dialect& dialect(std::string_view id) {
    const plugins::Dialect* found = registry().find(id);
    if (found == nullptr) throw std::runtime_error("no dialect " + std::string(id));
    return *found;
}

Request::Request(std::string_view id, std::size_t bytes) : Request(id, agent_request(bytes)) {}

Request::Request(std::string_view id, std::string chat_body) : body_(std::move(chat_body)) {
    constexpr std::string_view kFirst = "openai-chat";
    if (id != kFirst) {
        const Request first(kFirst, body_);
        base::Arena arena(kBytesMax);
        plugins::EncodedRequest encoded(kBytesMax);
        auto target = sized<parley_target>();
        target.model = str("bench");
        const auto* request = must(decode_request(dialect(kFirst), first.call(), arena));
        must(encode_request(dialect(id), *request, target, arena, encoded));
        path_ = view(encoded.head.path);
        query_ = view(encoded.head.query);
        body_ = joined(encoded.body);
    }
    http_.method = str("POST");
    http_.path = str(path_);
    http_.query = str(query_);
    http_.body = plugins::bytes(body_);
    call_.http = &http_;
    call_.content_type = str("application/json");
    std::vector<plugins::Registry::Match> claims;
    registry().match("POST", path_, claims);
    const auto own = std::find_if(
        claims.begin(), claims.end(), [&](const auto& claim) { return claim.dialect->id() == id; });
    if (own == claims.end()) throw std::runtime_error(std::string(id) + " has no route " + path_);
    call_.route = own->route->number;
    call_.operation = own->route->operation;
    call_.path_model = str(own->path_model);
}

std::string Stream::all() const {
    std::string text = start;
    for (const std::string& delta : deltas) text += delta;
    return text + end;
}

std::vector<parley_event> reply(Said said, int deltas) {
    const bool calls = said == Said::arguments;
    auto started = event(PARLEY_EVENT_RESPONSE_STARTED);
    started.text = str("an-id-as-long-as-they-are-0123456789");
    started.name = str("bench");
    started.a = 1'700'000'000;
    auto ended = event(PARLEY_EVENT_PART_ENDED, part_of(said).kind);
    ended.flags = PARLEY_EVENT_COMPLETE;
    auto usage = event(PARLEY_EVENT_USAGE, PARLEY_USAGE_INPUT | PARLEY_USAGE_OUTPUT);
    usage.a = 57;
    usage.b = 200;
    const auto finish =
        event(PARLEY_EVENT_FINISH, calls ? PARLEY_FINISH_TOOL_CALLS : PARLEY_FINISH_STOP);
    // All deltas of arguments together are one JSON object.
    std::vector<parley_event> all{
        started, part_of(said), delta_of(said, calls ? R"({"first":1)" : "So")};
    const auto delta =
        delta_of(said, calls ? R"(,"path":"some more")" : " \"more\" text, as it comes");
    all.insert(all.end(), static_cast<std::size_t>(deltas), delta);
    const auto last = delta_of(said, calls ? "}" : ".");
    all.insert(all.end(), {last, ended, usage, finish});
    return all;
}

EventWriter::EventWriter(const plugins::Dialect& dialect)
    : arena_(kBytesMax), outlet_(out_, kBytesMax) {
    request_.operation = PARLEY_OPERATION_GENERATE;
    request_.flags = PARLEY_REQUEST_STREAM | PARLEY_REQUEST_STREAM_USAGE;
    request_.model = str("bench");
    open_.flags = PARLEY_CODEC_STREAM;
    open_.request = &request_;
    open_.target = &target_;
    open_.model = str("bench");
    open_.arena = arena_.border();
    must(encoder_.open(dialect, open_));
}

std::string_view EventWriter::write(const parley_event& e) {
    out_.clear();
    must(encoder_.encode(e, outlet_, arena_));
    return out_.view();
}

Stream stream(std::string_view id, Said said, int deltas) {
    EventWriter writer(dialect(id));
    Stream s;
    const std::vector<parley_event> all = reply(said, deltas);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string_view text = writer.write(all[i]);
        if (i < kFirstDelta) {
            s.start += text;
        } else if (i < kFirstDelta + static_cast<std::size_t>(deltas)) {
            s.deltas.emplace_back(text);
        } else {
            s.end += text;
        }
    }
    return s;
}

Exchange::Exchange(std::string_view client, std::string_view upstream, const Request& request)
    : arena_(kBytesMax),
      crossing_(dialect(client), dialect(upstream), request.call(), arena_, carriage(), limits()) {
    head_.status = 200;
    head_.content_type = str("text/event-stream");
    pipeline::Crossing::Terms terms;
    terms.model = "bench";
    must(crossing_.translate(terms));
}

void Exchange::open() {
    must(crossing_.speak(true, "bench"));
    must(crossing_.listen(head_, true));
}

void Exchange::feed(std::string_view bytes, bool eof) {
    must(crossing_.feed(bytes, eof));
}

}  // namespace parley::support
