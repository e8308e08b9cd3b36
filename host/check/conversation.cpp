#include "check/conversation.hpp"

#include <deque>
#include <random>

#include "check/guarded.hpp"
#include "parley/sdk/emitter.hpp"

namespace parley::check {

using plugins::sized;
using plugins::str;
using plugins::view;
using sdk::make_event;

namespace {

constexpr std::size_t kArenaBytes = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kReplyBytes = std::size_t{64} * 1024 * 1024;
constexpr std::string_view kModel = "a-model";
constexpr std::string_view kClient = "checks";

parley_part text_part(std::string_view text) {
    auto part = sized<parley_part>();
    part.kind = PARLEY_PART_TEXT;
    part.text = str(text);
    return part;
}

parley_event started() {
    parley_event e = make_event(PARLEY_EVENT_RESPONSE_STARTED);
    e.text = str("resp-1");
    e.name = str(kModel);
    e.a = 1'700'000'000;
    return e;
}

void end_with(std::vector<parley_event>& events, std::uint32_t finish) {
    parley_event usage = make_event(PARLEY_EVENT_USAGE);
    usage.kind = PARLEY_USAGE_INPUT | PARLEY_USAGE_OUTPUT;
    usage.a = 7;
    usage.b = 3;
    events.push_back(usage);
    parley_event last = make_event(PARLEY_EVENT_FINISH);
    last.kind = finish;
    events.push_back(last);
}

void add_part(std::vector<parley_event>& events,
              std::uint32_t number,
              bool is_call,
              const std::vector<std::string>& pieces) {
    static const char* const kIds[] = {"call_1", "call_2", "call_3", "call_4", "call_5", "call_6"};
    parley_event start = make_event(PARLEY_EVENT_PART_STARTED);
    start.part = number;
    start.kind = is_call ? PARLEY_PART_TOOL_CALL : PARLEY_PART_TEXT;
    if (is_call) {
        start.text = str(kIds[number % std::size(kIds)]);
        start.name = str("look");
    }
    events.push_back(start);
    for (const std::string& piece : pieces) {
        parley_event delta =
            make_event(is_call ? PARLEY_EVENT_TOOL_ARGS_DELTA : PARLEY_EVENT_TEXT_DELTA);
        delta.part = number;
        delta.kind = start.kind;
        delta.text = str(piece);
        events.push_back(delta);
    }
    parley_event end = make_event(PARLEY_EVENT_PART_ENDED);
    end.part = number;
    end.kind = start.kind;
    end.flags = PARLEY_EVENT_COMPLETE;
    events.push_back(end);
}

}  // namespace

Question::Question(std::string_view text, bool is_stream)
    : text_(text_part(text)),
      system_(text_part("You are terse.")),
      parts_{&text_},
      instructions_{&system_},
      message_(sized<parley_message>()),
      messages_{&message_},
      request_(sized<parley_request>()),
      target_(sized<parley_target>()),
      is_stream_(is_stream) {
    system_.role = PARLEY_ROLE_SYSTEM;
    message_.role = PARLEY_ROLE_USER;
    message_.parts = parts_;
    message_.part_count = 1;
    request_.operation = PARLEY_OPERATION_GENERATE;
    request_.flags = is_stream ? PARLEY_REQUEST_STREAM | PARLEY_REQUEST_STREAM_USAGE : 0;
    request_.dialect = str(kClient);
    request_.model = str(kModel);
    request_.instructions = instructions_;
    request_.instruction_count = 1;
    request_.messages = messages_;
    request_.message_count = 1;
    target_.model = str(kModel);
}

parley_codec_open Question::open(base::Arena& arena, const parley_http_reply_head* head) const {
    auto open = sized<parley_codec_open>();
    open.flags = is_stream_ ? PARLEY_CODEC_STREAM : 0;
    open.request = &request_;
    open.target = &target_;
    open.head = head;
    open.model = str(kModel);
    open.arena = arena.border();
    return open;
}

std::vector<parley_event> answer_of(const std::vector<std::string>& pieces, bool is_call) {
    std::vector<parley_event> events{started()};
    add_part(events, 0, is_call, pieces);
    end_with(events, is_call ? PARLEY_FINISH_TOOL_CALLS : PARLEY_FINISH_STOP);
    return events;
}

std::vector<parley_event> random_answer(unsigned number) {
    static const std::vector<std::string> kTexts[] = {
        {"Hel", "lo"}, {"\xc3\xa9\xe2\x82\xac \"q\" \\ \n"}, {"data: [DONE]", "\n\n"}, {"a"}};
    static const std::vector<std::string> kArguments[] = {
        {R"({"path")", R"(:"/a"})"}, {"{}"}, {R"({"n":1,"s":"\u20ac"})"}};
    std::mt19937 random(number);
    std::vector<parley_event> events{started()};
    const auto parts = static_cast<std::uint32_t>(random() % 4);
    bool has_called = false;
    for (std::uint32_t part = 0; part < parts; ++part) {
        const bool is_call =
            has_called || random() % 2 == 0;  // calls come last, as in most dialects
        has_called = has_called || is_call;
        add_part(events,
                 part,
                 is_call,
                 is_call ? kArguments[random() % std::size(kArguments)]
                         : kTexts[random() % std::size(kTexts)]);
        if (random() % 3 == 0) events.push_back(make_event(PARLEY_EVENT_PING));
    }
    end_with(events,
             has_called          ? PARLEY_FINISH_TOOL_CALLS
             : random() % 2 == 0 ? PARLEY_FINISH_STOP
                                 : PARLEY_FINISH_LENGTH);
    return events;
}

std::string written(const plugins::Dialect& dialect,
                    const Question& question,
                    const std::vector<parley_event>& events,
                    std::string& why) {
    base::Arena arena(kArenaBytes);
    base::Bytes bytes;
    const plugins::Outlet out(bytes, kReplyBytes);
    plugins::Encoder encoder;
    auto ok = encoder.open(dialect, question.open(arena, nullptr));
    for (const parley_event& event : events) {
        if (ok) ok = encoder.encode(event, out, arena);
    }
    if (ok) return std::string(bytes.view());
    why = ok.error().message;
    return {};
}

parley_status Reading::take(const parley_event& event) {
    const bool is_delta = event.type == PARLEY_EVENT_TEXT_DELTA ||
                          event.type == PARLEY_EVENT_REASONING_DELTA ||
                          event.type == PARLEY_EVENT_TOOL_ARGS_DELTA;
    if (event.type == PARLEY_EVENT_PING) return PARLEY_OK;
    if (!is_delta || last_ != event.type) {
        text_ += '\n' + std::to_string(event.type) + ' ' + std::to_string(event.part) + ' ' +
                 std::to_string(event.kind) + ' ' + std::to_string(event.flags) + ' ' +
                 std::to_string(event.a) + ' ' + std::to_string(event.b) + ' ' +
                 std::string(view(event.name)) + ' ' + std::string(view(event.extra)) + ' ';
    }
    text_ += view(event.text);
    last_ = event.type;
    return PARLEY_OK;
}

Read::Read(const plugins::Dialect& dialect,
           const Question& question,
           std::string_view content_type,
           std::string_view bytes,
           const std::vector<std::size_t>& cuts)
    : arena_(kArenaBytes), reading_(arena_) {
    auto head = sized<parley_http_reply_head>();
    head.status = 200;
    head.content_type = str(content_type);
    plugins::Decoder decoder;
    auto ok = decoder.open(dialect, question.open(arena_, &head));
    std::size_t at = 0;
    for (const std::size_t cut : cuts) {
        const Guarded piece(bytes.substr(at, cut - at));
        if (ok) ok = decoder.decode(piece.view(), false, reading_, arena_);
        at = cut;
    }
    const Guarded rest(bytes.substr(at));
    if (ok) ok = decoder.decode(rest.view(), true, reading_, arena_);
    if (!ok) fault_ = ok.error().message;
    if (ok && !reading_.grammar().ended()) fault_ = "no terminal event although the input ended";
}

const std::vector<std::string>& noise() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> texts{"",
                                       "{",
                                       "{}",
                                       "[]",
                                       "null",
                                       "\"",
                                       "\xff\xfe",
                                       std::string(3, '\0'),
                                       R"({"model":7})",
                                       R"({"model":"m","messages":{}})",
                                       R"({"error":[]})",
                                       "data: {\n\ndata: [DONE]\n\n",
                                       "event: error\n\n",
                                       std::string(600, '['),
                                       "\xef\xbb\xbf"
                                       "data: \xc3\r\n\r\n: \xed\xa0\x80\r\r",
                                       "data: " + std::string(1024 * 1024, 'x'),
                                       "<html><body>502</body></html>"};
        std::mt19937 random(1);
        for (int i = 0; i < 40; ++i) {
            std::string bytes(random() % 200, ' ');
            for (char& c : bytes) c = static_cast<char>(random());
            texts.push_back(std::move(bytes));
        }
        return texts;
    }();
    return all;
}

}  // namespace parley::check
